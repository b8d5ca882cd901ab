import TensorCore

/// Per-channel normalisation with given or batch statistics: scale · (x − mean) / √(variance + ε) + bias.
///
/// Operands: input [N, C, …], scale [C]?, bias [C]?, mean [C], variance [C]. With `.batchStatistics` mean and variance are
/// taken from the input over every axis but the channel (biased variance), and the last two operands may be omitted.
/// Sources: ONNX BatchNormalization (inference), caffe/layers/batch_norm_layer.cpp.
package struct BatchNormalization: Operator {
  package static let operatorName = "BatchNormalization"
  package var epsilon: FloatBits
  package var statistics: Statistics
  package enum Statistics: Hashable, Sendable { case given, batch }

  package init(epsilon: Float, statistics: Statistics = .given) {
    self.epsilon = FloatBits(epsilon)
    self.statistics = statistics
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let x = try inputs.shape(0)
    if let x {
      let channels = x.count >= 2 ? x[1] : Dim(1)
      for i in 1...4 where inputs.has(i) {
        guard let p = try inputs.shape(i) else { continue }
        guard p.count == 1 else {
          throw InferenceError("parameter \(i) \(shapeText(p)) is not one-dimensional", input: i)
        }
        try ShapeRule.requireEqual(p[0], channels, "parameter \(i) and channels")
      }
    }
    if statistics == .given, !(inputs.has(3) && inputs.has(4)) { throw InferenceError("mean and variance are missing") }
    return [.tensor(type, x)]
  }
}

/// Local response normalisation: x / (k + α/n · Σ x²)^β over a window of n elements.
///
/// `.acrossChannels`: the window spans channels. `.withinChannel`: it spans `size`×`size` of the plane, zero padded and
/// counted whole, and k is 1 whatever is given. Sources: ONNX LRN, caffe/layers/lrn_layer.cpp.
package struct LocalResponseNormalization: Operator {
  package static let operatorName = "LocalResponseNormalization"
  package var region: Region
  package var size: Int
  package var alpha: FloatBits
  package var beta: FloatBits
  package var k: FloatBits
  package enum Region: Hashable, Sendable { case acrossChannels, withinChannel }

  package init(region: Region, size: Int, alpha: Float, beta: Float, k: Float) {
    self.region = region
    self.size = size
    self.alpha = FloatBits(alpha)
    self.beta = FloatBits(beta)
    self.k = FloatBits(k)
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let x = try inputs.shape(0)
    guard size >= 1 else { throw InferenceError("local size \(size) is not positive") }
    if let x, x.count < 2 || (region == .withinChannel && x.count != 4) {
      throw InferenceError("input \(shapeText(x)) has the wrong rank", input: 0)
    }
    return [.tensor(type, x)]
  }
}

/// (x − mean) / deviation over `axes`. Sources: ONNX MeanVarianceNormalization, caffe/layers/mvn_layer.cpp.
package struct MeanVarianceNormalization: Operator {
  package static let operatorName = "MeanVarianceNormalization"
  package var axes: [Int]
  /// False subtracts the mean alone.
  package var normalizesVariance: Bool
  package var epsilon: FloatBits
  package var epsilonPlace: EpsilonPlace
  /// √(variance + ε) or √variance + ε (Caffe, and ONNX's function body).
  package enum EpsilonPlace: Hashable, Sendable { case insideRoot, afterRoot }

  package init(axes: [Int], normalizesVariance: Bool = true, epsilon: Float, epsilonPlace: EpsilonPlace) {
    self.axes = axes
    self.normalizesVariance = normalizesVariance
    self.epsilon = FloatBits(epsilon)
    self.epsilonPlace = epsilonPlace
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x { for a in axes { _ = try ShapeRule.axis(a, rank: x.count) } }
    return [.tensor(try inputs.dtype(0), x)]
  }
}

/// scale · (x − mean) / √(variance + ε) + bias per sample and channel. Operands: input [N, C, …], scale [C], bias [C].
/// Source: ONNX InstanceNormalization.
package struct InstanceNormalization: Operator {
  package static let operatorName = "InstanceNormalization"
  package var epsilon: FloatBits
  package init(epsilon: Float) { self.epsilon = FloatBits(epsilon) }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.tensor(try inputs.dtype(0), try inputs.shape(0))]
  }
}

/// x divided by its p-norm along `axis`: no ε. Source: ONNX LpNormalization.
package struct LpNormalization: Operator {
  package static let operatorName = "LpNormalization"
  package var axis: Int
  package var p: Int
  package init(axis: Int = -1, p: Int = 2) {
    self.axis = axis
    self.p = p
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x { _ = try ShapeRule.axis(axis, rank: x.count) }
    return [.tensor(try inputs.dtype(0), x)]
  }
}

/// e^x / Σ e^x along `axis` (or its logarithm), or 1 at the first maximum and 0 elsewhere.
///
/// Sources: ONNX Softmax, LogSoftmax, Hardmax. Before opset 13 ONNX flattens to two axes at `axis` first: `.coerced`.
package struct Softmax: Operator {
  package static let operatorName = "Softmax"
  package var axis: Int
  package var kind: Kind
  /// Normalises over all axes from `axis` on, as one.
  package var coerced: Bool
  package enum Kind: Hashable, Sendable { case softmax, logSoftmax, hardmax }

  package init(axis: Int, kind: Kind = .softmax, coerced: Bool = false) {
    self.axis = axis
    self.kind = kind
    self.coerced = coerced
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x, !(x.isEmpty && (axis == 0 || axis == -1)) {
      _ = try ShapeRule.axis(axis, rank: x.count, inclusive: coerced)
    }
    return [.tensor(try inputs.dtype(0), x)]
  }
}
