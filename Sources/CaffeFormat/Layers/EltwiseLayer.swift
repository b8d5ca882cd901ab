import Diagnostics
import ModelGraph

/// Product, weighted sum or maximum of bottoms of one shape. Source: eltwise_layer.cpp.
///
/// Synopsys' tree has a minimum and a quotient besides, and its second bottom may have fewer axes than the first: it stands
/// at `axis` (0 unless given) and is the same along all others, where a quotient is a product with the reciprocal.
enum EltwiseLayer: LayerTranslator {
  static var types: [String] { ["Eltwise"] }
  /// One in FlowNet 2's tree alone, where it is multiplied by its coefficient.
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  /// SUM, MAX and MIN overwrite the top before they read the first bottom.
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool {
    ["PROD", "DIV"].contains(layer.parameters("eltwise_param").name(of: "operation", default: "SUM"))
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
    guard coefficients.isEmpty || operation == "SUM" || operation == "MAX" else {
      throw l.error("caffe.eltwise.coeff-operation", "coefficients are for SUM, not for \(operation)", p, "coeff")
    }
    var operands = l.bottoms
    let isBroadcast = l.bottoms.count > 1 && l.rank(1) < l.rank()
    if isBroadcast { operands[1] = try standing(l, p) }
    for i in 1..<l.bottoms.count where i > 1 || !isBroadcast {
      try l.requireSameShape(0, i, "caffe.eltwise.shape", help: "Eltwise does not broadcast; use Scale or Bias")
    }
    let function: VariadicMap.Function
    switch operation {
    case "PROD": function = .product
    case "MAX": function = .maximum
    case "MIN": function = .minimum
    case "DIV":
      try divide(l, p, operands, isBroadcast)
      return
    case "SUM":
      function = coefficients.allSatisfy { $0 == 1 } ? .sum : .weightedSum(coefficients.map { FloatBits($0) })
    default:
      throw l.error(
        "caffe.eltwise.operation", "unknown operation \(operation)", p, "operation",
        help: operation == "3" ? "3 is DIV in Synopsys' Caffe, where --fork synopsys reads it" : nil)
    }
    if operation == "MAX", !coefficients.isEmpty {
      l.warn("caffe.eltwise.coeff-ignored", "Caffe ignores the coefficients of MAX", p, "coeff")
    }
    try l.emit(VariadicMap(function), operands)
  }

  /// Bottom 1, of fewer axes, as NumPy broadcasts it to bottom 0: axes of extent 1 follow its own.
  private static func standing(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) -> ValueID {
    let axis = try l.axis(p.int("axis"), p)
    let (whole, part) = (l.shape(), l.shape(1))
    let rest = whole.count - axis - part.count
    let fits =
      rest >= 0
      && zip(whole[axis...], part).allSatisfy { x, y in
        if let m = x.value, let n = y.value { return m == n }
        return true
      }
    guard fits else {
      throw l.error(
        "caffe.eltwise.shape",
        "bottoms 0 and 1 have shapes \(shapeText(whole)) and \(shapeText(part)): the second does not fit the first from "
          + "axis \(axis) on", p, "axis", help: "bottoms of one shape are for any Caffe; use Scale or Bias for others")
    }
    l.note(
      "caffe.eltwise.broadcast",
      "the second bottom of shape \(shapeText(part)) is repeated to \(shapeText(whole)), as Synopsys' Caffe does; BVLC's "
        + "refuses it")
    return try l.reshaped(try l.bottom(1), to: part + Array(repeating: 1, count: rest), "operand")
  }

  private static func divide(
    _ l: LayerBuilder, _ p: ParameterBlock, _ operands: [ValueID], _ isBroadcast: Bool
  ) throws(Diagnostic) {
    guard operands.count == 2 else {
      throw l.error("caffe.layer.bottom-count", "has \(operands.count) bottoms, but DIV takes 2", p, "operation")
    }
    guard isBroadcast else {
      try l.emit(BinaryMap(.divide), operands)
      return
    }
    try l.emit(BinaryMap(.multiply), [operands[0], try l.map(.reciprocal, operands[1], "reciprocal")])
  }
}
