import Diagnostics
import ModelGraph
import TensorCore

extension LocalResponseNormalization: OnnxLegalisable {
  /// Within a channel: x · (1 + α · mean of x² over the window, zeros counted)^−β; k is ignored, as Caffe ignores it.
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    guard region == .withinChannel else { return nil }
    let x = try l.input(0)
    let before = (size - 1) / 2
    let geometry = WindowGeometry(
      kernel: [size, size],
      padding: .explicit(begin: [before, before], end: [size - 1 - before, size - 1 - before]))
    let square = try l.binary(.multiply, x, x, "square")
    let mean = try l.add(AveragePool(geometry, divisor: .paddedExtent), [square], "mean")
    let power = UnaryMap(.affinePower(power: FloatBits(-beta.value), scale: alpha, shift: 1))
    return [try l.binary(.multiply, x, try l.add(power, [mean], "factor"), "normalised")]
  }
}

extension MeanVarianceNormalization: OnnxLegalisable {
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    if normalizesVariance, epsilonPlace == .afterRoot, epsilon == FloatBits(1e-9) { return nil }
    let x = try l.input(0)
    let mean = try l.reduce(.mean, x, axes: axes, "mean")
    let centred = try l.binary(.subtract, x, mean, "centred")
    guard normalizesVariance else { return [centred] }
    let variance = try l.reduce(.mean, try l.binary(.multiply, centred, centred, "square"), axes: axes, "variance")
    let eps = try l.scalar(Double(epsilon.value), like: x, "epsilon")
    let deviation: ValueID
    switch epsilonPlace {
    case .insideRoot: deviation = try l.unary(.squareRoot, try l.binary(.add, variance, eps, "shifted"), "deviation")
    case .afterRoot: deviation = try l.binary(.add, try l.unary(.squareRoot, variance, "root"), eps, "deviation")
    }
    return [try l.binary(.divide, centred, deviation, "normalised")]
  }
}

extension BatchNormalization: OnnxLegalisable {
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    let x = try l.input(0)
    let rank = try l.rank(0)
    if statistics == .given, rank >= 2 {
      if l.has(1), l.has(2) { return nil }
      guard let channels = l.shape(try l.input(3))?.first?.value else {
        throw l.refuse(
          "onnx.unknown-channels", "its number of channels is not known", help: "give --shape for the inputs")
      }
      let type = l.dtype(x)
      let scale = l.has(1) ? try l.input(1) : l.constant(try Tensor.splat(1, type, shape: [channels]), "scale")
      let bias = l.has(2) ? try l.input(2) : l.constant(try Tensor.splat(0, type, shape: [channels]), "bias")
      return [try l.add(self, [x, scale, bias, try l.input(3), try l.input(4)], "normalised")]
    }
    // A vector's one channel broadcasts as it is; batch statistics keep their reduced axes.
    let axes = rank >= 2 ? (0..<rank).filter { $0 != 1 } : [0]
    func aligned(_ i: Int, _ name: String) throws(Diagnostic) -> ValueID {
      rank > 2
        ? try l.add(Unsqueeze(), [try l.input(i), try l.ints(Array(1...(rank - 2)), "\(name)_axes")], name)
        : try l.input(i)
    }
    let mean = statistics == .batch ? try l.reduce(.mean, x, axes: axes, "mean") : try aligned(3, "mean")
    let centred = try l.binary(.subtract, x, mean, "centred")
    let variance =
      statistics == .batch
      ? try l.reduce(.mean, try l.binary(.multiply, centred, centred, "square"), axes: axes, "variance")
      : try aligned(4, "variance")
    let eps = try l.scalar(Double(epsilon.value), like: x, "epsilon")
    let deviation = try l.unary(.squareRoot, try l.binary(.add, variance, eps, "shifted"), "deviation")
    var y = try l.binary(.divide, centred, deviation, "normalised")
    if l.has(1) { y = try l.binary(.multiply, y, try aligned(1, "scale"), "scaled") }
    if l.has(2) { y = try l.binary(.add, y, try aligned(2, "bias"), "biased") }
    return [y]
  }
}

extension ScaleShift: OnnxLegalisable {
  /// Multiply and add, with the parameters in a shape that broadcasts.
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    let x = try l.input(0)
    let rank = try l.rank(0)
    let start = axis < 0 ? axis + rank : axis
    var y = x
    for (i, f) in [(1, BinaryFunction.multiply), (2, .add)] where l.has(i) {
      let p = try l.aligned(try l.input(i), trailing: { r in r == 0 ? 0 : rank - start - r }, "parameter\(i)")
      y = try l.binary(f, y, p, i == 1 && l.has(2) ? "scaled" : "result")
    }
    return [y]
  }
}

extension OnnxLowering {
  /// The parameter with axes of extent 1 appended: a view of a constant, an Unsqueeze of a computed value.
  func aligned(_ p: ValueID, trailing: (Int) -> Int, _ suffix: String) throws(Diagnostic) -> ValueID {
    guard let r = shape(p)?.count else { throw refuse("onnx.unknown-rank", "the rank of a parameter is not known") }
    let n = trailing(r)
    guard n > 0 else { return p }
    if let t = constant(p) {
      let view = try t.reshaped(t.shape + Array(repeating: 1, count: n))
      if graph.consumers(of: p).count == 1, !graph.isOutput(p) {
        editor.setConstant(p, view)
        return p
      }
      return editor.addConstant((graph[p]?.name ?? suffix) + "/aligned", view)
    }
    return try add(Unsqueeze(), [p, try ints(Array(r..<(r + n)), "\(suffix)_axes")], "\(suffix)_aligned")
  }
}
