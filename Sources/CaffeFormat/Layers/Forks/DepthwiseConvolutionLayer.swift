import Diagnostics
import ModelGraph

/// A convolution with one group a channel, implied where the layer does not say so: the MobileNet family's layer types.
enum DepthwiseConvolutionLayer: LayerTranslator {
  static var types: [String] {
    [
      "ConvolutionDepthwise", "ConvolutionDepthWise", "DepthwiseConvolution", "DepthwiseConv", "DepthWiseConvolution",
      "CuDNNConvolutionDepthwise",
    ]
  }
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  static var tops: ClosedRange<Int> { 1...unlimited }
  static var pairsBottomsWithTops: Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("convolution_param")
    let window = try WindowParameters(l, p)
    let channels = try l.size(window.channelAxis, "the number of input channels")
    let groups = p.has("group") && p.int("group") > 1 ? p.int("group") : channels
    let outputs = p.int("num_output") > 0 ? p.int("num_output") : channels
    try ConvolutionLayer.build(l, p, window, groups: groups, outputs: outputs)
  }
}
