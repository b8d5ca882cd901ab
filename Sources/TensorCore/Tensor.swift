import ByteSource
import Diagnostics

/// An immutable view of elements: storage, byte offset, type, shape, strides. Copying it copies no elements.
///
/// `strides` are in elements, row-major by default; a broadcast axis has stride 0. Sub-byte types are always contiguous.
package struct Tensor: Sendable {
  package let storage: TensorStorage
  /// Offset of element (0, …, 0) in the storage: bytes, or strings for a string tensor.
  package let byteOffset: Int
  package let dtype: DType
  package let shape: [Int]
  package let strides: [Int]

  // Every caller has shown that all addressed elements lie in the storage.
  init(storage: TensorStorage, byteOffset: Int, dtype: DType, shape: [Int], uncheckedStrides strides: [Int]) {
    self.storage = storage
    self.byteOffset = byteOffset
    self.dtype = dtype
    self.shape = shape
    self.strides = strides
  }

  /// Contiguous row-major elements from the start of `storage` (from `byteOffset`).
  ///
  /// - Throws: `tensor.size` when the storage is too small for the shape, `tensor.shape` for a negative or too large one.
  package init(storage: TensorStorage, byteOffset: Int = 0, dtype: DType, shape: [Int]) throws(Diagnostic) {
    guard let n = checkedProduct(shape), let wanted = dtype.byteCount(n), let strides = Self.rowMajor(shape) else {
      throw .error("tensor.shape", "shape \(shape) is negative or too large")
    }
    if dtype == .string {
      guard let s = storage.strings, byteOffset >= 0, byteOffset <= s.count, s.count - byteOffset >= n else {
        throw .error("tensor.size", "shape \(shape) wants \(n) strings")
      }
    } else {
      let have = storage.byteCount
      guard byteOffset >= 0, byteOffset <= have, have - byteOffset >= wanted else {
        throw .error("tensor.size", "shape \(shape) of \(dtype.rawValue) wants \(wanted) bytes, \(have) are there")
      }
    }
    self.init(storage: storage, byteOffset: byteOffset, dtype: dtype, shape: shape, uncheckedStrides: strides)
  }

  /// A view with strides (in elements, not negative) whose element (0, …, 0) stands at `byteOffset` of `storage`.
  ///
  /// - Throws: `tensor.size` when an element would lie outside the storage, `tensor.shape` for bad shapes or strides.
  package init(
    storage: TensorStorage, byteOffset: Int, dtype: DType, shape: [Int], strides: [Int]
  ) throws(Diagnostic) {
    guard shape.count == strides.count, checkedProduct(shape) != nil, Self.rowMajor(shape) != nil,
      strides.allSatisfy({ $0 >= 0 }), byteOffset >= 0, dtype.byteWidth > 0
    else {
      throw .error("tensor.shape", "shape \(shape) with strides \(strides) is no view")
    }
    let have = storage.byteCount
    if shape.contains(0) {
      guard byteOffset <= have else { throw .error("tensor.size", "the view starts outside its storage") }
    } else {
      var last = 0
      for (n, s) in zip(shape, strides) {
        let (step, o1) = (n - 1).multipliedReportingOverflow(by: s)
        let (sum, o2) = last.addingReportingOverflow(step)
        guard !o1, !o2 else { throw .error("tensor.shape", "strides \(strides) are too large") }
        last = sum
      }
      let (end, o) = last.multipliedReportingOverflow(by: dtype.byteWidth)
      guard !o, byteOffset <= have, end <= have - byteOffset - dtype.byteWidth else {
        throw .error(
          "tensor.size", "shape \(shape) with strides \(strides) reaches out of the \(have) bytes of its storage")
      }
    }
    self.init(storage: storage, byteOffset: byteOffset, dtype: dtype, shape: shape, uncheckedStrides: strides)
  }

  /// Contiguous elements over bytes (owned or mapped) in little-endian order.
  package init(_ bytes: ByteSlice, dtype: DType, shape: [Int]) throws(Diagnostic) {
    try self.init(storage: TensorStorage(bytes), dtype: dtype, shape: shape)
  }

  /// Copies `values`, whose count must be the product of `shape`.
  package init<T: TensorElement>(_ values: [T], shape: [Int]) throws(Diagnostic) {
    guard checkedProduct(shape) == values.count else {
      throw .error("tensor.size", "shape \(shape) does not hold \(values.count) values")
    }
    let storage = try ByteStorage.allocate(count: values.count * MemoryLayout<T>.stride) { buffer in
      values.withUnsafeBytes { buffer.copyMemory(from: $0) }
    }
    try self.init(storage.all, dtype: T.dtype, shape: shape)
  }

  /// A 0-d tensor.
  package init<T: TensorElement>(scalar: T) throws(Diagnostic) { try self.init([scalar], shape: []) }

  /// A 1-d tensor.
  package init<T: TensorElement>(_ values: [T]) throws(Diagnostic) { try self.init(values, shape: [values.count]) }

  package init(strings: [ByteString], shape: [Int]) throws(Diagnostic) {
    guard checkedProduct(shape) == strings.count else {
      throw .error("tensor.size", "shape \(shape) does not hold \(strings.count) strings")
    }
    try self.init(storage: TensorStorage(strings: strings), dtype: .string, shape: shape)
  }

  /// Memory of its own, filled by `fill` (all bytes of the row-major elements).
  package static func make(
    dtype: DType, shape: [Int], fill: (UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) -> Tensor {
    guard let n = checkedProduct(shape), let bytes = dtype.byteCount(n) else {
      throw .error("tensor.shape", "shape \(shape) is negative or too large")
    }
    return try Tensor(try ByteStorage.allocate(count: bytes, fill: fill).all, dtype: dtype, shape: shape)
  }

  // MARK: Facts

  package var rank: Int { shape.count }

  /// Number of elements. The initialisers have shown that it does not overflow.
  package var count: Int { checkedProduct(shape) ?? 0 }

  /// Bytes of the packed elements.
  package var byteCount: Int { dtype.byteCount(count) ?? 0 }

  /// Row-major without gaps: one range of bytes holds exactly the elements.
  package var isContiguous: Bool {
    var expected = 1
    for i in shape.indices.reversed() where shape[i] != 1 {
      if shape[i] == 0 { return true }
      if strides[i] != expected { return false }
      expected *= shape[i]
    }
    return true
  }

  /// The number of elements of a shape; nil where an extent is negative or the product overflows.
  package static func count(of shape: [Int]) -> Int? { checkedProduct(shape) }

  /// Row-major strides in elements, nil on overflow.
  package static func rowMajor(_ shape: [Int]) -> [Int]? {
    var strides = [Int](repeating: 1, count: shape.count)
    var p = 1
    for i in shape.indices.reversed() {
      strides[i] = p
      let (v, o) = p.multipliedReportingOverflow(by: max(shape[i], 1))
      if o { return nil }
      p = v
    }
    return strides
  }
}

/// Swift types that are element types.
package protocol TensorElement: BitwiseCopyable, Sendable {
  static var dtype: DType { get }
}
extension Float: TensorElement { package static var dtype: DType { .float32 } }
extension Double: TensorElement { package static var dtype: DType { .float64 } }
extension Float16: TensorElement { package static var dtype: DType { .float16 } }
extension Int8: TensorElement { package static var dtype: DType { .int8 } }
extension Int16: TensorElement { package static var dtype: DType { .int16 } }
extension Int32: TensorElement { package static var dtype: DType { .int32 } }
extension Int64: TensorElement { package static var dtype: DType { .int64 } }
extension UInt8: TensorElement { package static var dtype: DType { .uint8 } }
extension UInt16: TensorElement { package static var dtype: DType { .uint16 } }
extension UInt32: TensorElement { package static var dtype: DType { .uint32 } }
extension UInt64: TensorElement { package static var dtype: DType { .uint64 } }
extension Bool: TensorElement { package static var dtype: DType { .bool } }
