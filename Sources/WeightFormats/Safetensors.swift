import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Reads and writes safetensors files: a JSON header, then the tensors without gaps; all of them are mapped.
///
/// Source: the format description of huggingface/safetensors, whose checks are made here too.
package enum Safetensors {
  private static let headerLimit = 100_000_000
  private static let metadataKey = "__metadata__"

  private static let types: [(name: String, type: DType)] = [
    ("BOOL", .bool), ("U8", .uint8), ("I8", .int8), ("F8_E5M2", .float8e5m2), ("F8_E4M3", .float8e4m3fn),
    ("F8_E8M0", .float8e8m0), ("I16", .int16), ("U16", .uint16), ("F16", .float16), ("BF16", .bfloat16),
    ("I32", .int32), ("U32", .uint32), ("F32", .float32), ("C64", .complex64), ("F64", .float64), ("I64", .int64),
    ("U64", .uint64), ("F4", .float4e2m1), ("F6_E2M3", .float6e2m3), ("F6_E3M2", .float6e3m2),
  ]

  /// Whether the format has a type for such elements.
  package static func holds(_ t: DType) -> Bool { types.contains { $0.type == t } }

  /// True where the bytes start with a plausible header length and an object.
  package static func matches(_ b: ByteSlice) -> Bool {
    var c = ByteCursor(b)
    guard let n = try? c.u64(), n >= 2, n <= UInt64(headerLimit), n <= UInt64(c.remaining) else { return false }
    return b[8] == UInt8(ascii: "{")
  }

  /// - Throws: `safetensors.*` for sizes that disagree, overlaps, gaps, unknown types; `json.*` for the header.
  package static func read(_ b: ByteSlice) throws(Diagnostic) -> WeightBag {
    let place = SourceLocation(file: b.storage.path)
    var c = ByteCursor(b)
    let length = try c.u64()
    guard length <= UInt64(headerLimit), length <= UInt64(c.remaining) else {
      throw .error(
        "safetensors.header", "a header of \(length) bytes is claimed, \(c.remaining) bytes are left", at: place,
        help: "the file may have been cut off, or is no safetensors file")
    }
    let text = try c.take(Int(length))
    guard text[0] == UInt8(ascii: "{"), case .object(let members) = try JSON.parse(text) else {
      throw .error("safetensors.header", "the header is no JSON object", at: place)
    }
    let data = try c.take(c.remaining)
    var bag = WeightBag(format: "safetensors")
    var ranges: [(range: Range<Int>, name: String)] = []
    for m in members {
      if m.key == metadataKey {
        bag.metadata = try metadata(m.value, place)
        continue
      }
      do throws(Diagnostic) {
        let (tensor, range) = try tensor(m.value, data)
        ranges.append((range, m.key))
        try bag.add(m.key, tensor)
      } catch {
        throw error.located(at: SourceLocation(file: place.file, path: [m.key]), naming: m.key)
      }
    }
    try checkCover(ranges, data.count, place)
    return bag
  }

  private static func metadata(_ v: JSON, _ place: SourceLocation) throws(Diagnostic) -> [(key: String, value: String)]
  {
    guard case .object(let members) = v else {
      throw .error("safetensors.header", "\(metadataKey) is no object", at: place)
    }
    var out: [(key: String, value: String)] = []
    for m in members {
      guard let s = m.value.string else {
        throw .error("safetensors.header", "\(metadataKey) holds something that is no string", at: place)
      }
      out.append((m.key, s))
    }
    return out
  }

  private static func tensor(_ v: JSON, _ data: ByteSlice) throws(Diagnostic) -> (Tensor, Range<Int>) {
    guard case .object(let fields) = v, fields.count == 3, let name = v["dtype"]?.string,
      let dims = v["shape"]?.array, let offsets = v["data_offsets"]?.array, offsets.count == 2
    else {
      throw .error("safetensors.header", "an entry must hold exactly dtype, shape and data_offsets")
    }
    guard let type = types.first(where: { $0.name == name })?.type else {
      throw .error("safetensors.dtype", "elements of type '\(name.prefix(40))' are not supported")
    }
    var shape: [Int] = []
    for d in dims {
      guard case .integer(let n) = d, n >= 0 else { throw .error("safetensors.shape", "the shape is malformed") }
      shape.append(n)
    }
    guard shape.count <= 64, let count = checkedProduct(shape), let size = type.byteCount(count),
      Tensor.rowMajor(shape) != nil
    else {
      throw .error("safetensors.shape", "the shape is too large")
    }
    guard case .integer(let begin) = offsets[0], case .integer(let end) = offsets[1], begin >= 0, begin <= end,
      end <= data.count
    else {
      throw .error("safetensors.offset", "the data offsets are not inside the \(data.count) bytes of data")
    }
    guard end - begin == size else {
      throw .error("safetensors.size", "shape \(shape) of \(name) wants \(size) bytes, \(end - begin) are given")
    }
    return (try Tensor(try data.checkedSlice(begin, size), dtype: type, shape: shape), begin..<end)
  }

  /// Every byte belongs to exactly one tensor, so that nothing can hide and nothing is shared unseen.
  private static func checkCover(
    _ ranges: [(range: Range<Int>, name: String)], _ size: Int, _ place: SourceLocation
  ) throws(Diagnostic) {
    var at = 0
    for (r, name) in ranges.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      guard r.lowerBound == at else {
        let what = r.lowerBound < at ? "overlaps the tensor before it" : "leaves a gap before it"
        throw .error("safetensors.offset", "tensor '\(name)' \(what)", at: place)
      }
      at = r.upperBound
    }
    guard at == size else {
      throw .error("safetensors.offset", "\(size - at) bytes stand after the last tensor", at: place)
    }
  }

  /// Writes tensors in order, aligned to 8 bytes, and metadata; equal arguments give equal bytes.
  ///
  /// - Throws: `safetensors.dtype` for strings and types that the format lacks; a key used twice.
  package static func write(
    _ tensors: [(key: String, tensor: Tensor)], metadata: [(key: String, value: String)] = [], path: String
  ) throws(Diagnostic) {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",")
      members.append("\(quoted(metadataKey)):{\(pairs)}")
    }
    var keys: Set<String> = [metadataKey]
    var at = 0
    // Wide types first, as the reference writer does, so that every tensor is aligned without gaps.
    let order = tensors.enumerated().sorted {
      ($1.element.tensor.dtype.bitWidth, $0.offset) < ($0.element.tensor.dtype.bitWidth, $1.offset)
    }.map(\.element)
    for t in order {
      guard let name = types.first(where: { $0.type == t.tensor.dtype })?.name else {
        throw .error(
          "safetensors.dtype", "'\(t.key)': the format has no type for \(t.tensor.dtype.rawValue)",
          help: "convert the tensor to float32 first")
      }
      guard keys.insert(t.key).inserted else {
        throw .error("safetensors.header", "two tensors have the name '\(t.key)'")
      }
      let end = at + t.tensor.byteCount
      let shape = t.tensor.shape.map(String.init).joined(separator: ",")
      members.append("\(quoted(t.key)):{\"dtype\":\"\(name)\",\"shape\":[\(shape)],\"data_offsets\":[\(at),\(end)]}")
      at = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(0x20) }
    let out = try FileWriter(path)
    try out.write(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) })
    try out.write(header)
    for t in order { try out.write(try t.tensor.bytes()) }
    try out.commit()
  }

  private static func quoted(_ s: String) -> String {
    var out = "\""
    for u in s.unicodeScalars {
      switch u {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\u{0}"..<"\u{20}":
        let hex = String(u.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(u)
      }
    }
    return out + "\""
  }
}
