import ByteSource
import Diagnostics

extension Tensor {
  /// Axes in another order: axis `i` of the result is axis `order[i]`. O(1).
  package func permuted(_ order: [Int]) throws(Diagnostic) -> Tensor {
    guard order.count == rank, Set(order) == Set(0..<rank) else {
      throw .error("tensor.permutation", "\(order) is not an order of \(rank) axes")
    }
    if dtype.isSubByte, order != Array(0..<rank) { return try unpacked("a permutation") }
    return Tensor(
      storage: storage, byteOffset: byteOffset, dtype: dtype, shape: order.map { shape[$0] },
      uncheckedStrides: order.map { strides[$0] })
  }

  private func unpacked(_ what: String) throws(Diagnostic) -> Tensor {
    throw .error("tensor.packed", "\(what) of packed \(dtype.rawValue) elements has no view")
  }

  /// The same elements in another shape of equal count: a view where this one is contiguous, otherwise a copy.
  package func reshaped(_ newShape: [Int]) throws(Diagnostic) -> Tensor {
    guard checkedProduct(newShape) == count, let s = Self.rowMajor(newShape) else {
      throw .error("tensor.reshape", "\(shape) and \(newShape) hold different numbers of elements")
    }
    let base = try contiguous()
    return Tensor(
      storage: base.storage, byteOffset: base.byteOffset, dtype: dtype, shape: newShape, uncheckedStrides: s)
  }

  /// `length` elements of `axis` from `start`. O(1).
  package func sliced(axis: Int, start: Int, length: Int) throws(Diagnostic) -> Tensor {
    guard axis >= 0, axis < rank, start >= 0, length >= 0, start <= shape[axis], length <= shape[axis] - start else {
      throw .error("tensor.slice", "\(start)..<\(start &+ length) of axis \(axis) is outside shape \(shape)")
    }
    if dtype.isSubByte, length != shape[axis] { return try unpacked("a slice") }
    var newShape = shape
    newShape[axis] = length
    let unit = dtype == .string ? 1 : dtype.byteWidth
    return Tensor(
      storage: storage, byteOffset: byteOffset + (length == 0 ? 0 : start * strides[axis] * unit), dtype: dtype,
      shape: newShape, uncheckedStrides: strides)
  }

  /// The same bits seen as another type of equal width. O(1).
  package func reinterpreted(as type: DType) throws(Diagnostic) -> Tensor {
    guard type.bitWidth == dtype.bitWidth else {
      throw .error("tensor.reinterpret", "\(dtype.rawValue) cannot be seen as \(type.rawValue)")
    }
    return Tensor(storage: storage, byteOffset: byteOffset, dtype: type, shape: shape, uncheckedStrides: strides)
  }

  /// Row-major elements: itself, or a copy for a permuted or broadcast view.
  package func contiguous() throws(Diagnostic) -> Tensor {
    if isContiguous { return self }
    if let strings = storage.strings {
      var out: [ByteString] = []
      out.reserveCapacity(count)
      forEachOffset(unit: 1) { out.append(strings[$0]) }
      return try Tensor(strings: out, shape: shape)
    }
    let source = try storage.bytes()
    let width = dtype.byteWidth
    return try Tensor.make(dtype: dtype, shape: shape) { (out) throws(Diagnostic) in
      source.withUnsafeBytes { src in
        guard let s = src.baseAddress, let d = out.baseAddress else { return }
        // SAFETY: offsets address elements of this view, which lie in the storage; `at` stays below out.count.
        var at = 0
        forEachRun { offset, length, stride in
          if stride == 1 {
            (d + at).copyMemory(from: s + offset * width + byteOffset, byteCount: length * width)
            at += length * width
          } else {
            for i in 0..<length {
              (d + at).copyMemory(from: s + (offset + i * stride) * width + byteOffset, byteCount: width)
              at += width
            }
          }
        }
      }
    }
  }

  /// Calls `body` with (element offset, length, stride) of each innermost run, in row-major order.
  package func forEachRun(_ body: (Int, Int, Int) -> Void) {
    guard count > 0 else { return }
    guard rank > 0 else { return body(0, 1, 1) }
    let inner = rank - 1
    var index = [Int](repeating: 0, count: rank)
    var offset = 0
    while true {
      body(offset, shape[inner], strides[inner])
      var axis = inner - 1
      while axis >= 0 {
        index[axis] += 1
        offset += strides[axis]
        if index[axis] < shape[axis] { break }
        offset -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  private func forEachOffset(unit: Int, _ body: (Int) -> Void) {
    forEachRun { offset, length, stride in
      for i in 0..<length { body(byteOffset + (offset + i * stride) * unit) }
    }
  }
}
