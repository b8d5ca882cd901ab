import Diagnostics
import ModelGraph
import TensorCore

/// Indices or values of the `top_k` largest elements; of equal ones the larger index comes first.
/// Source: argmax_layer.cpp.
enum ArgMaxLayer: LayerTranslator {
  static var types: [String] { ["ArgMax"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("argmax_param")
    let k = p.int("top_k", default: 1)
    guard k >= 1 else { throw l.error("caffe.argmax.top-k", "top_k must be at least 1", p, "top_k") }
    let wantsValues = p.bool("out_max_val")
    if p.has("axis") {
      let axis = try l.axis(p.int("axis"), p)
      let extent = try l.size(axis, "the extent of axis \(axis)")
      try requireRange(l, p, k, extent)
      let (values, indices) = try best(l, try l.bottom(), axis, extent, k)
      try l.emit(Identity(), [wantsValues ? values : indices])
      return
    }
    guard l.rank() >= 1 else { throw l.error("caffe.argmax.rank", "the bottom has no axes") }
    let extent = try l.number(l.count(l.shape().dropFirst()), "the number of elements of an item")
    try requireRange(l, p, k, extent)
    let flat = try l.reshaped(try l.bottom(), to: [l.shape()[0], Dim(extent)], "flat")
    let (values, indices) = try best(l, flat, 1, extent, k)
    let rank = max(l.rank(), 3)
    let single = [l.shape()[0], 1, Dim(k)] + Array(repeating: Dim(1), count: rank - 3)
    guard wantsValues else { return try l.emitReshaped(indices, to: single) }
    let rows = [
      try l.reshaped(indices, to: single, "index_row"), try l.reshaped(values, to: single, "value_row"),
    ]
    try l.emit(Concat(axis: 1), rows)
  }

  private static func requireRange(_ l: LayerBuilder, _ p: ParameterBlock, _ k: Int, _ extent: Int) throws(Diagnostic) {
    guard k <= extent else {
      throw l.error("caffe.argmax.top-k", "top_k \(k) is greater than the \(extent) elements", p, "top_k")
    }
  }

  /// Values and float indices of the k best along `axis`, ties with the larger index first.
  private static func best(
    _ l: LayerBuilder, _ x: ValueID, _ axis: Int, _ extent: Int, _ k: Int
  ) throws(Diagnostic) -> (values: ValueID, indices: ValueID) {
    if k == 1 {
      let index = try l.add(ArgExtreme(isMaximum: true, axis: axis, selectsLast: true), [x], "argmax")
      let values = try l.add(Reduction(.maximum), [x, try l.constant("max_axes", ints: [axis])], "max")
      return (values, try l.cast(index, .float32, "index"))
    }
    // TopK prefers the lower index: on the reversed axis that is the larger one.
    let reversed = try l.add(
      Slice(),
      [
        x, try l.constant("start", ints: [-1]), try l.constant("end", ints: [-extent - 1]),
        try l.constant("axis", ints: [axis]), try l.constant("step", ints: [-1]),
      ], "reversed")
    let out = try l.addAll(TopK(axis: axis), [reversed, try l.constant("k", ints: [k])], "topk")
    guard out.count == 2, let values = out[0], let places = out[1] else {
      throw l.error("caffe.layer.internal", "TopK gives no results")
    }
    let last = l.constant("last", try Tensor(scalar: Int64(extent - 1)))
    let indices = try l.binary(.subtract, last, places, "indices")
    return (values, try l.cast(indices, .float32, "index"))
  }
}
