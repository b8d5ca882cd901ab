import Diagnostics
import ModelGraph

/// max(x, 0) + negative_slope · min(x, 0). Source: relu_layer.cpp.
enum ReLULayer: NeuronTranslator {
  static var types: [String] { ["ReLU"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("relu_param")
    try FixedPoint.refuse(l, p)
    let slope = p.float("negative_slope")
    let f: UnaryFunction = slope == 0 ? .relu : .leakyRelu(slope: FloatBits(slope))
    // Synopsys' bounds; 0 stands for none.
    var upper = p.bool("relu6") ? 6 : Float.infinity
    if p.float("maximum") > 0 { upper = min(upper, p.float("maximum")) }
    let lower = p.float("minimum")
    guard upper < .infinity || lower != 0 else {
      try l.emit(UnaryMap(f), [try l.bottom()])
      return
    }
    var y = try l.map(f, try l.bottom(), "rectified")
    if upper < .infinity { y = try l.binary(.minimum, y, try l.constant("maximum", scalar: upper), "bounded") }
    if lower != 0 { y = try l.binary(.maximum, y, try l.constant("minimum", scalar: lower), "raised") }
    l.setTop(0, y)
  }
}

/// max(x, 0) + a · min(x, 0) with one learned a, or one a channel (axis 1). Source: prelu_layer.cpp.
enum PReLULayer: NeuronTranslator {
  static var types: [String] { ["PReLU"] }
  static var support: LayerSupport { .limited("2 to 4 axes, as in Caffe") }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("prelu_param")
    guard l.rank() >= 2, l.rank() <= 4 else {
      throw l.error("caffe.prelu.rank", "the bottom must have 2 to 4 axes, but has shape \(shapeText(l.shape()))")
    }
    let filler = p.block("filler")
    let fill = filler.isPresent ? try Filler(filler, layer: l.layer) : .constant(0.25)
    let shape = p.bool("channel_shared") ? [] : [try l.size(1, "the number of channels")]
    let blob = try l.blobTensor(shape: shape, filler: fill)
    let slope = shape.isEmpty ? blob : try blob.reshaped(shape + Array(repeating: 1, count: l.rank() - 2))
    try l.emit(BinaryMap(.prelu), [try l.bottom(), l.constant("slope", slope)])
  }
}

/// x where x > 0, else alpha (eˣ − 1). Source: elu_layer.cpp. NVCaffe multiplies both by `lambda`.
enum ELULayer: NeuronTranslator {
  static var types: [String] { ["ELU"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("elu_param")
    let (op, lambda) = (UnaryMap(.elu(alpha: FloatBits(p.float("alpha", default: 1)))), p.float("lambda", default: 1))
    if lambda == 1 {
      try l.emit(op, [try l.bottom()])
    } else {
      let curve = try l.add(op, [try l.bottom()], "curve")
      try l.emit(BinaryMap(.multiply), [curve, try l.constant("lambda", scalar: lambda)])
    }
  }
}

/// 1 / (1 + e⁻ˣ). Source: sigmoid_layer.cpp.
enum SigmoidLayer: NeuronTranslator {
  static var types: [String] { ["Sigmoid"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) { try l.emit(UnaryMap(.sigmoid), [try l.bottom()]) }
}

/// Hyperbolic tangent. Source: tanh_layer.cpp.
enum TanHLayer: NeuronTranslator {
  static var types: [String] { ["TanH"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) { try l.emit(UnaryMap(.tanh), [try l.bottom()]) }
}

/// |x|; the only neuron layer that refuses to work in place. Source: absval_layer.cpp.
enum AbsValLayer: LayerTranslator {
  static var types: [String] { ["AbsVal"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) { try l.emit(UnaryMap(.absolute), [try l.bottom()]) }
}

/// ln(1 + eˣ). Source: bnll_layer.cpp.
enum BNLLLayer: NeuronTranslator {
  static var types: [String] { ["BNLL"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) { try l.emit(UnaryMap(.softplus), [try l.bottom()]) }
}

/// (shift + scale · x)^power. Source: power_layer.cpp.
enum PowerLayer: NeuronTranslator {
  static var types: [String] { ["Power"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("power_param")
    let function = UnaryFunction.affinePower(
      power: FloatBits(p.float("power", default: 1)), scale: FloatBits(p.float("scale", default: 1)),
      shift: FloatBits(p.float("shift")))
    try l.emit(UnaryMap(function), [try l.bottom()])
  }
}

/// base^(shift + scale · x). Source: exp_layer.cpp.
enum ExpLayer: NeuronTranslator {
  static var types: [String] { ["Exp"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("exp_param")
    try l.requireBase(p)
    let function = UnaryFunction.exponentialBase(
      base: FloatBits(p.float("base", default: -1)), scale: FloatBits(p.float("scale", default: 1)),
      shift: FloatBits(p.float("shift")))
    try l.emit(UnaryMap(function), [try l.bottom()])
  }
}

/// log_base(shift + scale · x). Source: log_layer.cpp.
enum LogLayer: NeuronTranslator {
  static var types: [String] { ["Log"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("log_param")
    try l.requireBase(p)
    guard p.float("base", default: -1) != 1 else {
      throw l.error("caffe.log.base", "base 1 has no logarithm", p, "base")
    }
    let function = UnaryFunction.logBase(
      base: FloatBits(p.float("base", default: -1)), scale: FloatBits(p.float("scale", default: 1)),
      shift: FloatBits(p.float("shift")))
    try l.emit(UnaryMap(function), [try l.bottom()])
  }
}

/// 1 where x > threshold, else 0. Source: threshold_layer.cpp.
enum ThresholdLayer: NeuronTranslator {
  static var types: [String] { ["Threshold"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let threshold = l.parameters("threshold_param").float("threshold")
    try l.emit(UnaryMap(.step(threshold: FloatBits(threshold))), [try l.bottom()])
  }
}

/// max(min, min(x, max)). Source: clip_layer.cpp.
enum ClipLayer: NeuronTranslator {
  static var types: [String] { ["Clip"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("clip_param")
    for field in ["min", "max"] where !p.has(field) {
      throw l.error("caffe.clip.bounds", "\(field) is required", p)
    }
    try l.emit(
      UnaryMap(.clamp(lower: FloatBits(p.float("min")), upper: FloatBits(p.float("max")))), [try l.bottom()])
  }
}

/// x · sigmoid(beta · x). Source: swish_layer.cpp.
enum SwishLayer: NeuronTranslator {
  static var types: [String] { ["Swish"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let beta = l.parameters("swish_param").float("beta", default: 1)
    try l.emit(UnaryMap(.swish(beta: FloatBits(beta))), [try l.bottom()])
  }
}

extension LayerBuilder {
  /// A base is -1 (for e) or positive and finite.
  fileprivate func requireBase(_ p: ParameterBlock) throws(Diagnostic) {
    let base = p.float("base", default: -1)
    guard base == -1 || (base > 0 && base.isFinite) else {
      throw error("caffe.layer.base", "base must be positive, or -1 for e", p, "base")
    }
  }
}
