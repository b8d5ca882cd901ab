import Diagnostics
import ModelGraph
import TensorCore

/// Which Caffe layer says a neutral operator.
enum GraphExportRules {
  static func write(_ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    switch n.op {
    case is Identity: try w.alias(n)
    case let op as Convolution: try WindowExport.convolution(op, n, &w)
    case let op as TransposedConvolution: try WindowExport.deconvolution(op, n, &w)
    case let op as MaxPool: try WindowExport.maxPool(op, n, &w)
    case let op as AveragePool: try WindowExport.averagePool(op, n, &w)
    case let op as InnerProduct: try LinearExport.innerProduct(op, n, &w)
    case let op as Gemm: try LinearExport.gemm(op, n, &w)
    case is MatMul: try LinearExport.matMul(n, &w)
    case let op as BatchNormalization: try NormalizationExport.batchNorm(op, n, &w)
    case let op as LocalResponseNormalization: try NormalizationExport.lrn(op, n, &w)
    case let op as MeanVarianceNormalization: try NormalizationExport.mvn(op, n, &w)
    case let op as ScaleShift: try ElementwiseExport.scaleShift(op, n, &w)
    case let op as UnaryMap: try ElementwiseExport.unary(op.function, n, &w)
    case let op as BinaryMap: try ElementwiseExport.binary(op.function, n, &w)
    case let op as VariadicMap: try ElementwiseExport.variadic(op.function, n, &w)
    case is Clip: try ElementwiseExport.clip(n, &w)
    case let op as Softmax: try softmax(op, n, &w)
    case let op as Resize: try WindowExport.repetition(op, n, &w)
    case is Tile: try tile(n, &w)
    case let op as Concat: try concat(op, n, &w)
    case let op as Split: try split(op, n, &w)
    case is Reshape, is ReshapeAxes, is Squeeze, is Unsqueeze: try reshape(n, &w)
    case let op as Flatten: try flatten(op.axis, op.endAxis, n, &w)
    case let op as FlattenToMatrix where op.axis == 1: try flatten(1, -1, n, &w)
    case is FlattenToMatrix: try reshape(n, &w)
    case let op as CropLike: try crop(op, n, &w)
    case is Slice: try slice(n, &w)
    case is Pad: try pad(n, &w)
    case let op as Reduction: try reduction(op, n, &w)
    case let op as Transpose where op.order == Array(0..<op.order.count) && !op.order.isEmpty: try w.alias(n)
    default: throw w.refuse(n, "\(n.op.operatorName) has no counterpart")
    }
  }

  private static func softmax(_ op: Softmax, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let rank = try w.shape(n, 0).count
    let axis = op.axis < 0 ? op.axis + rank : op.axis
    guard op.kind == .softmax else { throw w.refuse(n, "\(op.kind) has no counterpart") }
    guard !op.coerced || axis == rank - 1 else { throw w.refuse(n, "a softmax over several axes") }
    var d = LayerDraft(w.newLayer(n.name), "Softmax", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)])
    if axis != 1 { try d.set("softmax_param", "axis", int: axis) }
    w.add(d)
  }

  /// Repetition along axes: a Tile layer for each.
  private static func tile(_ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    guard let counts = try w.constant(n, 1)?.ints() else { throw w.refuse(n, "the repeats are computed") }
    let places = counts.indices.filter { counts[$0] != 1 }
    guard !places.isEmpty else { return try w.alias(n) }
    var bottom = try w.bottom(n, 0)
    for axis in places {
      guard counts[axis] > 0, counts[axis] <= Int32.max else {
        throw w.refuse(n, "\(counts[axis]) repeats are none or too many")
      }
      let isLast = axis == places.last
      let top = isLast ? try w.top(n) : w.inner(n, "axis\(axis)")
      var d = LayerDraft(
        w.newLayer(isLast ? n.name : "\(n.name)/axis\(axis)"), "Tile", bottoms: [bottom], tops: [top])
      try d.set("tile_param", "axis", int: axis)
      try d.set("tile_param", "tiles", int: Int(counts[axis]))
      w.add(d)
      bottom = top
    }
  }

  private static func concat(_ op: Concat, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    var bottoms: [String] = []
    for i in n.inputs.indices { bottoms.append(try w.bottom(n, i)) }
    var d = LayerDraft(w.newLayer(n.name), "Concat", bottoms: bottoms, tops: [try w.top(n)])
    if op.axis != 1 { try d.set("concat_param", "axis", int: op.axis) }
    w.add(d)
  }

  private static func split(_ op: Split, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let axis = op.axis < 0 ? op.axis + (try w.shape(n, 0).count) : op.axis
    var tops: [String] = []
    for i in 0..<op.count { tops.append(try w.top(n, i)) }
    var d = LayerDraft(w.newLayer(n.name), "Slice", bottoms: [try w.bottom(n, 0)], tops: tops)
    try d.set("slice_param", "axis", int: axis)
    if w.has(n, 1) {
      guard let sizes = try w.constant(n, 1)?.ints() else { throw w.refuse(n, "the parts are computed") }
      var at = 0
      var points: [Int] = []
      for s in sizes.dropLast() {
        guard s > 0 else { throw w.refuse(n, "a part is empty") }
        at += Int(s)
        points.append(at)
      }
      try d.set("slice_param", "slice_point", points.map { .uint(UInt64($0)) })
    }
    w.add(d)
  }

  private static func reshape(_ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let shape = try w.resultShape(n)
    let from = try w.shape(n, 0)
    guard !shape.contains(0) else { throw w.refuse(n, "an extent is 0, which Caffe reads as a copy") }
    var d = LayerDraft(w.newLayer(n.name), "Reshape", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)])
    // The batch is copied where it stays, so that the net takes others.
    var dims = shape
    if let first = shape.first, first == from.first { dims[0] = 0 }
    try d.set("reshape_param", shape: dims)
    w.add(d)
  }

  private static func flatten(
    _ axis: Int, _ end: Int, _ n: Node, _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    var d = LayerDraft(w.newLayer(n.name), "Flatten", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)])
    if axis != 1 { try d.set("flatten_param", "axis", int: axis) }
    if end != -1 { try d.set("flatten_param", "end_axis", int: end) }
    w.add(d)
  }

  private static func crop(_ op: CropLike, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    var d = LayerDraft(
      w.newLayer(n.name), "Crop", bottoms: [try w.bottom(n, 0), try w.bottom(n, 1)], tops: [try w.top(n)])
    try d.set("crop_param", "axis", int: op.axis)
    if !op.offsets.isEmpty { try d.set("crop_param", "offset", op.offsets.map { .uint(UInt64(max(0, $0))) }) }
    w.add(d)
  }

  /// A range of each axis: a Slice layer an axis, whose other parts a Silence layer takes.
  private static func slice(_ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let from = try w.shape(n, 0)
    func ints(_ i: Int) throws(Diagnostic) -> [Int]? {
      guard w.has(n, i) else { return nil }
      guard let t = w.constant(n, i) else { throw w.refuse(n, "the range is computed") }
      return try t.ints().map { Int($0) }
    }
    guard let starts = try ints(1), let ends = try ints(2), starts.count == ends.count else {
      throw w.refuse(n, "the range is computed")
    }
    let axes = try ints(3) ?? Array(starts.indices)
    let steps = try ints(4) ?? Array(repeating: 1, count: starts.count)
    guard axes.count == starts.count, steps == Array(repeating: 1, count: starts.count) else {
      throw w.refuse(n, "a range with steps \(steps)")
    }
    var cuts: [(axis: Int, start: Int, end: Int)] = []
    for (k, given) in axes.enumerated() {
      let axis = given < 0 ? given + from.count : given
      guard from.indices.contains(axis) else { throw w.refuse(n, "there is no axis \(given)") }
      func place(_ v: Int) -> Int {
        min(max(v < 0 ? v.addingReportingOverflow(from[axis]).partialValue : v, 0), from[axis])
      }
      let (start, end) = (place(starts[k]), place(ends[k]))
      guard start < end else { throw w.refuse(n, "the result is empty") }
      if start > 0 || end < from[axis] { cuts.append((axis, start, end)) }
    }
    guard !cuts.isEmpty else { return try w.alias(n) }
    var bottom = try w.bottom(n, 0)
    for (k, cut) in cuts.enumerated() {
      let top = k == cuts.count - 1 ? try w.top(n) : w.inner(n, "axis\(cut.axis)")
      var rest: [String] = []
      func other(_ side: String) -> String {
        rest.append(w.inner(n, "\(side)\(cut.axis)"))
        return rest[rest.count - 1]
      }
      let before = cut.start > 0 ? [other("before")] : []
      let after = cut.end < from[cut.axis] ? [other("after")] : []
      let name = k == cuts.count - 1 ? n.name : "\(n.name)/axis\(cut.axis)"
      var d = LayerDraft(w.newLayer(name), "Slice", bottoms: [bottom], tops: before + [top] + after)
      try d.set("slice_param", "axis", int: cut.axis)
      let points = (before.isEmpty ? [] : [cut.start]) + (after.isEmpty ? [] : [cut.end])
      try d.set("slice_param", "slice_point", points.map { .uint(UInt64($0)) })
      w.add(d)
      w.add(LayerDraft(w.newLayer(name + "/rest"), "Silence", bottoms: rest, tops: []))
      bottom = top
    }
  }

  /// Padding of nothing; Caffe pads in convolutions and poolings alone.
  private static func pad(_ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    guard let pads = try w.constant(n, 1)?.ints() else { throw w.refuse(n, "the pads are computed") }
    guard pads.allSatisfy({ $0 == 0 }) else { throw w.refuse(n, "Caffe pads in convolutions and poolings alone") }
    try w.alias(n)
  }

  private static func reduction(_ op: Reduction, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let shape = try w.shape(n, 0)
    var axes = Array(shape.indices)
    if w.has(n, 1) {
      guard let given = try w.constant(n, 1)?.ints() else { throw w.refuse(n, "the axes are computed") }
      if !given.isEmpty { axes = given.map { Int($0) < 0 ? Int($0) + shape.count : Int($0) }.sorted() }
    }
    let isPlane = axes == [2, 3] && shape.count == 4
    if isPlane, op.keepsDimensions, op.function == .mean || op.function == .maximum {
      var d = LayerDraft(w.newLayer(n.name), "Pooling", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)])
      try d.set("pooling_param", "pool", name: op.function == .mean ? "AVE" : "MAX")
      try d.set("pooling_param", "global_pooling", bool: true)
      return w.add(d)
    }
    let names: [Reduction.Function: String] = [.sum: "SUM", .l1: "ASUM", .sumSquare: "SUMSQ", .mean: "MEAN"]
    guard let name = names[op.function], let first = axes.first, axes == Array(first..<shape.count) else {
      throw w.refuse(n, "\(op.function.rawValue) over axes \(axes) of \(shape)")
    }
    let reduced = op.keepsDimensions ? w.inner(n, "reduced") : try w.top(n)
    var d = LayerDraft(w.newLayer(n.name), "Reduction", bottoms: [try w.bottom(n, 0)], tops: [reduced])
    try d.set("reduction_param", "operation", name: name)
    try d.set("reduction_param", "axis", int: first)
    w.add(d)
    guard op.keepsDimensions else { return }
    var r = LayerDraft(w.newLayer(n.name + "/shape"), "Reshape", bottoms: [reduced], tops: [try w.top(n)])
    try r.set("reshape_param", shape: try w.resultShape(n))
    w.add(r)
  }
}
