import Diagnostics
import ModelGraph

/// Transposed convolution; weights are [in channels, out channels / group, k…]. Source: deconv_layer.cpp.
enum DeconvolutionLayer: LayerTranslator {
  static var types: [String] { ["Deconvolution"] }
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  static var tops: ClosedRange<Int> { 1...unlimited }
  static var pairsBottomsWithTops: Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("convolution_param")
    let window = try WindowParameters(l, p)
    let channels = try l.size(window.channelAxis, "the number of input channels")
    let outputs = p.int("num_output")
    let groups = p.int("group", default: 1)
    try ConvolutionFrame.check(l, p, channels: channels, outputs: outputs, groups: groups)
    let weightShape = [channels, outputs / groups]
    let weights = try l.blob(
      "weights", shape: weightShape + window.kernel, filler: Filler(p.block("weight_filler"), layer: l.layer))
    var bias: ValueID?
    if p.bool("bias_term", default: true) {
      bias = try l.blob("bias", shape: [outputs], filler: Filler(p.block("bias_filler"), layer: l.layer))
    }
    for i in 0..<l.bottoms.count {
      let frame = try ConvolutionFrame(l, window, bottom: i)
      let (begin, end) = (frame.padded(window.pad, 0), frame.padded(window.padEnd, 0))
      let geometry = WindowGeometry(
        kernel: frame.padded(window.kernel, 1), strides: frame.padded(window.stride, 1),
        dilations: frame.padded(window.dilation, 1), padding: .explicit(begin: begin, end: end))
      try frame.emit(
        TransposedConvolution(geometry: geometry, groups: groups), weights: weights, bias: bias, top: i,
        weightShape: weightShape)
    }
  }
}
