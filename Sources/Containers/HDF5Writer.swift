import ByteSource
import CHDF5
import CHDF5Shim
import Diagnostics
import TensorCore

/// Writes an HDF5 file: groups, attributes and contiguous data sets. Equal calls give equal bytes: objects carry no
/// times, and members keep the order they are made in.
///
/// The library writes the temporary neighbour of a `FileWriter`, so the file appears whole or not at all.
package final class HDF5Writer {
  private let out: FileWriter
  private let id: hid_t
  private var isOpen = true
  private var known: Set<String> = [""]

  /// - Throws: status `cantCreate` where the file cannot be made.
  package init(_ path: String) throws(Diagnostic) {
    let out = try FileWriter(path)
    self.out = out
    let temporary = out.temporaryPath
    id = try HDF5Library.withLock(path) { () throws(Diagnostic) in
      guard let access = HDF5Handle(H5Pcreate(mc_h5p_file_access()), H5Pclose),
        let creation = HDF5Handle(H5Pcreate(mc_h5p_file_create()), H5Pclose),
        H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG) >= 0,
        H5Pset_obj_track_times(creation.id, false) >= 0,
        H5Pset_link_creation_order(creation.id, Self.order) >= 0,
        // In memory where there is no file to write to: a pipe.
        temporary != nil || H5Pset_fapl_core(access.id, 1 << 20, false) >= 0
      else { throw Self.failed(path) }
      let file = H5Fcreate(temporary ?? "modelconv-pipe", mc_h5f_acc_trunc(), creation.id, access.id)
      guard file >= 0 else { throw Self.failed(path) }
      return file
    }
  }

  deinit {
    guard isOpen else { return }
    let id = id
    try? HDF5Library.withLock(nil) { _ = H5Fclose(id) }
  }

  private static let order: UInt32 = UInt32(H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED)

  private static func failed(_ path: String) -> Diagnostic {
    .error(
      "hdf5.write-failed", "cannot be written\(HDF5Library.reason)", at: SourceLocation(file: path), status: .ioError)
  }

  private func run<R: Sendable>(_ body: () throws(Diagnostic) -> R) throws(Diagnostic) -> R {
    try HDF5Library.withLock(out.path, body)
  }

  /// Makes the group at `path` and those above it, where they are missing.
  package func group(_ path: String) throws(Diagnostic) {
    guard !known.contains(path) else { return }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    for n in 1...max(parts.count, 1) {
      let p = parts.prefix(n).joined(separator: "/")
      guard known.insert(p).inserted else { continue }
      try checkName(p, parts[n - 1])
      let id = id
      let name = out.path
      try run { () throws(Diagnostic) in
        guard let creation = HDF5Handle(H5Pcreate(mc_h5p_group_create()), H5Pclose),
          H5Pset_obj_track_times(creation.id, false) >= 0,
          H5Pset_link_creation_order(creation.id, Self.order) >= 0,
          HDF5Handle(H5Gcreate2(id, "/" + p, 0, creation.id, 0), H5Gclose) != nil
        else { throw Self.failed(name) }
      }
    }
  }

  private func checkName(_ path: String, _ last: some StringProtocol) throws(Diagnostic) {
    guard !last.isEmpty, last != ".", last != "..", !path.utf8.contains(0) else {
      throw .error("hdf5.name", "'\(path)' cannot be the path of an object", at: SourceLocation(file: out.path))
    }
  }

  /// Writes `tensor` as a contiguous data set at `path`; the groups above it are made.
  ///
  /// bool becomes h5py's enumeration, complex its compound; types that HDF5 lacks must be converted before.
  /// - Throws: `hdf5.name` where the path is taken, `hdf5.dtype`, `hdf5.write-failed`.
  package func dataset(_ path: String, _ tensor: Tensor) throws(Diagnostic) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count > 1 { try group(parts.dropLast().joined(separator: "/")) }
    try checkName(path, parts.last ?? "")
    guard known.insert(path).inserted else {
      throw .error("hdf5.name", "two objects have the path '\(path)'", at: SourceLocation(file: out.path))
    }
    let value = try HDF5Value(tensor)
    let id = id
    let name = out.path
    try run { () throws(Diagnostic) in
      guard let type = try value.type(), let space = value.space(),
        let creation = HDF5Handle(H5Pcreate(mc_h5p_dataset_create()), H5Pclose),
        H5Pset_obj_track_times(creation.id, false) >= 0, H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER) >= 0,
        let set = HDF5Handle(H5Dcreate2(id, "/" + path, type.id, space.id, 0, creation.id, 0), H5Dclose)
      else { throw Self.failed(name) }
      guard !value.bytes.isEmpty else { return }
      let status = value.bytes.withUnsafeBytes { H5Dwrite(set.id, type.id, 0, 0, 0, $0.baseAddress) }
      guard status >= 0 else { throw Self.failed(name) }
    }
  }

  /// Sets an attribute of the group or data set at `path` (empty: the root), which must exist.
  package func attribute(_ path: String, _ name: String, _ tensor: Tensor) throws(Diagnostic) {
    let value = try HDF5Value(tensor)
    let id = id
    let file = out.path
    try run { () throws(Diagnostic) in
      guard let object = HDF5Handle(H5Oopen(id, "/" + path, 0), H5Oclose), let type = try value.type(),
        let space = value.space(),
        let attribute = HDF5Handle(H5Acreate2(object.id, name, type.id, space.id, 0, 0), H5Aclose)
      else { throw Self.failed(file) }
      guard !value.bytes.isEmpty else { return }
      let status = value.bytes.withUnsafeBytes { H5Awrite(attribute.id, type.id, $0.baseAddress) }
      guard status >= 0 else { throw Self.failed(file) }
    }
  }

  /// Sets a text attribute.
  package func attribute(_ path: String, _ name: String, _ text: String) throws(Diagnostic) {
    try attribute(path, name, try Tensor(strings: [ByteString(text)], shape: []))
  }

  /// Closes the file and puts it in place.
  package func commit() throws(Diagnostic) {
    let id = id
    let path = out.path
    let isInMemory = out.temporaryPath == nil
    isOpen = false
    let image: ByteSlice? = try run { () throws(Diagnostic) in
      var image: ByteSlice?
      if isInMemory {
        let size = H5Fflush(id, H5F_SCOPE_GLOBAL) >= 0 ? H5Fget_file_image(id, nil, 0) : -1
        guard size > 0 else {
          H5Fclose(id)
          throw Self.failed(path)
        }
        image = try ByteStorage.allocate(count: size) { (b) throws(Diagnostic) in
          guard H5Fget_file_image(id, b.baseAddress, b.count) == size else { throw Self.failed(path) }
        }.all
      }
      guard H5Fclose(id) >= 0 else { throw Self.failed(path) }
      return image
    }
    if let image { try out.write(image) }
    try out.commit()
  }
}

/// A tensor as the library wants it: bytes, element type, data space.
private struct HDF5Value: Sendable {
  let dtype: DType
  let shape: [Int]
  let bytes: ByteSlice
  /// Bytes of one string.
  let width: Int

  init(_ t: Tensor) throws(Diagnostic) {
    dtype = t.dtype
    shape = t.shape
    if t.dtype == .string {
      let strings = try t.strings()
      width = max(1, strings.map(\.bytes.count).max() ?? 1)
      guard let size = checkedProduct([strings.count, width]) else {
        throw .error("hdf5.shape", "the strings are too long")
      }
      let width = width
      bytes = try ByteStorage.allocate(count: size, zeroed: true) { out in
        for (i, s) in strings.enumerated() {
          // SAFETY: i < strings.count and s.bytes.count <= width.
          UnsafeMutableRawBufferPointer(rebasing: out[i * width..<i * width + s.bytes.count]).copyBytes(from: s.bytes)
        }
      }.all
    } else {
      width = t.dtype.byteWidth
      bytes = try t.bytes()
    }
  }

  func space() -> HDF5Handle? {
    guard !shape.isEmpty else { return HDF5Handle(H5Screate(H5S_SCALAR), H5Sclose) }
    return HDF5Handle(H5Screate_simple(Int32(clamping: shape.count), shape.map { hsize_t($0) }, nil), H5Sclose)
  }

  func type() throws(Diagnostic) -> HDF5Handle? {
    switch dtype {
    case .float32: return HDF5Handle(H5Tcopy(mc_h5t_ieee_f32le()), H5Tclose)
    case .float64: return HDF5Handle(H5Tcopy(mc_h5t_ieee_f64le()), H5Tclose)
    case .float16: return Self.narrowFloat(exponent: 5, mantissa: 10, bias: 15)
    case .bfloat16: return Self.narrowFloat(exponent: 8, mantissa: 7, bias: 127)
    case .int8, .int16, .int32, .int64: return HDF5Handle(H5Tcopy(mc_h5t_integer(width, 1)), H5Tclose)
    case .uint8, .uint16, .uint32, .uint64: return HDF5Handle(H5Tcopy(mc_h5t_integer(width, 0)), H5Tclose)
    case .bool:
      guard let base = HDF5Handle(H5Tcopy(mc_h5t_integer(1, 1)), H5Tclose),
        let type = HDF5Handle(H5Tenum_create(base.id), H5Tclose)
      else { return nil }
      for (name, value) in [("FALSE", Int8(0)), ("TRUE", 1)] {
        var v = value
        guard H5Tenum_insert(type.id, name, &v) >= 0 else { return nil }
      }
      return type
    case .complex64, .complex128:
      let part = dtype == .complex64 ? mc_h5t_ieee_f32le() : mc_h5t_ieee_f64le()
      guard let pair = HDF5Handle(H5Tcreate(H5T_COMPOUND, width), H5Tclose), H5Tinsert(pair.id, "r", 0, part) >= 0,
        H5Tinsert(pair.id, "i", width / 2, part) >= 0
      else { return nil }
      return pair
    case .string:
      guard let type = HDF5Handle(H5Tcopy(mc_h5t_c_s1()), H5Tclose), H5Tset_size(type.id, width) >= 0,
        H5Tset_strpad(type.id, H5T_STR_NULLPAD) >= 0, H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0
      else { return nil }
      return type
    default:
      throw .error(
        "hdf5.dtype", "HDF5 has no type for \(dtype.rawValue)", help: "convert the tensor to float32 first")
    }
  }

  private static func narrowFloat(exponent: Int, mantissa: Int, bias: Int) -> HDF5Handle? {
    guard let type = HDF5Handle(H5Tcopy(mc_h5t_ieee_f32le()), H5Tclose),
      H5Tset_fields(type.id, 15, mantissa, exponent, 0, mantissa) >= 0, H5Tset_size(type.id, 2) >= 0,
      H5Tset_ebias(type.id, bias) >= 0
    else { return nil }
    return type
  }
}
