import ByteSource
import Diagnostics
import TensorCore

/// Turns stored tensors into views of the file, or into decoded copies where the file's form is not the machine's.
final class TensorDecoder {
  private let file: String?
  private let external: ExternalData
  /// Largest dense form of a sparse tensor, in bytes.
  private static let sparseLimit = 1 << 30

  init(file: String?) {
    self.file = file
    external = ExternalData(model: file)
  }

  private func error(_ code: String, _ m: TensorMessage, _ text: String, help: String? = nil) -> Diagnostic {
    .error(
      "onnx.tensor-" + code, "tensor '\(m.name)': \(text)", at: SourceLocation(file: file, path: [m.name]), help: help)
  }

  private func shape(_ m: TensorMessage, _ dims: [Int64]) throws(Diagnostic) -> [Int] {
    var out: [Int] = []
    for d in dims {
      guard d >= 0, let v = Int(exactly: d) else { throw error("dims", m, "extent \(d) is not a size") }
      out.append(v)
    }
    guard out.count <= 64, checkedProduct(out) != nil else {
      throw error("dims", m, "shape \(out) is too large")
    }
    return out
  }

  /// The tensor of a message.
  ///
  /// - Throws: `onnx.tensor-…` when dims, type and data do not fit together; errors of external data.
  func decode(_ m: TensorMessage) throws(Diagnostic) -> Tensor {
    guard let dtype = OnnxDType.dtype(m.dataType) else {
      throw error("type", m, "element type \(m.dataType) is not one that modelconv knows")
    }
    if m.isSegment { throw error("segment", m, "tensors stored in segments are not supported") }
    let shape = try shape(m, m.dims)
    guard let count = checkedProduct(shape), let byteCount = dtype.byteCount(count) else {
      throw error("dims", m, "shape \(shape) is too large")
    }
    if m.payloadFields.count > 1 {
      throw error("payload", m, "values are given twice, in \(m.payloadFields.joined(separator: " and "))")
    }
    switch m.payload {
    case .tensor(let t): return t
    case .halved(let t, let type): return try t.asHalf(type)
    case .external(let entries):
      return try Tensor(try external.bytes(entries, tensor: m.name, wanted: byteCount), dtype: dtype, shape: shape)
    case .raw(let bytes):
      if dtype == .string { throw error("payload", m, "strings cannot be stored as raw data") }
      return try view(m, bytes, dtype, shape, byteCount)
    case .strings(let list):
      guard dtype == .string else { throw wrongField(m, dtype) }
      guard list.count == count else { throw size(m, shape, "\(count) strings", "\(list.count)") }
      return try Tensor(strings: list, shape: shape)
    case .floats(let bytes):
      guard dtype == .float32 || dtype == .complex64 else { throw wrongField(m, dtype) }
      return try view(m, bytes, dtype, shape, byteCount)
    case .doubles(let bytes):
      guard dtype == .float64 || dtype == .complex128 else { throw wrongField(m, dtype) }
      return try view(m, bytes, dtype, shape, byteCount)
    case .int64s(let bytes):
      if dtype == .int64 || dtype == .uint64 { return try view(m, bytes, dtype, shape, byteCount) }
      guard dtype == .uint32 else { throw wrongField(m, dtype) }
      return try narrowed(m, bytes, from: 8, dtype, shape, byteCount)
    case .int32s(let bytes):
      if dtype == .int32 { return try view(m, bytes, dtype, shape, byteCount) }
      guard dtype.bitWidth <= 16, dtype.bitWidth > 0 else { throw wrongField(m, dtype) }
      return try narrowed(m, bytes, from: 4, dtype, shape, byteCount)
    case .none:
      guard count == 0 else { throw size(m, shape, "\(count) values", "none") }
      if dtype == .string { return try Tensor(strings: [], shape: shape) }
      return try Tensor(.empty, dtype: dtype, shape: shape)
    }
  }

  private func wrongField(_ m: TensorMessage, _ t: DType) -> Diagnostic {
    error("payload", m, "\(t.rawValue) values are stored in \(m.payloadFields.first ?? "the wrong field")")
  }

  private func size(_ m: TensorMessage, _ shape: [Int], _ wanted: String, _ have: String) -> Diagnostic {
    error(
      "size", m, "shape \(shape) wants \(wanted), \(have) are there",
      help: "the file is damaged or was written wrongly; export the model again")
  }

  private func view(
    _ m: TensorMessage, _ bytes: ByteSlice, _ t: DType, _ shape: [Int], _ byteCount: Int
  ) throws(Diagnostic) -> Tensor {
    guard bytes.count == byteCount else { throw size(m, shape, "\(byteCount) bytes", "\(bytes.count)") }
    return try Tensor(bytes, dtype: t, shape: shape)
  }

  /// Elements kept in wider integers: the low bytes of each.
  private func narrowed(
    _ m: TensorMessage, _ bytes: ByteSlice, from width: Int, _ t: DType, _ shape: [Int], _ byteCount: Int
  ) throws(Diagnostic) -> Tensor {
    if t.bitWidth == 6 {
      // Typed fields hold one of these a number, unlike the narrower ones.
      let codes = bytes.withUnsafeBytes { b in (0..<bytes.count / width).map { b[$0 * width] } }
      guard codes.count == checkedProduct(shape) else {
        throw size(m, shape, "\(checkedProduct(shape) ?? 0) values", "\(codes.count)")
      }
      return try Tensor(codes: codes, dtype: t, shape: shape)
    }
    let unit = max(1, t.byteWidth)
    guard bytes.count / width == byteCount / unit else {
      throw size(m, shape, "\(byteCount / unit) values", "\(bytes.count / width)")
    }
    return try Tensor.make(dtype: t, shape: shape) { (out) throws(Diagnostic) in
      bytes.withUnsafeBytes { source in
        // SAFETY: source holds byteCount / unit elements of `width` bytes, out holds byteCount bytes.
        var at = 0
        for i in 0..<(byteCount / unit) {
          for k in 0..<unit {
            out[at] = source[i * width + k]
            at += 1
          }
        }
      }
    }
  }

  /// The dense form of a sparse tensor: zeros, and the values at their places.
  func decode(_ s: SparseTensorMessage, name: String) throws(Diagnostic) -> Tensor {
    var place = s.values
    place.name = name
    let dims = try shape(place, s.dims)
    let values = try decode(s.values)
    var indexMessage = s.indices
    indexMessage.name = name
    let indices = try decode(indexMessage)
    guard indices.dtype == .int64, values.rank == 1 else {
      throw error("sparse", place, "indices are not int64 or values are not a list")
    }
    let n = values.count
    let isLinear = indices.rank == 1
    guard indices.count == n * (isLinear ? 1 : dims.count), indices.rank <= 2 else {
      throw error("sparse", place, "\(indices.count) indices do not fit \(n) values of rank \(dims.count)")
    }
    guard let total = checkedProduct(dims), let size = values.dtype.byteCount(total), size <= Self.sparseLimit,
      values.dtype.byteWidth > 0
    else {
      throw error("sparse", place, "a dense form of shape \(dims) is too large")
    }
    let flat = try indices.values(Int64.self)
    let strides = Tensor.rowMajor(dims) ?? []
    var places: [Int] = []
    for i in 0..<n {
      var at = 0
      if isLinear {
        at = Int(flat[i])
      } else {
        for (a, d) in dims.enumerated() {
          let k = Int(flat[i * dims.count + a])
          guard k >= 0, k < d else { throw error("sparse", place, "index \(k) is outside axis \(a) of extent \(d)") }
          at += k * strides[a]
        }
      }
      guard at >= 0, at < total else { throw error("sparse", place, "index \(at) is outside \(total) elements") }
      guard places.last.map({ $0 < at }) ?? true else {
        throw error("sparse", place, "its indices are not in ascending order, or one stands twice")
      }
      places.append(at)
    }
    let unit = values.dtype.byteWidth
    let source = try values.bytes()
    let storage = try ByteStorage.allocate(count: size, zeroed: true) { out in
      source.withUnsafeBytes { src in
        // SAFETY: every place is below total, every i below the number of values.
        for (i, at) in places.enumerated() {
          for k in 0..<unit { out[at * unit + k] = src[i * unit + k] }
        }
      }
    }
    return try Tensor(storage.all, dtype: values.dtype, shape: dims)
  }
}
