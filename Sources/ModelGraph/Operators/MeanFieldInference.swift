import TensorCore

/// Mean-field inference in a fully connected conditional random field with two Gaussian kernels: one of places, one of
/// places and colours.
///
/// Operands: unary terms [N, C, H, W], first estimate [N, C, H, W], picture [N, 3, H, W], weights of the spatial and of the
/// bilateral kernel and the compatibility, each [C, C]. Result: unary − compatibility · (W_s S(p) + W_b B(p)) after the last
/// step, with p the softmax of the step before and S, B normalised filters on the permutohedral lattice (Adams et al. 2010),
/// whose approximation is part of the meaning. Source: CRF-RNN multi_stage_meanfield.cpp, meanfield_iteration.cpp.
package struct MeanFieldInference: Operator {
  package static let operatorName = "MeanFieldInference"
  package var iterations: Int
  /// Standard deviations: of places in the bilateral kernel, of colours there, of places in the spatial kernel.
  package var thetaAlpha: FloatBits
  package var thetaBeta: FloatBits
  package var thetaGamma: FloatBits

  package init(iterations: Int, thetaAlpha: Float, thetaBeta: Float, thetaGamma: Float) {
    self.iterations = iterations
    self.thetaAlpha = FloatBits(thetaAlpha)
    self.thetaBeta = FloatBits(thetaBeta)
    self.thetaGamma = FloatBits(thetaGamma)
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard iterations >= 1, iterations <= 1 << 12 else { throw InferenceError("\(iterations) iterations") }
    for t in [thetaAlpha, thetaBeta, thetaGamma] where !(t.value > 0 && t.value.isFinite) {
      throw InferenceError("a standard deviation of \(t.value) is not positive")
    }
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard x.count == 4 else { throw InferenceError("the unary terms \(shapeText(x)) must have 4 axes", input: 0) }
    for (i, channels) in [(1, x[1]), (2, Dim(3))] {
      guard let s = try inputs.shape(i) else { continue }
      guard s.count == 4 else { throw InferenceError("operand \(shapeText(s)) must have 4 axes", input: i) }
      for (a, d) in [x[0], channels, x[2], x[3]].enumerated() { try ShapeRule.requireEqual(s[a], d, "axis \(a)") }
    }
    for i in 3...5 {
      guard let s = try inputs.shape(i) else { continue }
      guard s.count == 2 else { throw InferenceError("weights \(shapeText(s)) are not a matrix", input: i) }
      for d in s { try ShapeRule.requireEqual(d, x[1], "weights and classes") }
    }
    return [.tensor(type, x)]
  }
}
