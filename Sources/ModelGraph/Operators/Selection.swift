import TensorCore

/// The `k` largest or smallest elements along an axis, and their indices; of equal elements the one with the lower index
/// comes first. Operands: input, k (1-d int64 with one element). Results: values, indices (int64). Source: ONNX TopK.
package struct TopK: Operator {
  package static let operatorName = "TopK"
  package var axis: Int
  package var isLargest: Bool
  /// False leaves the order of the results open.
  package var isSorted: Bool

  package init(axis: Int = -1, isLargest: Bool = true, isSorted: Bool = true) {
    self.axis = axis
    self.isLargest = isLargest
    self.isSorted = isSorted
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard var x = try inputs.shape(0) else { return [.tensor(type, nil), .tensor(.int64, nil)] }
    let a = try ShapeRule.axis(axis, rank: x.count)
    let k = inputs.contents(1)
    if let k, k.count != 1 { throw InferenceError("k has \(k.count) elements, not one", input: 1) }
    if let n = k?.first?.value {
      guard n >= 0 else { throw InferenceError("k is \(n)", input: 1) }
      if let m = x[a].value, n > m { throw InferenceError("k is \(n), but axis \(axis) has \(m) elements", input: 1) }
    }
    x[a] = k?.first ?? inputs.fresh()
    return [.tensor(type, x), .tensor(.int64, x)]
  }
}

/// Slices of `axis` whose condition is true, one after another; without an axis, elements of the flattened input.
/// Operands: input, condition (1-d bool, may be shorter than the axis). Source: ONNX Compress.
package struct Compress: Operator {
  package static let operatorName = "Compress"
  package var axis: Int?
  package init(axis: Int?) { self.axis = axis }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard try inputs.dtype(1) == .bool else { throw InferenceError("the condition is not bool", input: 1) }
    if let c = try inputs.shape(1), c.count != 1 {
      throw InferenceError("the condition \(shapeText(c)) is not one-dimensional", input: 1)
    }
    guard let axis else { return [.tensor(type, [inputs.fresh()])] }
    guard var x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    x[try ShapeRule.axis(axis, rank: x.count)] = inputs.fresh()
    return [.tensor(type, x)]
  }
}
