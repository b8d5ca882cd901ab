import Diagnostics
import ModelGraph
import TensorCore

// Unary functions that an operator set lacks, said with operators that it has.
extension OnnxEmitter {
  /// Emits a node whose result is a temporary.
  func step(_ type: String, _ inputs: [String], _ suffix: String, _ a: [(String, OnnxAttribute)] = [])
    throws(Diagnostic)
    -> String
  {
    let name = temporary(suffix)
    try put(type, inputs, [name], a)
    return name
  }

  private var x: String { input(0) }

  func hardSwish() throws(Diagnostic) {
    let h = try step("HardSigmoid", [x], "gate", [("alpha", .float(1.0 / 6)), ("beta", .float(0.5))])
    try put("Mul", [x, h], outputs)
  }

  func mish() throws(Diagnostic) {
    let t = try step("Tanh", [try step("Softplus", [x], "softplus")], "tanh")
    try put("Mul", [x, t], outputs)
  }

  /// max(0, x) + min(0, α (e^{x/α} − 1)): Elu of x/α, times α.
  func celu(_ alpha: Float) throws(Diagnostic) {
    if alpha == 1 { return try put("Elu", [x], outputs) }
    let a = try scalar(Double(alpha), "alpha")
    let e = try step("Elu", [try step("Div", [x, a], "scaled")], "elu")
    try put("Mul", [e, a], outputs)
  }

  func thresholdedRelu(_ alpha: Float) throws(Diagnostic) {
    let zero = try scalar(0, "zero")
    let above = try step("Greater", [x, try scalar(Double(alpha), "alpha")], "above")
    try put("Where", [above, x, zero], outputs)
  }

  func swish(_ beta: Float) throws(Diagnostic) {
    let inner = beta == 1 ? x : try step("Mul", [x, try scalar(Double(beta), "beta")], "scaled")
    try put("Mul", [x, try step("Sigmoid", [inner], "gate")], outputs)
  }

  func exactGelu() throws(Diagnostic) {
    let r = try step("Mul", [x, try scalar(0.5.squareRoot(), "root")], "scaled")
    let e = try step("Add", [try step("Erf", [r], "erf"), try scalar(1, "one")], "shifted")
    let h = try step("Mul", [x, try scalar(0.5, "half")], "half_x")
    try put("Mul", [h, e], outputs)
  }

  func tanhGelu() throws(Diagnostic) {
    let cube = try step("Mul", [try step("Mul", [x, x], "square"), x], "cube")
    let inner = try step("Add", [x, try step("Mul", [cube, try scalar(0.044715, "k")], "term")], "sum")
    let t = try step(
      "Tanh", [try step("Mul", [inner, try scalar((2 / Double.pi).squareRoot(), "root")], "arg")], "tanh")
    let h = try step("Mul", [x, try scalar(0.5, "half")], "half_x")
    try put("Mul", [h, try step("Add", [t, try scalar(1, "one")], "shifted")], outputs)
  }

  /// min(max(x, lower), upper) with constant bounds.
  func clip(_ lower: Float, _ upper: Float) throws(Diagnostic) {
    if opset < 11 { return try put("Clip", [x], outputs, [("max", .float(upper)), ("min", .float(lower))]) }
    try put("Clip", [x, try scalar(Double(lower), "min"), try scalar(Double(upper), "max")], outputs)
  }

  /// x > threshold ? 1 : 0.
  func step(_ threshold: Float) throws(Diagnostic) {
    let above = try step("Greater", [x, try scalar(Double(threshold), "threshold")], "above")
    try put("Cast", [above], outputs, [("to", .int(OnnxDType.number(dtype(0))))])
  }

  /// (shift + scale · x)^power.
  func affinePower(_ power: Float, _ scale: Float, _ shift: Float) throws(Diagnostic) {
    // Caffe: where scale · power is 0 the result is the constant shift^power, whatever x is, NaN included.
    if scale * power == 0 { return try constantLike(Double(Float.pow(shift, power))) }
    var chain: [(String, [String])] = []
    if scale != 1 { chain.append(("Mul", [try scalar(Double(scale), "scale")])) }
    if shift != 0 { chain.append(("Add", [try scalar(Double(shift), "shift")])) }
    if power == -1 {
      chain.append(("Reciprocal", []))
    } else if power != 1 {
      chain.append(("Pow", [try scalar(Double(power), "power")]))
    }
    try put(chain: chain)
  }

  /// A chain of nodes, each on the result of the one before; an empty chain passes the operand on.
  func put(chain: [(String, [String])]) throws(Diagnostic) {
    var value = x
    if chain.isEmpty { return try put("Identity", [value], outputs) }
    for (k, (type, more)) in chain.enumerated() {
      if k == chain.count - 1 { return try put(type, [value] + more, outputs) }
      value = try step(type, [value] + more, type.lowercased())
    }
  }

  /// A tensor of the operand's shape whose elements are all `v`.
  func constantLike(_ v: Double) throws(Diagnostic) {
    if let sizes = type(0).sizes, sizes.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) <= 1 << 16 {
      return try put("Identity", [constant(try Tensor.splat(v, dtype(0), shape: sizes), "constant")], outputs)
    }
    let shape = try step("Shape", [x], "shape")
    try put("ConstantOfShape", [shape], outputs, [("value", .tensor(try Tensor.splat(v, dtype(0), shape: [1])))])
  }

  /// base^(shift + scale · x); a base of −1 means e.
  func exponential(base: Float, scale: Float, shift: Float) throws(Diagnostic) {
    let ln: Double = base == -1 ? 1 : Double(Float.log(base))
    var chain: [(String, [String])] = []
    let inner = Float(ln) * scale
    // The outer factor base^shift is kept apart, as Caffe computes it.
    let outer = shift == 0 ? 1 : base == -1 ? Float.exp(shift) : Float.pow(base, shift)
    if inner != 1 { chain.append(("Mul", [try scalar(Double(inner), "scale")])) }
    chain.append(("Exp", []))
    if outer != 1 { chain.append(("Mul", [try scalar(Double(outer), "factor")])) }
    try put(chain: chain)
  }

  /// log_base(shift + scale · x); a base of −1 means e.
  func logarithm(base: Float, scale: Float, shift: Float) throws(Diagnostic) {
    var chain: [(String, [String])] = []
    if scale != 1 { chain.append(("Mul", [try scalar(Double(scale), "scale")])) }
    if shift != 0 { chain.append(("Add", [try scalar(Double(shift), "shift")])) }
    chain.append(("Log", []))
    let factor = base == -1 ? 1 : 1 / Float.log(base)
    if factor != 1 { chain.append(("Mul", [try scalar(Double(factor), "factor")])) }
    try put(chain: chain)
  }
}

#if canImport(Glibc)
  import Glibc
#endif

extension Float {
  fileprivate static func pow(_ a: Float, _ b: Float) -> Float { powf(a, b) }
  fileprivate static func exp(_ a: Float) -> Float { expf(a) }
  fileprivate static func log(_ a: Float) -> Float { logf(a) }
}
