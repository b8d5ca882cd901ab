import ByteSource
import Diagnostics
import ModelGraph

/// Patches of one feature map compared with displaced patches of another: along both axes, or along x alone.
/// Sources: FlowNet 2 correlation_layer.{cpp,cu}, correlation_layer1d.{cpp,cu}.
enum CorrelationLayer: LayerTranslator {
  static var types: [String] { ["Correlation", "Correlation1D"] }
  static var bottoms: ClosedRange<Int> { 2...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("correlation_param")
    for field in ["kernel_size", "max_displacement"] where !p.has(field) {
      throw l.error("caffe.correlation.missing", "\(field) is required", p, field)
    }
    let kernel = p.int("kernel_size")
    guard kernel > 0, kernel % 2 == 1 else {
      throw l.error("caffe.correlation.kernel", "kernel_size \(kernel) must be odd", p, "kernel_size")
    }
    for i in 0..<2 { _ = try l.plane(i) }
    try l.requireSameShape(0, 1, "caffe.correlation.shape")
    var direction: Correlation.Direction?
    if l.layer.type == "Correlation1D" {
      switch p.int("single_direction") {
      case 0: direction = .both
      case -1: direction = .left
      case 1: direction = .right
      case let v:
        throw l.error("caffe.correlation.direction", "single_direction \(v) is not −1, 0 or 1", p, "single_direction")
      }
    }
    let op = Correlation(
      kernel: kernel, pad: p.int("pad"), maxDisplacement: p.int("max_displacement"),
      patchStride: p.int("stride_1", default: 1), displacementStride: p.int("stride_2", default: 1),
      isDifference: p.name(of: "correlation_type", default: "MULTIPLY") == "SUBTRACT", direction: direction)
    guard op.patchStride > 0, op.displacementStride > 0 else {
      throw l.error("caffe.correlation.stride", "stride_1 and stride_2 must be positive", p, "stride_1")
    }
    if direction == .left, op.maxDisplacement <= 1 << 12 {
      // The layer reads one step past its border there: the padding of the row above, if there is enough of it.
      let past = (op.maxDisplacement / op.displacementStride + 1) * op.displacementStride - op.maxDisplacement
      guard op.pad >= past else {
        throw l.error(
          "caffe.correlation.overrun",
          "single_direction −1 reads \(past) elements before the row: with pad \(op.pad) the "
            + "layer takes values of another row", p, "pad")
      }
    }
    try l.emit(op, l.bottoms)
  }
}
