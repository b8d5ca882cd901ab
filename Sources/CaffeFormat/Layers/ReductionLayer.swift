import Diagnostics
import ModelGraph

/// coeff · sum, sum of magnitudes, sum of squares, or mean over all axes from `axis` on. Source: reduction_layer.cpp.
enum ReductionLayer: LayerTranslator {
  static var types: [String] { ["Reduction"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("reduction_param")
    let axis = try l.axis(p.int("axis"), p)
    let functions: [String: Reduction.Function] = ["SUM": .sum, "ASUM": .l1, "SUMSQ": .sumSquare, "MEAN": .mean]
    let name = p.name(of: "operation", default: "SUM")
    guard let function = functions[name] else {
      throw l.error("caffe.reduction.operation", "unknown operation \(name)", p, "operation")
    }
    let axes = try l.constant("axes", ints: Array(axis..<l.rank()))
    let op = Reduction(function, keepsDimensions: false)
    let coefficient = p.float("coeff", default: 1)
    guard coefficient != 1 else {
      try l.emit(op, [try l.bottom(), axes])
      return
    }
    let reduced = try l.add(op, [try l.bottom(), axes], "reduced")
    try l.emit(BinaryMap(.multiply), [reduced, try l.constant("coeff", scalar: coefficient)])
  }
}
