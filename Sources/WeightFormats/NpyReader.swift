import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Reads `.npy` arrays: plain elements are mapped (Fortran order as a permuted view), swapped or inflated on first use.
package enum NpyReader {
  /// True where the bytes start as an `.npy` file does.
  package static func matches(_ b: ByteSlice) -> Bool { b.starts(with: NpyHeader.magic) }

  /// The array in `b`; bytes after its end are ignored, as NumPy ignores them.
  ///
  /// - Throws: `npy.*` for bad or unsupported headers, `npy.truncated` for missing data, `npy.object` for pickled objects.
  package static func read(_ b: ByteSlice) throws(Diagnostic) -> Tensor {
    let header = try NpyHeader(b)
    return try tensor(header, available: b.count - header.dataOffset, at: b.location()) { (n) throws(Diagnostic) in
      TensorStorage(try b.checkedSlice(header.dataOffset, n))
    }
  }

  /// The array in a member of a zip file.
  package static func read(_ zip: ZipArchive, _ e: ZipArchive.Entry) throws(Diagnostic) -> Tensor {
    let place = zip.location(e)
    do throws(Diagnostic) {
      let size = try NpyHeader.headerSize(try zip.prefix(of: e, NpyHeader.preambleSize))
      let header = try NpyHeader(try zip.prefix(of: e, size))
      return try tensor(header, available: e.size - header.dataOffset, at: place) { (n) throws(Diagnostic) in
        try zip.storage(of: e, from: header.dataOffset, count: n)
      }
    } catch {
      var d = error
      d.location = SourceLocation(file: place.file, member: place.member, path: error.location.path)
      throw d
    }
  }

  /// - Parameter storage: the raw data of the given size, known to be there.
  static func tensor(
    _ h: NpyHeader, available: Int, at place: SourceLocation,
    storage: (Int) throws(Diagnostic) -> TensorStorage
  ) throws(Diagnostic) -> Tensor {
    if h.element == .object {
      throw .error(
        "npy.object", "the array holds Python objects (a pickle), not numbers", at: place,
        help: "save the arrays inside it one by one, or as .npz")
    }
    guard let size = h.dataSize else {
      throw .error("npy.shape", "shape \(h.shape) is too large", at: place)
    }
    guard size <= available else {
      throw .error(
        "npy.truncated", "shape \(h.shape) wants \(size) bytes of data, \(max(available, 0)) are there", at: place,
        help: "the file may have been cut off while it was copied or downloaded")
    }
    // A shape such as (0, 2^62, 2^62) holds nothing, but no strides exist for it.
    guard Tensor.rowMajor(h.shape) != nil else {
      throw .error("npy.shape", "shape \(h.shape) is too large", at: place)
    }
    let shape = h.isFortranOrder ? Array(h.shape.reversed()) : h.shape
    let raw = try storage(size)
    let t: Tensor
    switch h.element {
    case .plain(let dtype, let unit):
      t = try Tensor(storage: raw.byteSwapped(unit: unit), dtype: dtype, shape: shape)
    case .bytes(let width):
      t = try Tensor(strings: try byteStrings(try raw.bytes(), checkedProduct(shape) ?? 0, width), shape: shape)
    case .unicode(let length, let isBigEndian):
      t = try Tensor(
        strings: try unicodeStrings(try raw.bytes(), checkedProduct(shape) ?? 0, length, isBigEndian, place),
        shape: shape)
    case .object: throw .error("npy.object", "the array holds Python objects", at: place)
    }
    return h.isFortranOrder ? try t.permuted(Array((0..<shape.count).reversed())) : t
  }

  /// A string costs more memory than its bytes: a bound for hostile shapes of zero-width strings.
  private static let stringLimit = 1 << 24

  private static func checkCount(_ n: Int) throws(Diagnostic) {
    guard n <= stringLimit else { throw .error("npy.shape", "\(n) strings are more than \(stringLimit)") }
  }

  private static func byteStrings(_ b: ByteSlice, _ n: Int, _ width: Int) throws(Diagnostic) -> [ByteString] {
    try checkCount(n)
    var out: [ByteString] = []
    out.reserveCapacity(n)
    for i in 0..<n {
      var s = try b.checkedSlice(i * width, width).bytes
      while s.last == 0 { s.removeLast() }
      out.append(ByteString(s))
    }
    return out
  }

  private static func unicodeStrings(
    _ b: ByteSlice, _ n: Int, _ length: Int, _ isBigEndian: Bool, _ place: SourceLocation
  ) throws(Diagnostic) -> [ByteString] {
    try checkCount(n)
    var out: [ByteString] = []
    out.reserveCapacity(n)
    var c = ByteCursor(b)
    for _ in 0..<n {
      var scalars: [UInt32] = []
      for _ in 0..<length { scalars.append(isBigEndian ? try c.u32BE() : try c.u32()) }
      while scalars.last == 0 { scalars.removeLast() }
      var s = String.UnicodeScalarView()
      for v in scalars {
        guard let u = Unicode.Scalar(v) else {
          throw .error("npy.string", "a string holds \(v), which is no Unicode character", at: place)
        }
        s.append(u)
      }
      out.append(ByteString(String(s)))
    }
    return out
  }
}
