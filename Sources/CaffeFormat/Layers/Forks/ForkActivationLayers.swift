import Diagnostics
import ModelGraph

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
