import ByteSource
import CHDF5
import CHDF5Shim
import Diagnostics
import TensorCore

extension HDF5File {
  /// Bytes that a data set may always unpack to, and the ratio to its stored bytes allowed beyond them.
  private static let freeSize = 256 << 20
  private static let ratioLimit = 256
  private static let stringLimit = 1 << 24

  /// What is known of a data set before its data is read.
  private struct Description: Sendable {
    enum Source: Sendable {
      /// At this offset of the file, as it lies there.
      case mapped(Int)
      /// Through the library.
      case library
    }
    enum Content: Sendable {
      case numbers(DType, swapUnit: Int)
      case strings([ByteString])
    }
    var source: Source
    var content: Content
    var shape: [Int]
    /// Bytes that the library may make of it.
    var allowed: Int
  }

  /// The data set at `path`: mapped where it is contiguous, otherwise read on first use.
  ///
  /// - Throws: `hdf5.type` for elements that are no tensor (compound, references, ragged), `hdf5.external` for data in
  ///   other files, `hdf5.shape`, `hdf5.truncated`, `hdf5.limit`, `hdf5.damaged`.
  package func dataset(_ path: String) throws(Diagnostic) -> Tensor {
    guard kind(path) == .dataset else {
      if case .other(let what)? = kind(path) { throw .error("hdf5.object", "is \(what)", at: location(path)) }
      throw .error("hdf5.missing", "there is no such data set", at: location(path))
    }
    let d = try withObject(path) { (id) throws(Diagnostic) in try self.describe(id) }
    switch d.content {
    case .strings(let s): return try Tensor(strings: s, shape: d.shape)
    case .numbers(let type, let unit):
      guard let n = checkedProduct(d.shape), let size = type.byteCount(n), Tensor.rowMajor(d.shape) != nil else {
        throw .error("hdf5.shape", "shape \(d.shape) is too large", at: location(path))
      }
      switch d.source {
      case .mapped(let offset):
        guard let data = bytes.slice(offset, size) else {
          throw .error(
            "hdf5.truncated", "\(size) bytes at \(offset) are wanted, the file has \(bytes.count)",
            at: location(path), help: "the file may have been cut off while it was copied or downloaded")
        }
        return try Tensor(storage: TensorStorage(data).byteSwapped(unit: unit), dtype: type, shape: d.shape)
      case .library:
        let storage = TensorStorage(byteCount: size) { () throws(Diagnostic) in
          guard size <= d.allowed else {
            throw .error(
              "hdf5.limit", "shape \(d.shape) wants \(size) bytes, far more than the file can hold: refused",
              at: self.location(path), help: "copy the data set with h5repack if you trust it")
          }
          return try self.withObject(path) { (id) throws(Diagnostic) in try self.read(id, size, type) }
        }
        return try Tensor(storage: storage, dtype: type, shape: d.shape)
      }
    }
  }

  private func describe(_ id: hid_t) throws(Diagnostic) -> Description {
    guard let fileType = HDF5Handle(H5Dget_type(id), H5Tclose), let space = HDF5Handle(H5Dget_space(id), H5Sclose),
      let creation = HDF5Handle(H5Dget_create_plist(id), H5Pclose)
    else {
      throw .error("hdf5.damaged", "the data set's header cannot be read\(HDF5Library.reason)")
    }
    let type = try HDF5Type(fileType.id)
    let shape = try Self.shape(space.id) + type.innerShape
    let layout = H5Pget_layout(creation.id)
    try checkSources(creation.id, layout)
    let stored = Int(clamping: min(H5Dget_storage_size(id), hsize_t(bytes.count)))
    let allowed = max(Self.freeSize, stored.multipliedReportingOverflow(by: Self.ratioLimit).partialValue)
    if layout == H5D_CHUNKED { try checkChunk(creation.id, H5Tget_size(fileType.id), allowed) }
    switch type.element {
    case .plain(let t, let unit):
      let offset = layout == H5D_CONTIGUOUS ? H5Dget_offset(id) : haddr_t.max
      if offset != haddr_t.max, let at = Int(exactly: offset) {
        return Description(source: .mapped(at), content: .numbers(t, swapUnit: unit), shape: shape, allowed: allowed)
      }
      return Description(source: .library, content: .numbers(t, swapUnit: 0), shape: shape, allowed: allowed)
    case .converted(let t):
      return Description(source: .library, content: .numbers(t, swapUnit: 0), shape: shape, allowed: allowed)
    case .fixedString, .variableString:
      guard let n = checkedProduct(shape), n <= Self.stringLimit else {
        throw .error("hdf5.limit", "shape \(shape) holds too many strings")
      }
      let strings = try HDF5Strings.read(type.element, count: n, limit: allowed) { (memory, transfer, out) in
        H5Dread(id, memory, 0, 0, transfer, out)
      }
      return Description(source: .library, content: .strings(strings), shape: shape, allowed: allowed)
    }
  }

  static func shape(_ space: hid_t) throws(Diagnostic) -> [Int] {
    switch H5Sget_simple_extent_type(space) {
    case H5S_SCALAR: return []
    case H5S_NULL: throw .error("hdf5.empty", "has no data at all (a null data space)")
    case H5S_SIMPLE: break
    default: throw .error("hdf5.damaged", "the data space cannot be read\(HDF5Library.reason)")
    }
    let rank = H5Sget_simple_extent_ndims(space)
    guard rank >= 0, rank <= 32 else { throw .error("hdf5.shape", "\(rank) dimensions are too many") }
    var dims = [hsize_t](repeating: 0, count: Int(rank))
    guard H5Sget_simple_extent_dims(space, &dims, nil) == rank else {
      throw .error("hdf5.damaged", "the shape cannot be read\(HDF5Library.reason)")
    }
    return try HDF5Type.sizes(dims)
  }

  /// Refuses data that lies in other files.
  private func checkSources(_ creation: hid_t, _ layout: H5D_layout_t) throws(Diagnostic) {
    guard H5Pget_external_count(creation) <= 0 else {
      throw .error(
        "hdf5.external", "its data lies in another file, which is not read",
        help: "copy the data set into one file with h5repack")
    }
    guard layout == H5D_VIRTUAL else { return }
    var count = 0
    guard H5Pget_virtual_count(creation, &count) >= 0, count <= 1 << 16 else {
      throw .error("hdf5.damaged", "the virtual data set cannot be read\(HDF5Library.reason)")
    }
    for i in 0..<count {
      var name = [CChar](repeating: 0, count: 3)
      guard H5Pget_virtual_filename(creation, i, &name, name.count) == 1, name[0] == CChar(UInt8(ascii: ".")) else {
        throw .error(
          "hdf5.external", "it is a virtual data set over other files, which are not read",
          help: "copy the data set into one file with h5repack")
      }
    }
  }

  private func checkChunk(_ creation: hid_t, _ width: Int, _ allowed: Int) throws(Diagnostic) {
    var dims = [hsize_t](repeating: 0, count: 32)
    let rank = H5Pget_chunk(creation, 32, &dims)
    guard rank > 0, rank <= 32, let size = checkedProduct(try HDF5Type.sizes(Array(dims.prefix(Int(rank)))) + [width]),
      size <= allowed
    else {
      throw .error("hdf5.limit", "the chunks of the data set are larger than the file can hold: refused")
    }
    for i in 0..<max(0, H5Pget_nfilters(creation)) {
      var flags: UInt32 = 0
      var elements = 0
      let filter = H5Pget_filter2(creation, UInt32(i), &flags, &elements, nil, 0, nil, nil)
      // 1 deflate, 2 shuffle, 3 Fletcher-32, 4 szip, 5 n-bit, 6 scale-offset.
      guard (1...6).contains(filter), H5Zfilter_avail(filter) > 0 else {
        throw .error(
          "hdf5.filter", "the data is packed with filter \(filter), which is not built in",
          help: "repack the file with h5repack -f NONE, or with GZIP")
      }
    }
  }

  /// Reads all elements as little-endian numbers of `type`.
  private func read(_ id: hid_t, _ size: Int, _ type: DType) throws(Diagnostic) -> ByteSlice {
    guard let memory = try Self.memoryType(id, type) else {
      throw .error("hdf5.damaged", "the element type cannot be read\(HDF5Library.reason)")
    }
    guard let space = HDF5Handle(H5Dget_space(id), H5Sclose),
      let n = Int(exactly: H5Sget_simple_extent_npoints(space.id)),
      n >= 0, n.multipliedReportingOverflow(by: H5Tget_size(memory.id)) == (size, false)
    else {
      throw .error("hdf5.damaged", "the data set changed its size")
    }
    // Zeroed: the library leaves parts that were never written untouched when no fill value is set.
    return try ByteStorage.allocate(count: size, path: bytes.storage.path, zeroed: true) { (out) throws(Diagnostic) in
      // SAFETY: `out` holds exactly the elements of the data space in the memory type.
      guard H5Dread(id, memory.id, 0, 0, 0, out.baseAddress) >= 0 else {
        throw .error("hdf5.damaged", "the data cannot be read\(HDF5Library.reason)")
      }
    }.all
  }

  /// The type that the library shall convert to: the file's own in little-endian order, or a standard one.
  private static func memoryType(_ id: hid_t, _ type: DType) throws(Diagnostic) -> HDF5Handle? {
    guard let fileType = HDF5Handle(H5Dget_type(id), H5Tclose) else { return nil }
    switch try HDF5Type(fileType.id).element {
    case .converted(.float32): return HDF5Handle(H5Tcopy(mc_h5t_ieee_f32le()), H5Tclose)
    case .converted(.float64): return HDF5Handle(H5Tcopy(mc_h5t_ieee_f64le()), H5Tclose)
    case .converted(let t): return HDF5Handle(H5Tcopy(mc_h5t_integer(t.byteWidth, t.isSigned ? 1 : 0)), H5Tclose)
    case .plain(_, 0): return HDF5Handle(H5Tcopy(fileType.id), H5Tclose)
    case .plain: return swappedCopy(fileType.id)
    default: return nil
    }
  }

  /// The little-endian twin of a number type, or of a pair or array of them.
  private static func swappedCopy(_ id: hid_t) -> HDF5Handle? {
    switch H5Tget_class(id) {
    case H5T_COMPOUND:
      guard let part = HDF5Handle(H5Tget_member_type(id, 0), H5Tclose), H5Tset_order(part.id, H5T_ORDER_LE) >= 0,
        let pair = HDF5Handle(H5Tcreate(H5T_COMPOUND, H5Tget_size(id)), H5Tclose),
        H5Tinsert(pair.id, "r", 0, part.id) >= 0, H5Tinsert(pair.id, "i", H5Tget_size(part.id), part.id) >= 0
      else { return nil }
      return pair
    case H5T_ARRAY:
      var dims = [hsize_t](repeating: 0, count: 32)
      let rank = H5Tget_array_ndims(id)
      guard rank > 0, rank <= 32, H5Tget_array_dims2(id, &dims) == rank,
        let base = HDF5Handle(H5Tget_super(id), H5Tclose), let swapped = swappedCopy(base.id)
      else { return nil }
      return HDF5Handle(H5Tarray_create2(swapped.id, UInt32(rank), dims), H5Tclose)
    case H5T_ENUM:
      // An enumeration's order is fixed once it has members; its integers are converted instead.
      guard let base = HDF5Handle(H5Tget_super(id), H5Tclose), H5Tset_order(base.id, H5T_ORDER_LE) >= 0 else {
        return nil
      }
      return base
    default:
      guard let copy = HDF5Handle(H5Tcopy(id), H5Tclose), H5Tset_order(copy.id, H5T_ORDER_LE) >= 0 else { return nil }
      return copy
    }
  }
}
