import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Reads MindSpore checkpoints (`.ckpt`): `Checkpoint{1: Value{1: tag, 2: TensorProto{1: dims, 2: type, 3: data}}}`,
/// optionally followed by `crc_num` and a check sum. Data is mapped; parameters split over several values are joined.
package enum MindSporeCheckpoint {
  private static let types: [String: DType] = [
    "Float16": .float16, "Float32": .float32, "Float64": .float64, "BFloat16": .bfloat16, "Int8": .int8,
    "Int16": .int16, "Int32": .int32, "Int64": .int64, "UInt8": .uint8, "UInt16": .uint16, "UInt32": .uint32,
    "UInt64": .uint64, "Bool": .bool, "Complex64": .complex64, "Complex128": .complex128,
  ]
  private static let tailMark = Array("crc_num".utf8)
  private static let tailSize = 17
  private static let encryptedMagic: [UInt8] = [0xd8, 0x5e, 0x3a, 0x7f]
  private static let valueLimit = 1 << 20

  /// True where the bytes start with a whole first value, or are an encrypted checkpoint or a MINDIR graph, which are
  /// recognised in order to be refused by name.
  package static func matches(_ b: ByteSlice) -> Bool {
    if b.starts(with: encryptedMagic) || isMindIR(b) { return true }
    var c = ByteCursor(b)
    guard let field = try? Field.next(&c), field.number == 1, let body = field.bytes, let v = try? Value(body) else {
      return false
    }
    return !v.tag.isEmpty && (types[v.type] != nil || v.type == "str" || v.type == "Int4")
  }

  private static func isMindIR(_ b: ByteSlice) -> Bool {
    var c = ByteCursor(b)
    // The version is text; that of an ONNX model, which MindSpore exports too, is a number.
    guard let version = try? Field.next(&c), version.number == 1, version.bytes != nil,
      let producer = try? Field.next(&c)
    else { return false }
    return producer.number == 2 && producer.bytes?.bytes == Array("MindSpore".utf8)
  }

  /// - Throws: `mindspore.*` for encrypted files, MINDIR graphs, wrong check sums, sizes that disagree.
  package static func read(_ b: ByteSlice) throws(Diagnostic) -> WeightBag {
    let place = SourceLocation(file: b.storage.path)
    if b.starts(with: encryptedMagic) {
      throw .error(
        "mindspore.encrypted", "is an encrypted MindSpore checkpoint", at: place,
        help: "load it with mindspore.load_checkpoint(path, dec_key=...) and save it without enc_key")
    }
    if isMindIR(b) {
      throw .error(
        "mindspore.mindir", "is a MINDIR graph, which is not supported", at: place,
        help: "export the network from MindSpore with file_format='ONNX'")
    }
    guard !b.isEmpty else { throw .error("mindspore.empty", "is empty", at: place) }
    var parts: [(value: Value, data: [ByteSlice])] = []
    var c = ByteCursor(try checkedBody(b))
    while !c.isAtEnd {
      let field = try Field.next(&c)
      guard field.number == 1, let body = field.bytes else { continue }
      let v = try Value(body)
      guard parts.count < valueLimit else {
        throw .error("mindspore.limit", "more than \(valueLimit) parameters", at: place)
      }
      // A parameter of more than 512 MiB goes on in values of the same tag, each with the full shape.
      if let last = parts.indices.last, parts[last].value.tag == v.tag {
        guard parts[last].value.dims == v.dims, parts[last].value.type == v.type else {
          throw .error("mindspore.size", "the parts of '\(v.tag)' disagree", at: field.location)
        }
        parts[last].data.append(v.data)
      } else {
        parts.append((v, [v.data]))
      }
    }
    var bag = WeightBag(format: "mindspore")
    for p in parts {
      do throws(Diagnostic) {
        if let t = try tensor(p.value, p.data) {
          try bag.add(p.value.tag, t)
        } else {
          bag.metadata.append((p.value.tag, try text(p.data)))
        }
      } catch {
        throw error.located(at: place, naming: p.value.tag)
      }
    }
    return bag
  }

  /// The message without its tail; the tail's check sum is compared.
  private static func checkedBody(_ b: ByteSlice) throws(Diagnostic) -> ByteSlice {
    guard b.count >= tailSize, let tail = b.slice(b.count - tailSize, tailSize), tail.starts(with: tailMark),
      let body = b.slice(0, b.count - tailSize)
    else { return b }
    var c = ByteCursor(tail)
    try c.skip(tailMark.count + 2)
    let wanted = try c.u64BE()
    guard UInt64(Checksum.crc32(body)) == wanted else {
      throw .error(
        "mindspore.checksum", "the checkpoint is damaged: its check sum is wrong", at: b.location(),
        help: "copy or download the file again")
    }
    return body
  }

  private static func tensor(_ v: Value, _ data: [ByteSlice]) throws(Diagnostic) -> Tensor? {
    if v.type == "str" { return nil }
    guard let type = types[v.type] else {
      throw .error("mindspore.dtype", "elements of type '\(v.type.prefix(40))' are not supported")
    }
    // A shape of (0) or none at all stands for a single value.
    let size = data.reduce(0) { $0 &+ $1.count }
    let shape = v.dims == [0] && size == type.byteWidth ? [] : v.dims
    guard let n = checkedProduct(shape), let wanted = type.byteCount(n), wanted == size else {
      throw .error("mindspore.size", "shape \(shape) of \(v.type) does not fit the \(size) bytes of data")
    }
    if data.count == 1, let only = data.first { return try Tensor(only, dtype: type, shape: shape) }
    let storage = TensorStorage(byteCount: size) { () throws(Diagnostic) in
      try ByteStorage.allocate(count: size) { out in
        var at = 0
        for d in data {
          // SAFETY: the sizes of the parts sum up to `size`.
          d.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: out[at..<at + $0.count]).copyMemory(from: $0) }
          at += d.count
        }
      }.all
    }
    return try Tensor(storage: storage, dtype: type, shape: shape)
  }

  /// A string parameter: UTF-32 in little-endian order.
  private static func text(_ data: [ByteSlice]) throws(Diagnostic) -> String {
    var s = String.UnicodeScalarView()
    for d in data {
      var c = ByteCursor(d)
      while c.remaining >= 4 { s.append(Unicode.Scalar(try c.u32()) ?? "\u{fffd}") }
    }
    return String(s)
  }

  /// One parameter, or a part of one.
  private struct Value {
    var tag = ""
    var dims: [Int] = []
    var type = ""
    var data = ByteSlice.empty

    init(_ body: ByteSlice) throws(Diagnostic) {
      var c = ByteCursor(body)
      while !c.isAtEnd {
        let f = try Field.next(&c)
        switch (f.number, f.bytes) {
        case (1, let b?): tag = b.text
        case (2, let b?): try readTensor(b)
        case (3, _?):
          throw .error("mindspore.map", "map tensors (hash tables) are not supported", at: f.location)
        default: break
        }
      }
    }

    private mutating func readTensor(_ body: ByteSlice) throws(Diagnostic) {
      var c = ByteCursor(body)
      while !c.isAtEnd {
        let f = try Field.next(&c)
        switch (f.number, f.bytes) {
        case (1, nil): try addDimension(f.integer, f.location)
        case (1, let packed?):
          var p = ByteCursor(packed)
          while !p.isAtEnd { try addDimension(try p.varint(), p.location) }
        case (2, let b?): type = b.text
        case (3, let b?): data = b
        default: break
        }
      }
    }

    private mutating func addDimension(_ v: UInt64, _ place: SourceLocation) throws(Diagnostic) {
      guard let d = Int(exactly: v), dims.count < 64 else {
        throw .error("mindspore.shape", "a shape is negative, too large or has too many sizes", at: place)
      }
      dims.append(d)
    }
  }

  /// One field of a protobuf message.
  private struct Field {
    var number: UInt64
    /// The value of a variable-length integer.
    var integer: UInt64 = 0
    /// The contents of a length-delimited field.
    var bytes: ByteSlice?
    var location: SourceLocation

    static func next(_ c: inout ByteCursor) throws(Diagnostic) -> Field {
      let place = c.location
      let tag = try c.varint()
      var f = Field(number: tag >> 3, location: place)
      switch tag & 7 {
      case 0: f.integer = try c.varint()
      case 1: try c.skip(8)
      case 2:
        let n = try c.varint()
        guard n <= UInt64(c.remaining) else {
          throw .error(
            "mindspore.truncated", "a field of \(n) bytes is claimed, \(c.remaining) are left", at: place,
            help: "the file may have been cut off, or is no MindSpore checkpoint")
        }
        f.bytes = try c.take(Int(n))
      case 5: try c.skip(4)
      default: throw .error("mindspore.syntax", "is no MindSpore checkpoint, or is damaged", at: place)
      }
      return f
    }
  }
}
