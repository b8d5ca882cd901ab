import TensorCore

/// Shape rule shared by the pooling operators: [N, C, D₁…] → [N, C, o₁…].
package enum PoolRule {
  package static func output(_ x: [Dim], _ g: WindowGeometry) throws(InferenceError) -> [Dim] {
    guard x.count >= 3 || (g.isGlobal && x.count >= 2) else {
      throw InferenceError("input \(shapeText(x)) has no spatial axes", input: 0)
    }
    let axes = x.count - 2
    try g.check(axes: axes)
    guard g.isGlobal || g.kernel.count == axes else {
      throw InferenceError("kernel has \(g.kernel.count) entries for \(axes) spatial axes")
    }
    var out = [x[0], x[1]]
    for i in 0..<axes { out.append(try g.outputExtent(x[i + 2], kernel: g.isGlobal ? 1 : g.kernel[i], axis: i)) }
    return out
  }
}

/// Maximum over windows; padding never wins. A window wholly outside the input gives `emptyValue`.
///
/// Operand [N, C, D…]. Results: maxima, and (where asked) the place of each maximum, first one winning, counted as
/// `indices` says. Sources: ONNX MaxPool, caffe/layers/pooling_layer.cpp.
package struct MaxPool: Operator {
  package static let operatorName = "MaxPool"
  package var geometry: WindowGeometry
  package var indices: Indices
  package var emptyValue: EmptyValue
  package var nanRule: NaNRule

  package enum Indices: Hashable, Sendable {
    case none
    /// ONNX: int64, counted over the whole tensor, row-major or with spatial axes column-major.
    case flat(columnMajor: Bool)
    /// Caffe: float, counted within the plane; −1 where the window is empty.
    case planeFloat
  }
  package enum EmptyValue: Hashable, Sendable { case negativeInfinity, lowestFinite }
  package enum NaNRule: Hashable, Sendable {
    /// A NaN in the window gives NaN.
    case propagate
    /// Caffe: `>` comparisons from −FLT_MAX: NaN never wins.
    case ignore
  }

  package init(
    _ geometry: WindowGeometry, indices: Indices = .none, emptyValue: EmptyValue = .negativeInfinity,
    nanRule: NaNRule = .propagate
  ) {
    self.geometry = geometry
    self.indices = indices
    self.emptyValue = emptyValue
    self.nanRule = nanRule
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let out: Shape = if let x = try inputs.shape(0) { try PoolRule.output(x, geometry) } else { nil }
    switch indices {
    case .none: return [.tensor(type, out)]
    case .flat: return [.tensor(type, out), .tensor(.int64, out)]
    case .planeFloat: return [.tensor(type, out), .tensor(.float32, out)]
    }
  }
}

/// Mean over windows.
///
/// Sources: ONNX AveragePool, caffe/layers/pooling_layer.cpp.
package struct AveragePool: Operator {
  package static let operatorName = "AveragePool"
  package var geometry: WindowGeometry
  package var divisor: Divisor

  package enum Divisor: Hashable, Sendable {
    /// The whole window, whatever lies outside (count_include_pad with floor rounding).
    case window
    /// Window ∩ padded input: padding counts, the overhang of ceil rounding does not (Caffe; ONNX count_include_pad).
    case paddedExtent
    /// Window ∩ input (ONNX's default).
    case validOnly
  }

  package init(_ geometry: WindowGeometry, divisor: Divisor) {
    self.geometry = geometry
    self.divisor = divisor
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    return [.tensor(type, try PoolRule.output(x, geometry))]
  }
}

/// The p-norm over windows. Source: ONNX LpPool.
package struct LpPool: Operator {
  package static let operatorName = "LpPool"
  package var geometry: WindowGeometry
  package var p: Int

  package init(_ geometry: WindowGeometry, p: Int = 2) {
    self.geometry = geometry
    self.p = p
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    return [.tensor(type, try PoolRule.output(x, geometry))]
  }
}

/// Caffe's stochastic pooling at TEST: Σx² / Σx over the window (0 where the sum is 0). Source: pooling_layer.cu.
package struct StochasticPool: Operator {
  package static let operatorName = "StochasticPool"
  package var geometry: WindowGeometry

  package init(_ geometry: WindowGeometry) { self.geometry = geometry }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    return [.tensor(type, try PoolRule.output(x, geometry))]
  }
}
