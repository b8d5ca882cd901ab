import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Rows of a learned table by index. Source: embed_layer.cpp.
enum EmbedLayer: LayerTranslator {
  static var types: [String] { ["Embed"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("embed_param")
    let outputs = p.int("num_output")
    let inputs = p.int("input_dim")
    guard outputs > 0, inputs > 0 else {
      throw l.error(
        "caffe.embed.size", "num_output and input_dim must be positive", p, outputs > 0 ? "input_dim" : "num_output")
    }
    let table = try l.blob(
      "weights", shape: [inputs, outputs], filler: Filler(p.block("weight_filler"), layer: l.layer))
    let hasBias = p.bool("bias_term", default: true)
    let bias =
      hasBias
      ? try l.blob("bias", shape: [outputs], filler: Filler(p.block("bias_filler"), layer: l.layer)) : nil
    let indices = try l.cast(try l.bottom(), .int64, "indices")
    guard let bias else {
      try l.emit(Gather(axis: 0), [table, indices])
      return
    }
    try l.emit(BinaryMap(.add), [try l.add(Gather(axis: 0), [table, indices], "rows"), bias])
  }
}

/// Items of bottom 0 in the order of bottom 1. Source: batch_reindex_layer.cpp.
enum BatchReindexLayer: LayerTranslator {
  static var types: [String] { ["BatchReindex"] }
  static var bottoms: ClosedRange<Int> { 2...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    guard l.rank(1) == 1, l.rank() >= 1 else {
      throw l.error("caffe.batch-reindex.rank", "the index of shape \(shapeText(l.shape(1))) must have one axis")
    }
    try l.emit(Gather(axis: 0), [try l.bottom(), try l.cast(try l.bottom(1), .int64, "indices")])
  }
}

/// Items whose selector (the last bottom) is not 0. Source: filter_layer.cpp.
enum FilterLayer: LayerTranslator {
  static var types: [String] { ["Filter"] }
  static var support: LayerSupport { .limited("the number of items that are kept is known when it runs") }
  static var bottoms: ClosedRange<Int> { 2...unlimited }
  static var tops: ClosedRange<Int> { 1...unlimited }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let last = l.bottoms.count - 1
    guard l.topCount == last else {
      throw l.error("caffe.layer.top-count", "\(l.topCount) tops for \(last) filtered bottoms")
    }
    let selector = l.shape(last)
    guard let items = selector.first, selector.dropFirst().allSatisfy({ $0 == 1 }) else {
      throw l.error("caffe.filter.selector", "the selector of shape \(shapeText(selector)) must have one value an item")
    }
    for i in 0..<last where l.shape(i).first != items {
      throw l.error(
        "caffe.filter.items",
        "bottom \(i) of shape \(shapeText(l.shape(i))) does not have the selector's \(items) items")
    }
    let flat = try l.reshaped(try l.bottom(last), to: [items], "selector")
    let condition = try l.cast(flat, .bool, "condition")
    for i in 0..<last { try l.emit(Compress(axis: 0), [try l.bottom(i), condition], top: i) }
  }
}

/// A learned blob as a value. Source: parameter_layer.hpp.
enum ParameterLayer: LayerTranslator {
  static var types: [String] { ["Parameter"] }
  static var bottoms: ClosedRange<Int> { 0...0 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let shape = l.parameters("parameter_param").block("shape").ints("dim")
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw l.error("caffe.parameter.shape", "the shape \(shape) has a negative extent")
    }
    l.setTop(0, try l.blob("value", shape: shape, filler: .zeros))
  }
}

/// The columns a convolution multiplies: [N, C·Πk, o…]. A convolution with unit kernels. Source: im2col_layer.cpp.
enum Im2colLayer: LayerTranslator {
  static var types: [String] { ["Im2col"] }
  static var support: LayerSupport { .limited("a convolution with unit kernels: up to 4096 values a window") }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("convolution_param")
    let window = try WindowParameters(l, p)
    guard window.spatialAxes >= 1 else { throw l.error("caffe.im2col.rank", "the bottom has no spatial axes") }
    let channels = try l.size(window.channelAxis, "the number of input channels")
    guard let taps = checkedProduct(window.kernel), taps <= 1 << 12, channels <= 1 << 20,
      channels * taps * taps <= 1 << 28
    else {
      throw l.error("caffe.im2col.size", "a kernel of \(window.kernel) on \(channels) channels is too large", p)
    }
    let unit = try Tensor.make(dtype: .float32, shape: [channels * taps, 1] + window.kernel) { buffer in
      let rows = buffer.bindMemory(to: Float.self)
      rows.initialize(repeating: 0)
      for i in 0..<channels * taps { rows[i * taps + i % taps] = 1 }
    }
    let frame = try ConvolutionFrame(l, window, bottom: 0)
    let geometry = WindowGeometry(
      kernel: window.kernel, strides: window.stride, dilations: window.dilation,
      padding: .explicit(begin: window.pad, end: window.padEnd))
    try frame.emit(
      Convolution(geometry: geometry, groups: channels), weights: l.constant("unit_kernels", unit), bias: nil, top: 0,
      weightShape: [channels * taps, 1])
  }
}
