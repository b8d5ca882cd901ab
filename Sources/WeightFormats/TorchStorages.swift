import ByteSource
import Containers
import Diagnostics
import TensorCore

/// The storages of a PyTorch checkpoint and the tensors that its pickle builds on them.
struct TorchStorages {
  /// The raw bytes of the storage with this key; nil where there is none. Little-endian where `isBigEndian` is false.
  let find: (String) throws(Diagnostic) -> TensorStorage?
  let isBigEndian: Bool

  init(isBigEndian: Bool, find: @escaping (String) throws(Diagnostic) -> TensorStorage?) {
    self.find = find
    self.isBigEndian = isBigEndian
  }

  static let types: [String: DType] = [
    "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8,
    "BoolStorage": .bool, "ComplexFloatStorage": .complex64, "ComplexDoubleStorage": .complex128,
    "QInt8Storage": .int8, "QUInt8Storage": .uint8, "QInt32Storage": .int32,
    // For untyped storages the pickle names the type itself.
    "float16": .float16, "float32": .float32, "float64": .float64, "bfloat16": .bfloat16, "int8": .int8,
    "int16": .int16, "int32": .int32, "int64": .int64, "uint8": .uint8, "uint16": .uint16, "uint32": .uint32,
    "uint64": .uint64, "bool": .bool, "complex64": .complex64, "complex128": .complex128, "half": .float16,
    "float": .float32, "double": .float64, "short": .int16, "int": .int32, "long": .int64,
    "float8_e4m3fn": .float8e4m3fn, "float8_e4m3fnuz": .float8e4m3fnuz, "float8_e5m2": .float8e5m2,
    "float8_e5m2fnuz": .float8e5m2fnuz, "float8_e8m0fnu": .float8e8m0,
  ]

  /// A storage as a pickle refers to it.
  struct Reference {
    var key: String
    /// Nil for an untyped storage, whose elements are bytes.
    var dtype: DType?
    var count: Int
    /// Elements before it, for a view of a storage in the oldest files.
    var viewOffset = 0
  }

  /// Reads ('storage', class, key, location, count[, view]).
  func reference(_ id: PickleValue, in r: PickleReader) throws(Diagnostic) -> Reference {
    guard let t = r.objects[id], t.items.count >= 5, r.text(t.items[0]) == "storage",
      let g = r.objects.global(t.items[1]), let key = r.text(t.items[2]), case .integer(let count) = t.items[4],
      count >= 0
    else {
      throw r.error("torch.storage", "a reference to a storage is malformed")
    }
    var out = Reference(key: key, dtype: nil, count: count)
    if g.name != "UntypedStorage" && g.name != "_UntypedStorage" {
      guard let type = Self.types[g.name] else {
        throw r.error("torch.dtype", "storages of type \(g.description) are not supported")
      }
      out.dtype = type
    }
    if t.items.count > 5, let view = r.objects[t.items[5]], view.items.count == 3 {
      guard let k = r.text(view.items[0]), case .integer(let offset) = view.items[1], offset >= 0 else {
        throw r.error("torch.storage", "a view of a storage is malformed")
      }
      // The root's key comes first in the identifier; the view's own key names nothing in the file.
      _ = k
      out.viewOffset = offset
    }
    return out
  }

  private func bytes(_ ref: Reference, as type: DType, in r: PickleReader) throws(Diagnostic) -> TensorStorage {
    guard let raw = try find(ref.key) else {
      throw r.error("torch.storage", "storage '\(ref.key.prefix(80))' is not in the file")
    }
    let unit = ref.dtype == nil ? 1 : type.byteWidth
    guard let size = checkedProduct([ref.count, unit]),
      let start = checkedProduct([ref.viewOffset, unit]), start <= raw.byteCount, size <= raw.byteCount - start
    else {
      throw r.error(
        "torch.storage", "storage '\(ref.key.prefix(80))' has \(raw.byteCount) bytes, \(ref.count) elements are claimed"
      )
    }
    let swap = type.isComplex ? type.byteWidth / 2 : type.byteWidth
    return isBigEndian ? raw.byteSwapped(unit: swap) : raw
  }

  /// A storage that stands for itself: all its elements.
  func wholeStorage(_ id: PickleValue, in r: PickleReader) throws(Diagnostic) -> Tensor? {
    guard let t = r.objects[id], let kind = t.items.first, r.text(kind) == "storage" else { return nil }
    let ref = try reference(id, in: r)
    let type = ref.dtype ?? .uint8
    let storage = try bytes(ref, as: type, in: r)
    return try Tensor(
      storage: storage, byteOffset: ref.viewOffset * type.byteWidth, dtype: type, shape: [ref.count])
  }

  /// The tensor that a call of one of PyTorch's rebuilders makes; nil for other calls.
  func tensor(_ name: String, _ n: PickleNode, in r: PickleReader, depth: Int) throws(Diagnostic) -> Tensor? {
    guard depth < 16 else { throw r.error("torch.tensor", "tensors are wrapped too deeply") }
    switch name {
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      guard let first = n.items.first, let inner = r.objects[first] else { return nil }
      return try r.makeTensor(inner, depth: depth + 1)
    case "torch._tensor._rebuild_from_type_v2":
      // (rebuilder, type, its arguments, state)
      guard n.items.count >= 3, let g = r.objects.global(n.items[0]), let arguments = r.objects[n.items[2]] else {
        return nil
      }
      return try tensor(g.normalName, arguments, in: r, depth: depth + 1)
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
      return try rebuild(n.items, type: nil, flags: n.items.count > 6 ? n.items[6] : .none, in: r)
    case "torch._utils._rebuild_tensor_v3":
      guard n.items.count > 6, let g = r.objects.global(n.items[6]), let type = Self.types[g.name] else {
        throw r.error("torch.dtype", "a tensor's element type is not supported")
      }
      return try rebuild(n.items, type: type, flags: n.items.count > 7 ? n.items[7] : .none, in: r)
    case "torch._utils._rebuild_qtensor": return try TorchQuantized.tensor(n.items, storages: self, in: r)
    case "torch._utils._rebuild_sparse_tensor":
      throw r.error(
        "torch.sparse", "sparse tensors are not supported", help: "save x.to_dense() instead")
    case "torch._utils._rebuild_device_tensor_from_numpy":
      guard let first = n.items.first, let inner = r.objects[first] else { return nil }
      return try r.makeTensor(inner, depth: depth + 1)
    case "torch._utils._rebuild_meta_tensor_no_storage":
      throw r.error("torch.meta", "a tensor on the 'meta' device has no data")
    default: return nil
    }
  }

  /// (storage, offset, size, stride, …) as a view.
  func rebuild(
    _ items: [PickleValue], type: DType?, flags: PickleValue, in r: PickleReader
  ) throws(Diagnostic) -> Tensor {
    guard items.count >= 4, let s = r.objects[items[0]], case .persistent(let id) = s.kind,
      case .integer(let offset) = items[1], offset >= 0, let shape = integers(items[2], r),
      let strides = integers(items[3], r), shape.count == strides.count, shape.count <= 64
    else {
      throw r.error("torch.tensor", "a tensor is malformed")
    }
    let ref = try reference(id, in: r)
    guard let type = type ?? ref.dtype else { throw r.error("torch.dtype", "an untyped storage without a type") }
    let storage = try bytes(ref, as: type, in: r)
    guard let count = checkedProduct(shape), let base = checkedProduct([offset, type.byteWidth]),
      let skip = checkedProduct([ref.viewOffset, type.byteWidth]), !base.addingReportingOverflow(skip).overflow
    else {
      throw r.error("torch.tensor", "a tensor of shape \(shape) is too large")
    }
    // An expanded view repeats elements; more than a model has is a bomb.
    guard count <= max(ref.count.multipliedReportingOverflow(by: 64).partialValue, 1 << 24) else {
      throw r.error("torch.tensor", "a tensor of shape \(shape) repeats the \(ref.count) elements of its storage")
    }
    let t = try Tensor(storage: storage, byteOffset: base + skip, dtype: type, shape: shape, strides: strides)
    return try flagged(t, flags, r)
  }

  func integers(_ v: PickleValue, _ r: PickleReader) -> [Int]? {
    guard let n = r.objects[v] else { return nil }
    // torch.Size is a tuple's subclass: a call with the tuple.
    let items = r.callee(n) == "torch.Size" ? n.items.first.flatMap { r.objects[$0]?.items } ?? [] : n.items
    var out: [Int] = []
    for i in items {
      guard case .integer(let d) = i, d >= 0 else { return nil }
      out.append(d)
    }
    return out
  }

  /// Applies the lazy conjugation and negation that a view may carry.
  private func flagged(_ t: Tensor, _ flags: PickleValue, _ r: PickleReader) throws(Diagnostic) -> Tensor {
    guard let d = r.objects[flags] else { return t }
    func isSet(_ name: String) -> Bool {
      d.pairs.contains { r.text($0.key) == name && $0.value.int == 1 }
    }
    let conjugate = isSet("conj")
    let negate = isSet("neg")
    guard conjugate || negate, t.dtype == .complex64 || t.dtype == .complex128 || t.dtype.isFloat else { return t }
    let width = t.dtype.isComplex ? t.dtype.byteWidth / 2 : t.dtype.byteWidth
    let size = t.byteCount
    let isComplex = t.dtype.isComplex
    let storage = TensorStorage(byteCount: size) { () throws(Diagnostic) in
      let source = try t.bytes()
      return try ByteStorage.allocate(count: size) { out in
        source.withUnsafeBytes { out.copyMemory(from: $0) }
        // The sign is the top bit of the last byte of each part; parts alternate between real and imaginary.
        for (part, at) in stride(from: width - 1, to: size, by: width).enumerated() {
          let isImaginary = isComplex && part % 2 == 1
          if negate != (conjugate && isImaginary) { out[at] ^= 0x80 }
        }
      }.all
    }
    return try Tensor(storage: storage, dtype: t.dtype, shape: t.shape)
  }
}
