import Diagnostics
import ModelGraph
import TensorCore

/// Element-wise operators as Caffe layers.
enum ElementwiseExport {
  private static func neuron(
    _ type: String, _ n: Node, _ w: inout GraphExportWriter, _ fields: [(String, String, Float)] = []
  ) throws(Diagnostic) {
    var d = LayerDraft(w.newLayer(n.name), type, bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)])
    for (block, field, v) in fields { try d.set(block, field, float: v) }
    w.add(d)
  }

  static func unary(_ f: UnaryFunction, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    switch f {
    case .relu: try neuron("ReLU", n, &w)
    case .leakyRelu(let slope): try neuron("ReLU", n, &w, [("relu_param", "negative_slope", slope.value)])
    case .sigmoid: try neuron("Sigmoid", n, &w)
    case .tanh: try neuron("TanH", n, &w)
    case .absolute: try neuron("AbsVal", n, &w)
    case .softplus: try neuron("BNLL", n, &w)
    case .elu(let alpha): try neuron("ELU", n, &w, [("elu_param", "alpha", alpha.value)])
    case .step(let t): try neuron("Threshold", n, &w, [("threshold_param", "threshold", t.value)])
    case .swish(let beta): try neuron("Swish", n, &w, [("swish_param", "beta", beta.value)])
    case .clamp(let low, let high):
      try neuron("Clip", n, &w, [("clip_param", "min", low.value), ("clip_param", "max", high.value)])
    case .negate: try neuron("Power", n, &w, [("power_param", "scale", -1)])
    case .squareRoot: try neuron("Power", n, &w, [("power_param", "power", 0.5)])
    case .reciprocal: try neuron("Power", n, &w, [("power_param", "power", -1)])
    case .exponential: try neuron("Exp", n, &w)
    case .naturalLog: try neuron("Log", n, &w)
    case .affinePower(let power, let scale, let shift):
      try neuron("Power", n, &w, triple("power_param", "power", power, scale, shift))
    case .exponentialBase(let base, let scale, let shift):
      try neuron("Exp", n, &w, triple("exp_param", "base", base, scale, shift))
    case .logBase(let base, let scale, let shift):
      try neuron("Log", n, &w, triple("log_param", "base", base, scale, shift))
    default: throw w.refuse(n, "the function \(f)")
    }
  }

  private static func triple(
    _ block: String, _ first: String, _ a: FloatBits, _ scale: FloatBits, _ shift: FloatBits
  ) -> [(String, String, Float)] {
    [(block, first, a.value), (block, "scale", scale.value), (block, "shift", shift.value)]
  }

  static func clip(_ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    func bound(_ i: Int, _ fallback: Float) throws(Diagnostic) -> Float {
      guard w.has(n, i) else { return fallback }
      guard let v = try w.constant(n, i)?.floats().first else { throw w.refuse(n, "a bound is computed") }
      return v
    }
    let low = try bound(1, -.greatestFiniteMagnitude)
    let high = try bound(2, .greatestFiniteMagnitude)
    try neuron("Clip", n, &w, [("clip_param", "min", low), ("clip_param", "max", high)])
  }

  static func variadic(_ f: VariadicMap.Function, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    if n.inputs.count == 1, f == .sum || f == .product || f == .maximum { return try w.alias(n) }
    let shape = try w.shape(n, 0)
    for i in n.inputs.indices where try w.shape(n, i) != shape { throw w.refuse(n, "operands of different shapes") }
    switch f {
    case .sum: try eltwise("SUM", [], n, &w)
    case .product: try eltwise("PROD", [], n, &w)
    case .maximum: try eltwise("MAX", [], n, &w)
    case .weightedSum(let c): try eltwise("SUM", c.map(\.value), n, &w)
    case .mean: try eltwise("SUM", Array(repeating: 1 / Float(n.inputs.count), count: n.inputs.count), n, &w)
    case .minimum: throw w.refuse(n, "the minimum of several operands")
    }
  }

  private static func eltwise(
    _ operation: String, _ coefficients: [Float], _ n: Node, _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    var bottoms: [String] = []
    for i in n.inputs.indices { bottoms.append(try w.bottom(n, i)) }
    var d = LayerDraft(w.newLayer(n.name), "Eltwise", bottoms: bottoms, tops: [try w.top(n)])
    if operation != "SUM" { try d.set("eltwise_param", "operation", name: operation) }
    if !coefficients.isEmpty { try d.set("eltwise_param", "coeff", coefficients.map { .float($0) }) }
    w.add(d)
  }

  static func scaleShift(_ op: ScaleShift, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let rank = try w.shape(n, 0).count
    let axis = op.axis < 0 ? op.axis + rank : op.axis
    let hasScale = w.has(n, 1)
    let type = hasScale ? "Scale" : "Bias"
    let block = hasScale ? "scale_param" : "bias_param"
    let operand = hasScale ? 1 : 2
    var bottoms = [try w.bottom(n, 0)]
    var blobs: [Tensor] = []
    if let t = w.constant(n, operand) { blobs.append(t) } else { bottoms.append(try w.bottom(n, operand)) }
    let size = try w.shape(n, operand).count
    if hasScale, w.has(n, 2) {
      guard let bias = w.constant(n, 2), try w.shape(n, 2) == w.shape(n, 1) else {
        throw w.refuse(n, "a bias that is computed or of another shape than the scale")
      }
      blobs.append(bias)
    }
    var d = LayerDraft(w.newLayer(n.name), type, bottoms: bottoms, tops: [try w.top(n)], blobs: blobs)
    try d.set(block, "axis", int: axis)
    if bottoms.count == 1, size != 1 { try d.set(block, "num_axes", int: size) }
    if hasScale, w.has(n, 2) { try d.set(block, "bias_term", bool: true) }
    w.add(d)
  }

  static func binary(_ f: BinaryFunction, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    if f == .prelu { return try prelu(n, &w) }
    let (a, b) = (try w.shape(n, 0), try w.shape(n, 1))
    let isConstant = w.constant(n, 1) != nil || w.constant(n, 0) != nil
    if isConstant { return try withConstant(f, n, &w) }
    guard a == b else { return try broadcast(f, n, a, b, &w) }
    switch f {
    case .add: try eltwise("SUM", [], n, &w)
    case .subtract: try eltwise("SUM", [1, -1], n, &w)
    case .multiply: try eltwise("PROD", [], n, &w)
    case .maximum: try eltwise("MAX", [], n, &w)
    default: throw w.refuse(n, "\(f) of two operands")
    }
  }

  /// x ∘ constant: a number becomes Power, a constant along some axes Scale or Bias.
  private static func withConstant(
    _ f: BinaryFunction, _ n: Node, _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    let onRight = w.constant(n, 1) != nil
    guard let c = w.constant(n, onRight ? 1 : 0), c.dtype.isFloat, !(w.constant(n, 0) != nil && onRight) else {
      throw w.refuse(n, "\(f) of constants")
    }
    let shape = try w.shape(n, onRight ? 0 : 1)
    guard try w.resultShape(n) == shape else { throw w.refuse(n, "the constant widens the result") }
    let x = try w.bottom(n, onRight ? 0 : 1)
    if c.count == 1, let v = try c.floats().first {
      let fields: [(String, Float)]
      switch f {
      case .add: fields = [("shift", v)]
      case .subtract: fields = onRight ? [("shift", -v)] : [("scale", -1), ("shift", v)]
      case .multiply: fields = [("scale", v)]
      case .divide where onRight && v != 0: fields = [("scale", 1 / v)]
      // c / x = (x / c)^-1
      case .divide where v != 0: fields = [("power", -1), ("scale", 1 / v)]
      case .power where onRight: fields = [("power", v)]
      default: throw w.refuse(n, "\(f) with a number")
      }
      var d = LayerDraft(w.newLayer(n.name), "Power", bottoms: [x], tops: [try w.top(n)])
      for (field, value) in fields { try d.set("power_param", field, float: value) }
      return w.add(d)
    }
    guard f == .add || f == .multiply || (f == .subtract || f == .divide) && onRight else {
      throw w.refuse(n, "\(f) with a constant of shape \(c.shape)")
    }
    guard let place = place(c.shape, in: shape) else { throw w.refuse(n, "a constant of shape \(c.shape)") }
    var values = try c.floats()
    if f == .subtract { values = values.map { -$0 } }
    if f == .divide { values = values.map { 1 / $0 } }
    let blob = f == .add ? try c.reshaped(place.shape) : try Tensor(values, shape: place.shape)
    let isScale = f == .multiply || f == .divide
    var d = LayerDraft(
      w.newLayer(n.name), isScale ? "Scale" : "Bias", bottoms: [x], tops: [try w.top(n)], blobs: [blob])
    let block = isScale ? "scale_param" : "bias_param"
    try d.set(block, "axis", int: place.axis)
    if place.shape.count != 1 { try d.set(block, "num_axes", int: place.shape.count) }
    w.add(d)
  }

  /// Where a broadcast shape lies on another one, without its outer axes of extent 1.
  private static func place(_ c: [Int], in x: [Int]) -> (axis: Int, shape: [Int])? {
    guard c.count <= x.count else { return nil }
    let full = Array(repeating: 1, count: x.count - c.count) + c
    guard let first = full.firstIndex(where: { $0 != 1 }), let last = full.lastIndex(where: { $0 != 1 }) else {
      return nil
    }
    let middle = Array(full[first...last])
    return middle == Array(x[first...last]) ? (first, middle) : nil
  }

  /// A computed operand of fewer extents: Scale or Bias with two bottoms.
  private static func broadcast(
    _ f: BinaryFunction, _ n: Node, _ a: [Int], _ b: [Int], _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    let result = try w.resultShape(n)
    let large = a == result ? 0 : b == result ? 1 : -1
    guard large >= 0, f == .add || f == .multiply, let place = place(large == 0 ? b : a, in: result) else {
      throw w.refuse(n, "\(f) of shapes \(a) and \(b)")
    }
    let small = try w.bottom(n, 1 - large)
    let shaped = w.inner(n, "operand")
    var r = LayerDraft(w.newLayer(n.name + "/shape"), "Reshape", bottoms: [small], tops: [shaped])
    try r.set("reshape_param", shape: place.shape)
    w.add(r)
    let isScale = f == .multiply
    var d = LayerDraft(
      w.newLayer(n.name), isScale ? "Scale" : "Bias", bottoms: [try w.bottom(n, large), shaped], tops: [try w.top(n)])
    try d.set(isScale ? "scale_param" : "bias_param", "axis", int: place.axis)
    w.add(d)
  }

  private static func prelu(_ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let shape = try w.shape(n, 0)
    guard let slope = w.constant(n, 1), shape.count >= 2, shape.count <= 4 else {
      throw w.refuse(n, "a slope that is computed, or more than 4 axes")
    }
    var d = LayerDraft(w.newLayer(n.name), "PReLU", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)])
    if slope.count == 1 {
      d.blobs = [try slope.reshaped([])]
      try d.set("prelu_param", "channel_shared", bool: true)
    } else {
      guard let place = place(slope.shape, in: shape), place.axis == 1, place.shape.count == 1 else {
        throw w.refuse(n, "a slope of shape \(slope.shape)")
      }
      d.blobs = [try slope.reshaped(place.shape)]
    }
    w.add(d)
  }
}
