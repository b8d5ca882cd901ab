import ByteSource
import CHDF5
import CHDF5Shim
import Diagnostics
import TensorCore

extension HDF5File {
  private static let attributeLimit = 1 << 16
  private static let attributeSize = 64 << 20

  /// Names of the attributes of the group or data set at `path` (empty: the root), in the file's order.
  package func attributeNames(_ path: String) throws(Diagnostic) -> [String] {
    try withObject(path) { (id) throws(Diagnostic) in
      let count = H5Aget_num_attrs(id)
      guard count >= 0, Int(count) <= Self.attributeLimit else {
        throw .error("hdf5.limit", "\(count) attributes are too many to list")
      }
      var names: [String] = []
      for i in 0..<hsize_t(count) {
        let length = H5Aget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, i, nil, 0, 0)
        guard length >= 0, length < 1 << 20 else {
          throw .error("hdf5.damaged", "an attribute cannot be read\(HDF5Library.reason)")
        }
        var name = [CChar](repeating: 0, count: length + 1)
        guard H5Aget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, i, &name, name.count, 0) >= 0 else {
          throw .error("hdf5.damaged", "an attribute cannot be read\(HDF5Library.reason)")
        }
        names.append(String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self))
      }
      return names
    }
  }

  /// The value of an attribute: a tensor of numbers or strings, 0-d for a single value; nil where there is none.
  ///
  /// - Throws: `hdf5.type` for elements that are no tensor, `hdf5.limit`, `hdf5.damaged`.
  package func attribute(_ path: String, _ name: String) throws(Diagnostic) -> Tensor? {
    try withObject(path) { (id) throws(Diagnostic) in
      let exists = H5Aexists(id, name)
      guard exists >= 0 else {
        throw .error("hdf5.damaged", "the attributes cannot be read\(HDF5Library.reason)")
      }
      guard exists > 0 else { return nil }
      guard let attribute = HDF5Handle(H5Aopen(id, name, 0), H5Aclose),
        let fileType = HDF5Handle(H5Aget_type(attribute.id), H5Tclose),
        let space = HDF5Handle(H5Aget_space(attribute.id), H5Sclose)
      else {
        throw .error("hdf5.damaged", "attribute '\(name)' cannot be read\(HDF5Library.reason)")
      }
      return try self.value(attribute.id, fileType.id, space.id)
    }
  }

  private func value(_ id: hid_t, _ fileType: hid_t, _ space: hid_t) throws(Diagnostic) -> Tensor {
    let type = try HDF5Type(fileType)
    let shape = try Self.shape(space) + type.innerShape
    guard let n = checkedProduct(shape), n <= Self.attributeSize else {
      throw .error("hdf5.limit", "an attribute of shape \(shape) is too large")
    }
    let target: DType
    let memory: hid_t
    switch type.element {
    case .fixedString, .variableString:
      let strings = try HDF5Strings.read(type.element, count: n, limit: Self.attributeSize) { (memory, _, out) in
        H5Aread(id, memory, out)
      }
      return try Tensor(strings: strings, shape: shape)
    case .converted(let t):
      target = t
      memory =
        t.isFloat
        ? (t == .float32 ? mc_h5t_ieee_f32le() : mc_h5t_ieee_f64le())
        : mc_h5t_integer(t.byteWidth, t.isSigned ? 1 : 0)
    case .plain(let t, _):
      target = t
      memory = fileType
    }
    guard let size = target.byteCount(n), size <= Self.attributeSize,
      n == 0 || checkedProduct([n / max(checkedProduct(type.innerShape) ?? 1, 1), H5Tget_size(memory)]) == size
    else {
      throw .error("hdf5.limit", "an attribute of shape \(shape) is too large")
    }
    let storage = try ByteStorage.allocate(count: size, zeroed: true) { (out) throws(Diagnostic) in
      // SAFETY: `out` holds exactly the elements of the data space in the memory type.
      guard n == 0 || H5Aread(id, memory, out.baseAddress) >= 0 else {
        throw .error("hdf5.damaged", "an attribute cannot be read\(HDF5Library.reason)")
      }
    }
    var raw = TensorStorage(storage.all)
    if case .plain(_, let unit) = type.element { raw = raw.byteSwapped(unit: unit) }
    return try Tensor(storage: raw, dtype: target, shape: shape)
  }
}
