import ByteSource
import CHDF5
import CHDF5Shim
import Diagnostics
import TensorCore

#if canImport(Glibc)
  import Glibc
#endif

/// Reads string elements of data sets and attributes.
enum HDF5Strings {
  /// - Parameters:
  ///   - element: one of the string kinds.
  ///   - limit: bytes that the strings may take together.
  ///   - read: the library's read call: memory type, transfer list, where to.
  static func read(
    _ element: HDF5Type.Element, count: Int, limit: Int,
    _ read: (hid_t, hid_t, UnsafeMutableRawPointer?) -> herr_t
  ) throws(Diagnostic) -> [ByteString] {
    guard count > 0 else { return [] }
    switch element {
    case .fixedString(let width, let padding):
      guard let size = checkedProduct([count, width]), size <= limit else { throw tooLarge() }
      return try fixed(count, width, padding, read)
    case .variableString:
      guard let size = checkedProduct([count, MemoryLayout<UnsafeMutablePointer<CChar>?>.stride]), size <= limit else {
        throw tooLarge()
      }
      return try variable(count, limit, read)
    default: throw .error("hdf5.type", "these elements are no strings")
    }
  }

  private static func tooLarge() -> Diagnostic {
    .error("hdf5.limit", "the strings are larger than the file can hold: refused")
  }

  private static func failed() -> Diagnostic {
    .error("hdf5.damaged", "the strings cannot be read\(HDF5Library.reason)")
  }

  private static func fixed(
    _ count: Int, _ width: Int, _ padding: H5T_str_t, _ read: (hid_t, hid_t, UnsafeMutableRawPointer?) -> herr_t
  ) throws(Diagnostic) -> [ByteString] {
    guard let memory = HDF5Handle(H5Tcopy(mc_h5t_c_s1()), H5Tclose), H5Tset_size(memory.id, width) >= 0,
      H5Tset_strpad(memory.id, padding) >= 0
    else { throw failed() }
    let all = try ByteStorage.allocate(count: count * width, zeroed: true) { (out) throws(Diagnostic) in
      // Character sets must agree for the library to convert; the bytes are the same in both.
      if read(memory.id, 0, out.baseAddress) >= 0 { return }
      guard H5Tset_cset(memory.id, H5T_CSET_UTF8) >= 0, read(memory.id, 0, out.baseAddress) >= 0 else { throw failed() }
    }.all
    var strings: [ByteString] = []
    strings.reserveCapacity(count)
    for i in 0..<count {
      var s = try all.checkedSlice(i * width, width).bytes
      switch padding {
      case H5T_STR_NULLTERM: s = Array(s.prefix { $0 != 0 })
      case H5T_STR_SPACEPAD: while s.last == 0x20 { s.removeLast() }
      default: while s.last == 0 { s.removeLast() }
      }
      strings.append(ByteString(s))
    }
    return strings
  }

  private static func variable(
    _ count: Int, _ limit: Int, _ read: (hid_t, hid_t, UnsafeMutableRawPointer?) -> herr_t
  ) throws(Diagnostic) -> [ByteString] {
    let budget = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    budget.initialize(to: limit)
    defer { budget.deallocate() }
    guard let memory = HDF5Handle(H5Tcopy(mc_h5t_c_s1()), H5Tclose), H5Tset_size(memory.id, -1) >= 0,
      let transfer = HDF5Handle(mc_h5_limited_transfer(budget), H5Pclose)
    else { throw failed() }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    defer { for p in pointers { free(p) } }
    var status = pointers.withUnsafeMutableBytes { read(memory.id, transfer.id, $0.baseAddress) }
    if status < 0 {
      // As above: the character sets must agree.
      for i in pointers.indices {
        free(pointers[i])
        pointers[i] = nil
      }
      guard H5Tset_cset(memory.id, H5T_CSET_UTF8) >= 0 else { throw failed() }
      status = pointers.withUnsafeMutableBytes { read(memory.id, transfer.id, $0.baseAddress) }
    }
    guard status >= 0 else { throw failed() }
    return pointers.map { p in
      guard let p else { return ByteString([]) }
      return ByteString([UInt8](UnsafeRawBufferPointer(start: p, count: strlen(p))))
    }
  }
}
