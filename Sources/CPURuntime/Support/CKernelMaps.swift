import CKernels
import ModelGraph

/// Which C kernel computes a scalar function on float32.
enum CKernelMap {
  /// The function with its two parameters; nil where there is none.
  static func unary(_ f: UnaryFunction) -> (op: mc_unary_op, p: Float, q: Float)? {
    switch f {
    case .relu: (MC_UNARY_RELU, 0, 0)
    case .leakyRelu(let slope): (MC_UNARY_LEAKY, slope.value, 0)
    case .clamp(let low, let high): (MC_UNARY_CLIP, low.value, high.value)
    case .sigmoid: (MC_UNARY_SIGMOID, 0, 0)
    case .tanh: (MC_UNARY_TANH, 0, 0)
    case .exponential: (MC_UNARY_EXP, 0, 0)
    case .naturalLog: (MC_UNARY_LOG, 0, 0)
    case .elu(let alpha): (MC_UNARY_ELU, alpha.value, 0)
    case .swish(let beta): (MC_UNARY_SWISH, beta.value, 0)
    case .softplus: (MC_UNARY_SOFTPLUS, 0, 0)
    case .absolute: (MC_UNARY_ABS, 0, 0)
    case .negate: (MC_UNARY_NEGATE, 0, 0)
    case .squareRoot: (MC_UNARY_SQRT, 0, 0)
    case .reciprocal: (MC_UNARY_RECIPROCAL, 0, 0)
    case .hardSigmoid(let alpha, let beta): (MC_UNARY_HARD_SIGMOID, alpha.value, beta.value)
    case .hardSwish: (MC_UNARY_HARD_SWISH, 1 / 6, 0.5)
    case .mish: (MC_UNARY_MISH, 0, 0)
    case .step(let threshold): (MC_UNARY_THRESHOLD, threshold.value, 0)
    case .affinePower(let power, let scale, let shift) where power.value == 1 && scale.value != 0:
      (MC_UNARY_AFFINE, scale.value, shift.value)
    default: nil
    }
  }

  static func binary(_ f: BinaryFunction) -> mc_binary_op? {
    switch f {
    case .add: MC_BINARY_ADD
    case .subtract: MC_BINARY_SUBTRACT
    case .multiply: MC_BINARY_MULTIPLY
    case .divide: MC_BINARY_DIVIDE
    case .maximum: MC_BINARY_MAX_NAN
    case .minimum: MC_BINARY_MIN_NAN
    default: nil
    }
  }

  /// An activation that convolutions and matrix products apply on the way out.
  static func activation(_ f: UnaryFunction) -> mc_activation? {
    switch f {
    case .relu: mc_activation(kind: MC_ACTIVATION_RELU, alpha: 0, low: 0, high: 0)
    case .leakyRelu(let s): mc_activation(kind: MC_ACTIVATION_LEAKY, alpha: s.value, low: 0, high: 0)
    case .clamp(let low, let high):
      mc_activation(kind: MC_ACTIVATION_CLIP, alpha: 0, low: low.value, high: high.value)
    default: nil
    }
  }
}
