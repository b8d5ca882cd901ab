import Diagnostics
import ModelGraph
import TensorCore

/// Derivatives of convolutions and poolings. Extents must be known, because the sizes of windows decide the paddings.
enum ConvolutionGradient {
  static func pull(
    _ op: Convolution, _ n: Node, _ g: ValueID, _ wanted: [Bool], _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID?] {
    guard n.inputs.count >= 2, let x = n.inputs[0], let w = n.inputs[1], let xs = b.scope.type(x).sizes,
      let ws = b.scope.type(w).sizes, let gs = b.scope.type(g).sizes, xs.count == ws.count, xs.count == gs.count
    else { throw b.refuse(n, "needs known extents") }
    let axes = xs.count - 2
    guard case .explicit = op.geometry.padding else { throw b.refuse(n, "needs explicit pads") }
    let begin = (0..<axes).map { op.geometry.explicitPads($0).begin }
    let end = (0..<axes).map { op.geometry.explicitPads($0).end }
    let strides = (0..<axes).map { op.geometry.stride($0) }
    let dilations = (0..<axes).map { op.geometry.dilation($0) }
    var out: [ValueID?] = [nil, nil]
    if wanted[0] {
      let rest = (0..<axes).map { (i: Int) -> Int in
        let window: Int = (ws[i + 2] - 1) * dilations[i] + 1
        let covered: Int = (gs[i + 2] - 1) * strides[i] + window
        return xs[i + 2] + begin[i] + end[i] - covered
      }
      let geometry = WindowGeometry(
        kernel: Array(ws.dropFirst(2)), strides: strides, dilations: dilations,
        padding: .explicit(begin: begin, end: end))
      let back = TransposedConvolution(geometry: geometry, groups: op.groups, outputPadding: rest)
      out[0] = try b.make(back, [g, w])
    }
    if wanted[1] {
      // The input correlated with the gradient: strides and dilations change places, batch and channels too.
      let geometry = WindowGeometry(
        kernel: Array(gs.dropFirst(2)), strides: dilations, dilations: strides,
        padding: .explicit(begin: begin, end: end))
      let order = [1, 0] + (2..<xs.count)
      let xParts = try parts(x, op.groups, xs[1], &b)
      let gParts = try parts(g, op.groups, gs[1], &b)
      var slices: [ValueID] = []
      for (xPart, gPart) in zip(xParts, gParts) {
        let wide = try b.make(
          Convolution(geometry: geometry), [b.make(Transpose(order), [xPart]), b.make(Transpose(order), [gPart])])
        let spatial = Array(2..<xs.count)
        let cut = try b.make(
          Slice(), [wide, b.ints(spatial.map { _ in 0 }), b.ints(Array(ws.dropFirst(2))), b.ints(spatial)])
        slices.append(try b.make(Transpose(order), [cut]))
      }
      out[1] = slices.count == 1 ? slices[0] : try b.make(Concat(axis: 0), slices.map { $0 })
    }
    if n.inputs.count > 2, wanted[2] {
      out.append(try b.sum(g, over: [0] + (2..<xs.count), keeps: false))
    }
    return out
  }

  private static func parts(
    _ v: ValueID, _ groups: Int, _ channels: Int, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID] {
    guard groups > 1 else { return [v] }
    let sizes = [Int](repeating: channels / groups, count: groups)
    return try b.makeAll(Split(axis: 1, count: groups), [v, b.ints(sizes)], results: groups)
  }

  /// Each window's gradient goes to its maximum, the first of equal ones.
  static func maxPool(
    _ op: MaxPool, _ n: Node, _ x: ValueID, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID {
    var again = op
    again.indices = .flat(columnMajor: false)
    let found = try b.makeAll(again, [x], results: 2)
    let flat = try b.ints([-1])
    let zeros = try b.make(Reshape(), [b.filled(like: x, 0), flat])
    let places = try b.make(Reshape(), [found[1], flat])
    let given = try b.make(Reshape(), [g, flat])
    return try b.reshaped(b.make(ScatterElements(axis: 0, reduction: .add), [zeros, places, given]), like: x)
  }

  static func globalAverage(
    _ n: Node, _ x: ValueID, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID {
    guard let rank = b.scope.rank(x) else { throw b.refuse(n, "needs an operand of known rank") }
    let ones = try b.filled(like: x, 1)
    return try b.times(b.binary(.divide, g, b.sum(ones, over: Array(2..<rank))), ones)
  }
}
