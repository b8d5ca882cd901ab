import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Axes walked backwards. Source: forks' reverse_layer.cpp (`axis` once, or several times).
enum ReverseLayer: LayerTranslator {
  static var types: [String] { ["Reverse"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("reverse_param")
    let given = p.ints("axis")
    var axes: [Int] = []
    for a in given.isEmpty ? [0] : given {
      let axis = try l.axis(a, p)
      if !axes.contains(axis) { axes.append(axis) }
    }
    let n = axes.count
    try l.emit(
      Slice(),
      [
        try l.bottom(), try l.constant("start", ints: Array(repeating: -1, count: n)),
        try l.constant("end", ints: Array(repeating: -Int(Int32.max), count: n)), try l.constant("axes", ints: axes),
        try l.constant("step", ints: Array(repeating: -1, count: n)),
      ])
  }
}

/// Channels copied from other places or filled with a value; those without an action stay. Source: the fork with
/// channel_permutation_param, channel_perm_layer.cpp.
enum ChannelPermutationLayer: LayerTranslator {
  static var types: [String] { ["ChannelPermutation"] }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("channel_permutation_param")
    guard l.rank() >= 2 else { throw l.error("caffe.channel-permutation.rank", "the bottom must have a channel axis") }
    let inputs = try l.size(1, "the number of channels")
    let outputs = p.int("num_output")
    guard outputs > 0, outputs <= 1 << 20 else {
      throw l.error("caffe.channel-permutation.outputs", "num_output \(outputs) must be positive", p, "num_output")
    }
    var source = Array(0..<outputs)
    var fill: [Float?] = Array(repeating: nil, count: outputs)
    for action in p.blocks("action") {
      let channel = action.int("chan")
      guard channel >= 0, channel < outputs, action.has("copy") != action.has("fill") else {
        throw l.error(
          "caffe.channel-permutation.action", "an action must copy to or fill one of \(outputs) channels", p)
      }
      source[channel] = action.has("copy") ? action.int("copy") : 0
      if action.has("fill") { fill[channel] = action.float("fill") }
    }
    guard source.indices.allSatisfy({ fill[$0] != nil || (source[$0] >= 0 && source[$0] < inputs) }) else {
      throw l.error("caffe.channel-permutation.source", "a channel is copied that the \(inputs) inputs do not have", p)
    }
    let moved = try l.add(Gather(axis: 1), [try l.bottom(), try l.constant("source", ints: source)], "moved")
    guard fill.contains(where: { $0 != nil }) else { return l.setTop(0, moved) }
    let form = [1, outputs] + Array(repeating: 1, count: l.rank() - 2)
    let isKept = l.constant("is_kept", try Tensor(fill.map { $0 == nil }, shape: form))
    try l.emit(Select(), [isKept, moved, l.constant("fill", try Tensor(fill.map { $0 ?? 0 }, shape: form))])
  }
}

/// A border of zeros or of another value. Sources: forks' pad_layer.cpp (`paddings`, two an axis; `constant_values`),
/// DeepLab's padding_layer.cpp (`pad_beg`, `pad_end`), OpenCV's Padding (`paddings`, `value`).
enum PaddingLayer: LayerTranslator {
  static var types: [String] { ["Pad", "Padding"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let block = l.layer.parameters("pad_param").isPresent ? "pad_param" : "padding_param"
    let p = l.parameters(block)
    if p.has("pad_beg") || p.has("pad_end"), l.rank() == 4 {
      // DeepLab's form: the plane alone, negative pads crop.
      let (b, e) = (p.int("pad_beg"), p.int("pad_end"))
      guard b.magnitude <= 1 << 20, e.magnitude <= 1 << 20 else {
        throw l.error("caffe.pad.size", "pads \(b) and \(e) are too large", p)
      }
      try l.emit(Pad(), [try l.bottom(), try l.constant("pads", ints: [0, 0, b, b, 0, 0, e, e])])
      return
    }
    let pads = p.ints("paddings")
    guard pads.count == 2 * l.rank(), pads.allSatisfy({ $0 >= 0 && $0 <= 1 << 20 }) else {
      throw l.error(
        "caffe.pad.count", "\(pads.count) paddings for \(l.rank()) axes: two are needed for each, none negative", p,
        "paddings")
    }
    let ends = (0..<l.rank()).map { pads[2 * $0] } + (0..<l.rank()).map { pads[2 * $0 + 1] }
    let value = p.has("constant_values") ? p.float("constant_values") : p.float("value")
    try l.emit(Pad(), [try l.bottom(), try l.constant("pads", ints: ends), try l.constant("value", scalar: value)])
  }
}

/// Mean, sum or mean of the k greatest over groups of an axis: the axis holds square pyramids (`level` 2 is 4 entries), and
/// each becomes one entry. One level of 1 reduces the whole axis; `pos` takes the diagonal of two axes.
/// Source: yjxiong's batch_reduction_layer.cpp.
enum BatchReductionLayer: LayerTranslator {
  static var types: [String] { ["BatchReduction"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("batch_reduction_param")
    let r = p.block("reduction_param")
    let axis = try l.axis(r.int("axis"), r)
    let levels = p.ints("level").isEmpty ? [1] : p.ints("level")
    let operation = r.name(of: "operation", default: "SUM")
    let extent = try l.size(axis, "the axis to reduce")
    guard levels.allSatisfy({ $0 > 0 && $0 <= 1 << 12 }), levels.count == 1 || operation != "TOPK" else {
      throw l.error("caffe.batch-reduction.level", "levels \(levels) do not go with \(operation)", p, "level")
    }
    let isWhole = levels == [1]
    let sizes = isWhole ? [extent] : levels.map { $0 * $0 }
    guard sizes.reduce(0, +) == extent else {
      throw l.error(
        "caffe.batch-reduction.extent", "levels \(levels) do not add up to an axis of \(extent)", p, "level")
    }
    var x = try l.bottom()
    var rest = Array(l.shape()[(axis + 1)...])
    if p.bool("pos") {
      guard levels.count == 1, rest.first == Dim(extent) else {
        throw l.error("caffe.batch-reduction.pos", "pos wants one level and two equal axes", p, "pos")
      }
      x = try diagonal(l, axis, extent)
      rest.removeFirst()
    }
    let shape = Array(l.shape()[..<axis]) + (isWhole ? [] : [Dim(levels.count)]) + rest
    var parts: [ValueID] = []
    let groups =
      sizes.count == 1
      ? [x] : try l.split(x, axis: axis, sizes: try l.constant("sizes", ints: sizes), count: sizes.count, "level")
    for (i, group) in groups.enumerated() { parts.append(try reduced(l, r, group, axis, sizes[i], operation, i)) }
    let all = parts.count == 1 ? parts[0] : try l.add(Concat(axis: axis), parts, "levels")
    try l.emitReshaped(all, to: shape)
  }

  private static func reduced(
    _ l: LayerBuilder, _ r: ParameterBlock, _ x: ValueID, _ axis: Int, _ n: Int, _ operation: String, _ i: Int
  ) throws(Diagnostic) -> ValueID {
    let axes = try l.constant("axis\(i)", ints: [axis])
    switch operation {
    case "SUM": return try l.add(Reduction(.sum), [x, axes], "sum\(i)")
    case "MEAN": return try l.add(Reduction(.mean), [x, axes], "mean\(i)")
    case "TOPK":
      let k = r.int("k", default: 1)
      guard k > 0, k <= n else { throw l.error("caffe.batch-reduction.k", "k \(k) of \(n) entries", r, "k") }
      guard let best = try l.addAll(TopK(axis: axis), [x, try l.constant("k", ints: [k])], "best")[0] else {
        throw l.error("caffe.layer.internal", "TopK gives no result")
      }
      return try l.add(Reduction(.mean), [best, axes], "mean\(i)")
    default:
      throw l.error("caffe.batch-reduction.operation", "the layer does not implement \(operation)", r, "operation")
    }
  }

  /// Entries (i, i) of two axes: every (n + 1)-th of both flattened.
  private static func diagonal(_ l: LayerBuilder, _ axis: Int, _ n: Int) throws(Diagnostic) -> ValueID {
    let s = l.shape()
    let flat = try l.reshaped(
      try l.bottom(), to: Array(s[..<axis]) + [Dim(n * n)] + Array(s[(axis + 2)...]), "both_axes")
    return try l.add(
      Gather(axis: axis), [flat, try l.constant("diagonal", ints: (0..<n).map { $0 * (n + 1) })], "on_diagonal")
  }
}
