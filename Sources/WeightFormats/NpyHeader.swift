import ByteSource
import Diagnostics
import TensorCore

/// The header of an `.npy` file: element type, memory order and shape, and where the data starts.
///
/// Source: NumPy Enhancement Proposal 1 and numpy.lib.format (versions 1.0, 2.0 and 3.0).
struct NpyHeader: Sendable {
  var element: NpyElement
  var isFortranOrder: Bool
  var shape: [Int]
  /// Bytes before the data.
  var dataOffset: Int

  static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
  /// Longer headers than NumPy's own limit (10,000) appear with many structured fields only.
  static let lengthLimit = 1 << 20
  /// NumPy's own limit.
  static let rankLimit = 64

  /// Bytes that must be at hand to know the header's length.
  static let preambleSize = 12

  /// Bytes up to the data, read from the first `preambleSize` bytes (or all, when there are fewer).
  ///
  /// - Throws: `npy.magic`, `npy.version`, `npy.header`, `bytes.truncated`.
  static func headerSize(_ b: ByteSlice) throws(Diagnostic) -> Int {
    guard b.starts(with: magic) else {
      throw .error("npy.magic", "is not a NumPy array file", at: b.location())
    }
    var c = ByteCursor(b)
    try c.skip(6)
    let major = try c.u8()
    let minor = try c.u8()
    guard (1...3).contains(major), minor == 0 else {
      throw .error(
        "npy.version", "has NumPy format version \(major).\(minor); 1.0, 2.0 and 3.0 are known", at: b.location())
    }
    let length = major == 1 ? Int(try c.u16()) : Int(try c.u32())
    guard length <= lengthLimit else {
      throw .error("npy.header", "claims a header of \(length) bytes", at: b.location())
    }
    return c.position + length
  }

  /// A header that came by other ways than a file.
  init(element: NpyElement, isFortranOrder: Bool, shape: [Int]) {
    self.element = element
    self.isFortranOrder = isFortranOrder
    self.shape = shape
    dataOffset = 0
  }

  /// - Parameter b: at least the whole header.
  /// - Throws: `npy.*` or `bytes.truncated`, located at the header.
  init(_ b: ByteSlice) throws(Diagnostic) {
    dataOffset = try Self.headerSize(b)
    var c = ByteCursor(b)
    try c.skip(6)
    let major = try c.u8()
    try c.skip(major == 1 ? 3 : 5)
    let text = try c.take(dataOffset - c.position)
    do throws(Diagnostic) {
      (element, isFortranOrder, shape) = try Self.meaning(
        try PythonLiteral.parse(text.bytes, isUTF8: major == 3))
    } catch {
      throw error.located(at: b.location())
    }
  }

  private static func meaning(_ v: PythonLiteral) throws(Diagnostic) -> (NpyElement, Bool, [Int]) {
    guard case .dictionary(let pairs) = v else { throw .error("npy.header", "the array's header is no dictionary") }
    var fields: [String: PythonLiteral] = [:]
    for p in pairs {
      guard case .string(let k) = p.key, fields.updateValue(p.value, forKey: k) == nil else {
        throw .error("npy.header", "the array's header has a key that is no string or stands twice")
      }
    }
    guard fields.count == 3, let descr = fields["descr"], case .bool(let isFortran)? = fields["fortran_order"],
      case .tuple(let dims)? = fields["shape"]
    else {
      throw .error("npy.header", "the array's header must hold exactly descr, fortran_order and shape")
    }
    guard dims.count <= rankLimit else {
      throw .error("npy.header", "the array claims \(dims.count) dimensions; NumPy allows \(rankLimit)")
    }
    var shape: [Int] = []
    for d in dims {
      guard case .integer(let n) = d, n >= 0 else {
        throw .error("npy.header", "the array's shape holds a negative size or something that is no number")
      }
      shape.append(n)
    }
    guard case .string(let s) = descr else {
      throw .error(
        "npy.structured", "structured arrays (records with fields) are not supported",
        help: "save each field as an array of its own")
    }
    return (try NpyElement(s), isFortran, shape)
  }

  /// Bytes of the data, nil on overflow.
  var dataSize: Int? {
    guard let n = checkedProduct(shape) else { return nil }
    let (bytes, overflow) = n.multipliedReportingOverflow(by: element.width)
    return overflow ? nil : bytes
  }
}
