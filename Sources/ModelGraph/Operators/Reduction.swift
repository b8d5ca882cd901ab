import TensorCore

/// Reduces axes to one element each. Operands: input, axes (1-d int64)?; without axes all are reduced, or none with
/// `noopWithEmptyAxes`. Sources: ONNX Reduce*; caffe/layers/reduction_layer.cpp.
package struct Reduction: Operator {
  package static let operatorName = "Reduction"
  package var function: Function
  package var keepsDimensions: Bool
  package var noopWithEmptyAxes: Bool
  package enum Function: String, Hashable, Sendable {
    case sum, mean, product, maximum, minimum, l1, l2, logSum, logSumExp, sumSquare
  }

  package init(_ function: Function, keepsDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.function = function
    self.keepsDimensions = keepsDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard let reduced = try axes(inputs, rank: x.count) else {
      return [.tensor(type, keepsDimensions ? x.indices.map { inputs.fresh($0) } : nil)]
    }
    var out: [Dim] = []
    for (i, d) in x.enumerated() {
      if !reduced.contains(i) { out.append(d) } else if keepsDimensions { out.append(Dim(1)) }
    }
    return [.tensor(type, out)]
  }

  /// The axes that are reduced, where they are known.
  package func axes(_ inputs: TypeInputs, rank: Int) throws(InferenceError) -> Set<Int>? {
    var list: [Int] = []
    if inputs.has(1) {
      guard let v = inputs.ints(1) else { return nil }
      list = v
    }
    if list.isEmpty { return noopWithEmptyAxes ? [] : Set(0..<rank) }
    var out: Set<Int> = []
    for a in list { out.insert(try ShapeRule.axis(a, rank: rank)) }
    return out
  }
}

/// Index of the largest or smallest element along an axis. Sources: ONNX ArgMax, ArgMin.
package struct ArgExtreme: Operator {
  package static let operatorName = "ArgExtreme"
  package var isMaximum: Bool
  package var axis: Int
  package var keepsDimensions: Bool
  /// Of equal elements the last counts.
  package var selectsLast: Bool

  package init(isMaximum: Bool, axis: Int, keepsDimensions: Bool = true, selectsLast: Bool = false) {
    self.isMaximum = isMaximum
    self.axis = axis
    self.keepsDimensions = keepsDimensions
    self.selectsLast = selectsLast
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard var x = try inputs.shape(0) else { return [.tensor(.int64, nil)] }
    let a = try ShapeRule.axis(axis, rank: x.count)
    if keepsDimensions { x[a] = Dim(1) } else { x.remove(at: a) }
    return [.tensor(.int64, x)]
  }
}
