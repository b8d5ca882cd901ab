import Diagnostics
import ModelGraph

#if canImport(Glibc)
  import Glibc
#endif

/// min(max(x, 0), 6), with a slope for negative numbers where a fork has one, or another ceiling n.
enum ReLU6Layer: NeuronTranslator {
  static var types: [String] { ["ReLU6"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("relu6_param")
    let ceiling = p.float("n", default: 6)
    let slope = p.float("negative_slope")
    guard slope != 0 else {
      try l.emit(UnaryMap(.clamp(lower: 0, upper: FloatBits(ceiling))), [try l.bottom()])
      return
    }
    let x = try l.map(.leakyRelu(slope: FloatBits(slope)), try l.bottom(), "leaky")
    try l.emit(BinaryMap(.minimum), [x, try l.constant("ceiling", scalar: ceiling)])
  }
}

/// x where x > 0, else x divided by a number: drawn between two bounds while training, a fixed one while testing.
///
/// Two forms of the layer of Xu et al. 2015 are about, told apart by their fields: `negative_slope_lower` and
/// `negative_slope_upper` divide by the middle of both; `lb` and `ub` (ducha-aiki's tree) by their logarithmic mean,
/// (ub − lb) / ln(ub / lb). Sources: the trees' rrelu_layer.cpp.
enum RReLULayer: NeuronTranslator {
  static var types: [String] { ["RReLU"] }
  static var support: LayerSupport { .limited("the TEST phase; while training it is random") }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("rrelu_param")
    guard !l.isTraining else {
      throw l.error(
        "caffe.rrelu.random", "draws its slopes at random in the TRAIN phase", p,
        help: "read the net for the TEST phase")
    }
    let isLogarithmic = p.has("lb") || p.has("ub")
    guard isLogarithmic || (p.has("negative_slope_lower") && p.has("negative_slope_upper")) else {
      throw l.error(
        "caffe.rrelu.bounds", "its bounds are not given, and forks' defaults differ", p,
        help: "ducha-aiki's Caffe has rrelu_param { lb: 5 ub: 10 }")
    }
    let low = Double(isLogarithmic ? p.float("lb", default: 5) : p.float("negative_slope_lower"))
    let high = Double(isLogarithmic ? p.float("ub", default: 10) : p.float("negative_slope_upper"))
    guard low > 0, high >= low, high.isFinite, !isLogarithmic || high > low else {
      throw l.error("caffe.rrelu.bounds", "the bounds \(low) and \(high) must be positive and in order", p)
    }
    let divisor = isLogarithmic ? (high - low) / (log(high) - log(low)) : (low + high) / 2
    try l.emit(UnaryMap(.leakyRelu(slope: FloatBits(Float(1 / divisor)))), [try l.bottom()])
  }
}

/// x · tanh(ln(1 + eˣ)).
enum MishLayer: NeuronTranslator {
  static var types: [String] { ["Mish"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) { try l.emit(UnaryMap(.mish), [try l.bottom()]) }
}

/// x · min(max(x + 3, 0), 6) / 6.
enum HardSwishLayer: NeuronTranslator {
  static var types: [String] { ["HardSwish", "HSwish", "Hswish"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) { try l.emit(UnaryMap(.hardSwish), [try l.bottom()]) }
}

/// relu(x) and relu(−x) one after another along `concat_axis`. Source: Shang et al. 2016, as forks name it.
enum CReLULayer: LayerTranslator {
  static var types: [String] { ["CReLU"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("crelu_param")
    let axis = try l.axis(p.int("concat_axis", default: 1), p, "concat_axis")
    let slope = p.float("negative_slope")
    let f: UnaryFunction = slope == 0 ? .relu : .leakyRelu(slope: FloatBits(slope))
    let positive = try l.map(f, try l.bottom(), "positive")
    let negative = try l.map(f, try l.map(.negate, try l.bottom(), "negated"), "negative")
    try l.emit(Concat(axis: axis), [positive, negative])
  }
}
