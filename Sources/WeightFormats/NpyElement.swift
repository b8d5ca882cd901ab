import Diagnostics
import TensorCore

/// How the elements of a NumPy array lie in the file: the meaning of a type descriptor such as `<f4`.
enum NpyElement: Sendable, Hashable {
  /// A fixed-size type; `swapUnit` is the number of bytes to reverse (0: none).
  case plain(DType, swapUnit: Int)
  /// `|S7`: byte strings padded with zeros.
  case bytes(width: Int)
  /// `<U7`: UTF-32 code units padded with zeros.
  case unicode(length: Int, isBigEndian: Bool)
  /// `|O`: the data is a pickle.
  case object

  /// Bytes of one element in the file; 0 for objects.
  var width: Int {
    switch self {
    case .plain(let d, _): d.byteWidth
    case .bytes(let w): w
    case .unicode(let n, _): n * 4
    case .object: 0
    }
  }

  /// The meaning of a descriptor string.
  ///
  /// - Throws: `npy.dtype` for structured, date, void and extended-precision types and anything unknown.
  init(_ descriptor: String) throws(Diagnostic) {
    var d = Array(descriptor.utf8)[...]
    var isBigEndian = false
    if let c = d.first, [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "|"), UInt8(ascii: "=")].contains(c) {
      isBigEndian = c == UInt8(ascii: ">")
      d = d.dropFirst()
    }
    guard let kind = d.first else { throw Self.unsupported(descriptor) }
    let rest = String(decoding: d.dropFirst(), as: UTF8.self)
    let isDigits = rest.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    let size = isDigits ? Int(rest) : nil
    switch (kind, size) {
    case (UInt8(ascii: "O"), _): self = .object
    case (UInt8(ascii: "?"), nil) where rest.isEmpty: self = .plain(.bool, swapUnit: 0)
    case (UInt8(ascii: "S"), let n?), (UInt8(ascii: "a"), let n?):
      guard n <= 1 << 30 else { throw Self.unsupported(descriptor) }
      self = .bytes(width: n)
    case (UInt8(ascii: "U"), let n?):
      guard n <= 1 << 28 else { throw Self.unsupported(descriptor) }
      self = .unicode(length: n, isBigEndian: isBigEndian)
    default:
      guard let size, let t = Self.types["\(Character(UnicodeScalar(kind)))\(size)"] else {
        throw Self.unsupported(descriptor)
      }
      let unit = t.isComplex ? size / 2 : size
      self = .plain(t, swapUnit: isBigEndian && unit > 1 ? unit : 0)
    }
  }

  private static let types: [String: DType] = [
    "b1": .bool, "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32,
    "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "c8": .complex64, "c16": .complex128,
  ]

  private static func unsupported(_ d: String) -> Diagnostic {
    let kind = d.drop { "<>|=".contains($0) }.first
    let what =
      switch kind {
      case "V": "raw bytes (V): NumPy has no such number type, for example bfloat16 saved without its type"
      case "M", "m": "dates or time spans"
      case "f", "c": "extended-precision numbers, whose layout depends on the machine"
      default: "an unknown type"
      }
    return .error(
      "npy.dtype", "array elements of type '\(d.prefix(60))' are not supported: \(what)",
      help: "convert the array with NumPy first, for example a.astype('float32')")
  }

  /// The descriptor that a tensor of this type is written with; nil where NumPy has no such type.
  static func descriptor(_ t: DType) -> String? {
    switch t {
    case .bool: "|b1"
    case .int8: "|i1"
    case .uint8: "|u1"
    default: types.first { $0.value == t }.map { "<" + $0.key }
    }
  }
}
