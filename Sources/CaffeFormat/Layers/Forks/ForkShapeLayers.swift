import Diagnostics
import ModelGraph

/// Axes in another order; axes that `order` does not name follow in theirs. Source: SSD permute_layer.cpp.
enum PermuteLayer: LayerTranslator {
  static var types: [String] { ["Permute"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("permute_param")
    var order: [Int] = []
    for a in p.ints("order") {
      guard a < l.rank(), !order.contains(a) else {
        throw l.error(
          "caffe.permute.order", "axis \(a) is out of range or given twice for shape \(shapeText(l.shape()))", p,
          "order")
      }
      order.append(a)
    }
    order += (0..<l.rank()).filter { !order.contains($0) }
    try l.emit(Transpose(order), [try l.bottom()])
  }
}

/// Channels of `group` groups interleaved. Source: ShuffleNet forks' shuffle_channel_layer.cpp.
enum ShuffleChannelLayer: LayerTranslator {
  static var types: [String] { ["ShuffleChannel"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("shuffle_channel_param")
    let group = p.int("group", default: 1)
    let channels = try l.size(1, "the number of channels")
    guard group > 0, channels % group == 0 else {
      throw l.error("caffe.shuffle.group", "\(channels) channels do not divide into \(group) groups", p, "group")
    }
    let rest = Array(l.shape()[2...])
    let split = [l.shape()[0], Dim(group), Dim(channels / group)] + rest
    let apart = try l.reshaped(try l.bottom(), to: split, "groups")
    let mixed = try l.add(Transpose([0, 2, 1] + Array(3..<(3 + rest.count))), [apart], "shuffled")
    try l.emitReshaped(mixed, to: l.shape())
  }
}

/// Squares of `stride` × `stride` elements become channels (or back with `reverse`), in darknet's order of memory.
/// Source: YOLOv2 ports' reorg_layer.cpp.
enum ReorgLayer: LayerTranslator {
  static var types: [String] { ["Reorg", "PassThrough"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let block = l.layer.type == "PassThrough" ? "pass_through_param" : "reorg_param"
    let p = l.parameters(block)
    let s = p.has("block_height") ? p.int("block_height") : p.int("stride", default: 2)
    guard l.rank() == 4, s >= 1, s <= 1 << 10 else {
      throw l.error("caffe.reorg.stride", "stride \(s) or rank \(l.rank())", p, "stride")
    }
    let n = l.shape()[0]
    let (c, h, w) = (try l.size(1, "channels"), try l.size(2, "height"), try l.size(3, "width"))
    if p.bool("reverse") {
      guard c % (s * s) == 0 else { throw l.error("caffe.reorg.size", "\(c) channels do not divide by \(s * s)", p) }
      let k = c / (s * s)
      let apart = try l.reshaped(
        try l.bottom(), to: [n, Dim(s), Dim(s), Dim(k), Dim(h), Dim(w)], "blocks")
      let moved = try l.add(Transpose([0, 3, 4, 1, 5, 2]), [apart], "moved")
      return try l.emitReshaped(moved, to: [n, Dim(k), Dim(h * s), Dim(w * s)])
    }
    guard c % (s * s) == 0, h % s == 0, w % s == 0 else {
      throw l.error("caffe.reorg.size", "shape \(shapeText(l.shape())) does not divide by stride \(s)", p, "stride")
    }
    // darknet reads the input's memory as if it had c/s² channels of s times the size.
    let apart = try l.reshaped(
      try l.bottom(), to: [n, Dim(c / (s * s)), Dim(h), Dim(s), Dim(w), Dim(s)], "blocks")
    let moved = try l.add(Transpose([0, 3, 5, 1, 2, 4]), [apart], "moved")
    try l.emitReshaped(moved, to: [n, Dim(c * s * s), Dim(h / s), Dim(w / s)])
  }
}

/// scale · x + y with one scale for each item and channel. Bottoms: scale [N, C, (1, 1)], x, y. Source: SENet axpy_layer.
enum AxpyLayer: LayerTranslator {
  static var types: [String] { ["Axpy"] }
  static var bottoms: ClosedRange<Int> { 3...3 }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let s = l.shape()
    guard s.count >= 2, l.rank(1) >= 2, s.dropFirst(2).allSatisfy({ $0 == 1 }),
      Array(s[..<2]) == Array(l.shape(1)[..<2])
    else {
      throw l.error("caffe.axpy.shape", "the scale of shape \(shapeText(s)) must be [N, C] of \(shapeText(l.shape(1)))")
    }
    try l.requireSameShape(1, 2, "caffe.axpy.shape")
    let scale = try l.reshaped(try l.bottom(), to: Array(s[..<2]), "scale")
    try l.emit(
      BinaryMap(.add), [try l.add(ScaleShift(axis: 0), [try l.bottom(1), scale, nil], "scaled"), try l.bottom(2)])
  }
}
