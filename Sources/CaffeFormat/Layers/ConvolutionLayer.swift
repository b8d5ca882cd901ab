import ByteSource
import Diagnostics
import ModelGraph

/// Convolution over any number of spatial axes. Sources: base_conv_layer.cpp, conv_layer.cpp.
enum ConvolutionLayer: LayerTranslator {
  static var types: [String] { ["Convolution"] }
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  static var tops: ClosedRange<Int> { 1...unlimited }
  static var pairsBottomsWithTops: Bool { true }
  static func pairsBottomsWithTops(_ layer: CaffeLayer) -> Bool {
    !IntelFusion.hasSum(layer.parameters("convolution_param"))
  }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("convolution_param")
    let window = try WindowParameters(l, p)
    try build(l, p, window, groups: p.int("group", default: 1), outputs: p.int("num_output"))
  }

  static func build(
    _ l: LayerBuilder, _ p: ParameterBlock, _ window: WindowParameters, groups: Int, outputs: Int
  ) throws(Diagnostic) {
    let channels = try l.size(window.channelAxis, "the number of input channels")
    try ConvolutionFrame.check(l, p, channels: channels, outputs: outputs, groups: groups)
    let weights = try l.blob(
      "weights", shape: [outputs, channels / groups] + window.kernel,
      filler: Filler(p.block("weight_filler"), layer: l.layer))
    var bias: ValueID?
    if p.bool("bias_term", default: true) {
      bias = try l.blob("bias", shape: [outputs], filler: Filler(p.block("bias_filler"), layer: l.layer))
    }
    for i in 0..<(IntelFusion.hasSum(p) ? 1 : l.bottoms.count) {
      let frame = try ConvolutionFrame(l, window, bottom: i)
      var end = window.padEnd
      for a in 0..<window.spatialAxes {
        // C++ division rounds towards 0: an input that is too small by less than a stride still gives one window.
        guard let d = l.shape(i)[window.channelAxis + 1 + a].value else { continue }
        let missing = try window.extent(a, l) - d - window.pad[a] - window.padEnd[a]
        if missing > 0, missing < window.stride[a] { end[a] += missing }
        guard missing <= 0 || missing < window.stride[a] else {
          throw l.error(
            "caffe.convolution.kernel-exceeds-input",
            "the kernel (\(try window.extent(a, l))) is greater than the padded input "
              + "(\(d + window.pad[a] + window.padEnd[a])) on spatial axis \(a)", p,
            p.has("kernel_size") ? "kernel_size" : "kernel_h")
        }
      }
      let geometry = WindowGeometry(
        kernel: frame.padded(window.kernel, 1), strides: frame.padded(window.stride, 1),
        dilations: frame.padded(window.dilation, 1),
        padding: .explicit(begin: frame.padded(window.pad, 0), end: frame.padded(end, 0)))
      try frame.emit(
        Convolution(geometry: geometry, groups: groups), weights: weights, bias: bias, top: i,
        weightShape: [outputs, channels / groups])
    }
    try IntelFusion.finish(l, p)
  }
}
