import CHDF5
import CHDF5Shim
import Diagnostics
import TensorCore

/// The meaning of an HDF5 datatype as tensor elements.
struct HDF5Type {
  enum Element {
    /// Elements that lie in the file as in memory, but for the order of bytes within `swapUnit` (0: none to swap).
    case plain(DType, swapUnit: Int)
    /// Numbers with unusual bit layouts, which the library converts to this type.
    case converted(DType)
    /// Strings of `width` bytes each.
    case fixedString(width: Int, padding: H5T_str_t)
    case variableString
  }
  var element: Element
  /// Axes of an array type, which follow those of the data set.
  var innerShape: [Int] = []

  /// - Throws: `hdf5.type` naming the class for compound, opaque, reference, ragged and time types.
  init(_ id: hid_t) throws(Diagnostic) {
    switch H5Tget_class(id) {
    case H5T_INTEGER, H5T_BITFIELD: element = try Self.integer(id)
    case H5T_FLOAT: element = try Self.float(id)
    case H5T_STRING:
      if H5Tis_variable_str(id) > 0 {
        element = .variableString
      } else {
        let width = H5Tget_size(id)
        guard width > 0, width <= 1 << 30 else { throw Self.unsupported("strings of \(width) bytes") }
        element = .fixedString(width: width, padding: H5Tget_strpad(id))
      }
    case H5T_ENUM: element = try Self.enumeration(id)
    case H5T_COMPOUND: element = try Self.complex(id)
    case H5T_ARRAY: self = try Self.array(id)
    case H5T_OPAQUE: throw Self.unsupported("opaque bytes")
    case H5T_REFERENCE: throw Self.unsupported("references")
    case H5T_VLEN: throw Self.unsupported("ragged (variable-length) sequences")
    case H5T_TIME: throw Self.unsupported("times")
    default: throw .error("hdf5.type", "an element type is damaged or unknown")
    }
  }

  private static func unsupported(_ what: String) -> Diagnostic {
    .error("hdf5.type", "elements of this kind are not supported: \(what)")
  }

  private static func isBigEndian(_ id: hid_t) throws(Diagnostic) -> Bool {
    switch H5Tget_order(id) {
    case H5T_ORDER_LE, H5T_ORDER_NONE: return false
    case H5T_ORDER_BE: return true
    default: throw unsupported("mixed or VAX byte order")
    }
  }

  private static func integer(_ id: hid_t) throws(Diagnostic) -> Element {
    let size = H5Tget_size(id)
    let isSigned = H5Tget_class(id) == H5T_INTEGER && H5Tget_sign(id) == H5T_SGN_2
    let type: DType
    switch size {
    case 1: type = isSigned ? .int8 : .uint8
    case 2: type = isSigned ? .int16 : .uint16
    case 4: type = isSigned ? .int32 : .uint32
    case 8: type = isSigned ? .int64 : .uint64
    default: throw unsupported("integers of \(size) bytes")
    }
    let swap = try isBigEndian(id) && size > 1 ? size : 0
    let isFull = H5Tget_precision(id) == size * 8 && H5Tget_offset(id) == 0
    return isFull ? .plain(type, swapUnit: swap) : .converted(type)
  }

  private static func float(_ id: hid_t) throws(Diagnostic) -> Element {
    let size = H5Tget_size(id)
    var sign = 0, exponentAt = 0, exponentBits = 0, mantissaAt = 0, mantissaBits = 0
    guard H5Tget_fields(id, &sign, &exponentAt, &exponentBits, &mantissaAt, &mantissaBits) >= 0 else {
      throw .error("hdf5.type", "an element type is damaged")
    }
    let swap = try isBigEndian(id) ? size : 0
    let isStandard =
      H5Tget_precision(id) == size * 8 && H5Tget_offset(id) == 0 && sign == size * 8 - 1 && mantissaAt == 0
      && exponentAt == mantissaBits && H5Tget_norm(id) == H5T_NORM_IMPLIED
    let bias = H5Tget_ebias(id)
    switch (size, exponentBits, mantissaBits) {
    case (4, 8, 23) where isStandard && bias == 127: return .plain(.float32, swapUnit: swap)
    case (8, 11, 52) where isStandard && bias == 1023: return .plain(.float64, swapUnit: swap)
    case (2, 5, 10) where isStandard && bias == 15: return .plain(.float16, swapUnit: swap)
    case (2, 8, 7) where isStandard && bias == 127: return .plain(.bfloat16, swapUnit: swap)
    // Exact: every format of at most 4 bytes with fewer bits per field fits a double.
    case (1...8, ...11, ...52): return .converted(size <= 2 ? .float32 : .float64)
    default: throw unsupported("floating-point numbers of \(size) bytes")
    }
  }

  /// h5py's bool is an enumeration of FALSE = 0 and TRUE = 1; any other enumeration counts as its integers.
  private static func enumeration(_ id: hid_t) throws(Diagnostic) -> Element {
    guard let base = HDF5Handle(H5Tget_super(id), H5Tclose), H5Tget_class(base.id) == H5T_INTEGER else {
      throw .error("hdf5.type", "an enumeration type is damaged")
    }
    let numbers = try integer(base.id)
    guard H5Tget_nmembers(id) == 2, H5Tget_size(id) == 1, case .plain = numbers else { return numbers }
    for (i, name) in ["FALSE", "TRUE"].enumerated() {
      var value: Int8 = -1
      guard memberName(id, i) == name, H5Tget_member_value(id, UInt32(i), &value) >= 0, Int(value) == i else {
        return numbers
      }
    }
    return .plain(.bool, swapUnit: 0)
  }

  private static func memberName(_ id: hid_t, _ i: Int) -> String? {
    guard let name = H5Tget_member_name(id, UInt32(i)) else { return nil }
    defer { H5free_memory(name) }
    return String(cString: name)
  }

  /// h5py's complex numbers are compounds of `r` and `i`; no other compound has a meaning as a tensor.
  private static func complex(_ id: hid_t) throws(Diagnostic) -> Element {
    let size = H5Tget_size(id)
    if H5Tget_nmembers(id) == 2, memberName(id, 0) == "r", memberName(id, 1) == "i",
      H5Tget_member_offset(id, 0) == 0, H5Tget_member_offset(id, 1) == size / 2,
      let real = HDF5Handle(H5Tget_member_type(id, 0), H5Tclose),
      let imaginary = HDF5Handle(H5Tget_member_type(id, 1), H5Tclose),
      H5Tget_class(real.id) == H5T_FLOAT, H5Tequal(real.id, imaginary.id) > 0,
      case .plain(let part, let swap) = try float(real.id)
    {
      if part == .float32, size == 8 { return .plain(.complex64, swapUnit: swap) }
      if part == .float64, size == 16 { return .plain(.complex128, swapUnit: swap) }
    }
    throw unsupported("compound records of \(max(H5Tget_nmembers(id), 0)) fields")
  }

  private static func array(_ id: hid_t) throws(Diagnostic) -> HDF5Type {
    let rank = H5Tget_array_ndims(id)
    guard rank > 0, rank <= 32, let base = HDF5Handle(H5Tget_super(id), H5Tclose) else {
      throw .error("hdf5.type", "an array type is damaged")
    }
    // The library nests types as deep as the file says; one level is all that writers make.
    guard H5Tget_class(base.id) != H5T_ARRAY else { throw unsupported("arrays of arrays") }
    var dims = [hsize_t](repeating: 0, count: Int(rank))
    guard H5Tget_array_dims2(id, &dims) == rank else { throw .error("hdf5.type", "an array type is damaged") }
    var type = try HDF5Type(base.id)
    type.innerShape = try sizes(dims)
    guard case .plain = type.element else { throw unsupported("arrays of strings or unusual numbers") }
    return type
  }

  static func sizes(_ dims: [hsize_t]) throws(Diagnostic) -> [Int] {
    var out: [Int] = []
    for d in dims {
      guard let n = Int(exactly: d) else { throw .error("hdf5.shape", "a size of \(d) is too large") }
      out.append(n)
    }
    return out
  }
}
