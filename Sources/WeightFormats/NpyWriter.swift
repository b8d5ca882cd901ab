import ByteSource
import Diagnostics
import TensorCore

/// Writes `.npy` files: format 1.0, C order, little-endian, the data aligned to 64 bytes.
package enum NpyWriter {
  /// Appends `tensor` to `out`. Types that NumPy lacks are widened (see `encodable`).
  package static func write(_ tensor: Tensor, to out: FileWriter) throws(Diagnostic) {
    for p in try parts(tensor) { try out.write(p) }
  }

  /// Writes the file `path` with nothing but this array.
  package static func write(_ tensor: Tensor, path: String) throws(Diagnostic) {
    let parts = try parts(tensor)
    let out = try FileWriter(path)
    for p in parts { try out.write(p) }
    try out.commit()
  }

  /// Header and data; the data is a view of the tensor's own bytes where they are contiguous.
  static func parts(_ tensor: Tensor) throws(Diagnostic) -> [ByteSlice] {
    let t = try encodable(tensor)
    if t.dtype == .string {
      let (width, data) = try unicode(try t.strings())
      return [try header("<U\(width)", t.shape), data]
    }
    guard let d = NpyElement.descriptor(t.dtype) else {
      throw .error("npy.dtype", "NumPy has no type for \(t.dtype.rawValue)")
    }
    return [try header(d, t.shape), try t.bytes()]
  }

  /// `tensor` in a type that NumPy has: bfloat16 and the 8- and 4-bit floats become float32, packed integers int8
  /// or uint8. Exact in every case.
  package static func encodable(_ t: Tensor) throws(Diagnostic) -> Tensor {
    switch t.dtype {
    case .int4, .int2: try Tensor(try t.ints().map { Int8(truncatingIfNeeded: $0) }, shape: t.shape)
    case .uint4, .uint2: try Tensor(try t.unpackedCodes(), shape: t.shape)
    case .string: t
    default: NpyElement.descriptor(t.dtype) == nil ? try Tensor(try t.floats(), shape: t.shape) : t
    }
  }

  private static func header(_ descriptor: String, _ shape: [Int]) throws(Diagnostic) -> ByteSlice {
    let dims = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let dict = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(dims)), }"
    let unpadded = 10 + dict.utf8.count + 1
    let padding = (64 - unpadded % 64) % 64
    let length = dict.utf8.count + padding + 1
    guard length <= 0xffff else { throw .error("npy.shape", "\(shape.count) dimensions do not fit a header") }
    var b = NpyHeader.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)]
    b += Array(dict.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0a]
    return try ByteStorage.copying(b).all
  }

  /// UTF-32 padded to the longest string; NumPy cannot keep trailing zeros.
  private static func unicode(_ strings: [ByteString]) throws(Diagnostic) -> (Int, ByteSlice) {
    let scalars = strings.map { Array($0.string.unicodeScalars) }
    let width = max(1, scalars.map(\.count).max() ?? 1)
    guard let size = checkedProduct([strings.count, width, 4]) else {
      throw .error("npy.shape", "the strings are too long")
    }
    let storage = try ByteStorage.allocate(count: size, zeroed: true) { out in
      for (i, s) in scalars.enumerated() {
        for (j, u) in s.enumerated() {
          // SAFETY: i < strings.count and j < width.
          out.storeBytes(of: u.value.littleEndian, toByteOffset: (i * width + j) * 4, as: UInt32.self)
        }
      }
    }
    return (width, storage.all)
  }
}
