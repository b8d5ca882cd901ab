import Diagnostics
import ModelGraph
import TensorCore

/// Brings a bottom of a convolution into the form [N, C, D₁…] that the operators have, and the result back.
///
/// Caffe's `axis` puts the channels anywhere: axes before it are batch axes, and there may be no spatial axis at all.
struct ConvolutionFrame {
  private let l: LayerBuilder
  private let window: WindowParameters
  private let bottom: Int
  private let lead: [Dim]

  init(_ l: LayerBuilder, _ window: WindowParameters, bottom: Int) throws(Diagnostic) {
    self.l = l
    self.window = window
    self.bottom = bottom
    if bottom > 0, l.shape(bottom) != l.shape(0) {
      throw l.error(
        "caffe.convolution.bottoms-differ",
        "bottoms 0 and \(bottom) have shapes \(shapeText(l.shape(0))) and \(shapeText(l.shape(bottom)))")
    }
    lead = Array(l.shape(bottom).prefix(window.channelAxis))
  }

  private var isPlain: Bool { window.channelAxis == 1 && window.spatialAxes > 0 }

  /// A list with one entry a spatial axis, or with one where there is no spatial axis.
  func padded(_ list: [Int], _ fill: Int) -> [Int] { list.isEmpty ? [fill] : list }

  static func check(
    _ l: LayerBuilder, _ p: ParameterBlock, channels: Int, outputs: Int, groups: Int
  ) throws(Diagnostic) {
    guard outputs > 0 else {
      throw l.error("caffe.convolution.num-output", "num_output must be positive", p, "num_output")
    }
    guard groups > 0 else { throw l.error("caffe.convolution.group", "group must be positive", p, "group") }
    guard channels % groups == 0 else {
      throw l.error(
        "caffe.convolution.group-channels", "\(channels) input channels do not divide into \(groups) groups", p, "group"
      )
    }
    guard outputs % groups == 0 else {
      throw l.error(
        "caffe.convolution.group-outputs", "num_output \(outputs) is not a multiple of group \(groups)", p, "group")
    }
  }

  /// Inserts the operator; batch axes other than one, and a missing spatial axis, are reshaped around it.
  func emit(
    _ op: any Operator, weights: ValueID, bias: ValueID?, top: Int, weightShape: [Int]
  ) throws(Diagnostic) {
    if isPlain {
      try l.emit(op, [try l.bottom(bottom), weights, bias], top: top)
      return
    }
    let shape = l.shape(bottom)
    let spatial = Array(shape[(window.channelAxis + 1)...])
    let batch = try l.count(lead)
    let inner = [batch, shape[window.channelAxis]] + (spatial.isEmpty ? [Dim(1)] : spatial)
    let x = try l.reshaped(try l.bottom(bottom), to: inner, "merged")
    var w = weights
    if spatial.isEmpty { w = try l.reshaped(weights, to: weightShape.map { Dim($0) } + [Dim(1)], "weights_1d") }
    let y = try l.add(op, [x, w, bias], "convolution")
    var out = l.shape(of: y)
    guard out.count >= 3 else { throw l.error("caffe.layer.shape", "the result's shape is unknown") }
    if spatial.isEmpty { out.removeLast() }
    try l.emitReshaped(y, to: lead + out[1...], top: top)
  }
}
