import Diagnostics
import ModelGraph

/// Product, weighted sum or maximum of bottoms of one shape: no broadcasting. Source: eltwise_layer.cpp.
enum EltwiseLayer: LayerTranslator {
  static var types: [String] { ["Eltwise"] }
  /// One in FlowNet 2's tree alone, where it is multiplied by its coefficient.
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  /// SUM and MAX overwrite the top before they read the first bottom.
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool {
    layer.parameters("eltwise_param").name(of: "operation", default: "SUM") == "PROD"
  }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("eltwise_param")
    let operation = p.name(of: "operation", default: "SUM")
    let coefficients = p.floats("coeff")
    try FixedPoint.refuse(l, p)
    guard l.bottoms.count > 1 || (operation == "SUM" && !coefficients.isEmpty) else {
      throw l.error("caffe.layer.bottom-count", "has 1 bottoms, but takes at least 2", p)
    }
    guard coefficients.isEmpty || coefficients.count == l.bottoms.count else {
      throw l.error(
        "caffe.eltwise.coeff-count", "\(coefficients.count) coefficients for \(l.bottoms.count) bottoms", p, "coeff")
    }
    guard coefficients.isEmpty || operation != "PROD" else {
      throw l.error("caffe.eltwise.coeff-operation", "coefficients are for SUM, not for PROD", p, "coeff")
    }
    for i in 1..<l.bottoms.count {
      try l.requireSameShape(0, i, "caffe.eltwise.shape", help: "Eltwise does not broadcast; use Scale or Bias")
    }
    let function: VariadicMap.Function
    switch operation {
    case "PROD": function = .product
    case "MAX": function = .maximum
    case "SUM":
      function = coefficients.allSatisfy { $0 == 1 } ? .sum : .weightedSum(coefficients.map { FloatBits($0) })
    default: throw l.error("caffe.eltwise.operation", "unknown operation \(operation)", p, "operation")
    }
    if operation == "MAX", !coefficients.isEmpty {
      l.warn("caffe.eltwise.coeff-ignored", "Caffe ignores the coefficients of MAX", p, "coeff")
    }
    try l.emit(VariadicMap(function), l.bottoms)
  }
}
