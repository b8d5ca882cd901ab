import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// FlowNet's augmentation as it is at TEST: the middle of the picture where a crop size is given, then a mean subtracted.
///
/// The crop samples between the elements and clamps at W − 1.05, as the layer does. With `recompute_mean` the blobs are the
/// number of pictures seen, the mean picture [1, C, H, W] and the mean colour [1, C, 1, 1]; while the number is smaller
/// than `recompute_mean`, the batch takes part in the mean. Source: FlowNet 2 data_augmentation_layer.{cpp,cu}.
enum DataAugmentationLayer: LayerTranslator {
  static var types: [String] { ["DataAugmentation"] }
  static var bottoms: ClosedRange<Int> { 1...2 }
  static var tops: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("augmentation_param")
    guard l.bottoms.count == 1, l.topCount == 1 else {
      throw l.error(
        "caffe.augmentation.coefficients",
        "takes or gives the coefficients of a random transformation, which only "
          + "training has", p, help: "deploy nets give this layer one bottom and one top")
    }
    if l.isTraining || p.bool("augment_during_test") {
      l.warn("caffe.augmentation.random", "its random transformations are left out", p)
    }
    let (h, w) = try l.plane()
    let channels = try l.size(1, "the number of channels")
    var x = try l.bottom()
    if p.has("crop_width"), p.has("crop_height") {
      let (ch, cw) = (p.int("crop_height"), p.int("crop_width"))
      guard ch > 0, cw > 0, ch <= h, cw <= w else {
        throw l.error(
          "caffe.augmentation.crop", "a crop of \(ch) by \(cw) does not lie in \(h) by \(w)", p, "crop_width")
      }
      x = try l.separable(x, rows: try crop(l, h, ch), columns: try crop(l, w, cw), "cropped")
    }
    let whole = [1, channels, try l.number(l.shape(of: x)[2], "height"), try l.number(l.shape(of: x)[3], "width")]
    if p.int("recompute_mean") > 0 {
      x = try withoutComputedMean(l, p, x, whole)
    } else {
      if let n = l.sourceBlobCount, n > 0 { _ = try l.freeBlobs() }
      let mean = p.floats("mean")
      if mean.count == 3, !p.bool("mean_per_pixel", default: true) {
        guard channels == 3 else {
          throw l.error("caffe.augmentation.mean", "3 means for \(channels) channels", p, "mean")
        }
        x = try l.binary(.subtract, x, l.constant("mean", try Tensor(mean, shape: [1, 3, 1, 1])), "centred")
      }
    }
    l.setTop(0, x)
  }

  /// The weights of the middle `m` of `n` elements.
  private static func crop(_ l: LayerBuilder, _ n: Int, _ m: Int) throws(Diagnostic) -> [[Float]] {
    guard n > 1, let size = checkedProduct([n, m]), size <= 1 << 26 else {
      throw l.error("caffe.augmentation.crop", "\(m) of \(n) elements cannot be cropped")
    }
    return (0..<m).map { i in
      let at = min(max(Float(i) + (-0.5 * Float(m) + 0.5 * Float(n)), 0), Float(n) - 1.05)
      let low = Int(at)
      var row = [Float](repeating: 0, count: n)
      row[low] = 1 - (at - Float(low))
      if low + 1 < n { row[low + 1] += at - Float(low) }
      return row
    }
  }

  private static func withoutComputedMean(
    _ l: LayerBuilder, _ p: ParameterBlock, _ x: ValueID, _ whole: [Int]
  ) throws(Diagnostic) -> ValueID {
    let blobs = try l.freeBlobs()
    guard blobs.isEmpty || blobs.count == 3 else {
      throw l.error("caffe.augmentation.blobs", "has \(blobs.count) blobs, but takes 3", p)
    }
    let isPerPixel = p.bool("mean_per_pixel", default: true)
    let seen = blobs.isEmpty ? 0 : Int(exactly: (try blobs[0].floats().first ?? 0).rounded(.towardZero)) ?? 0
    // This pass counts.
    let number = seen + 1
    if number > p.int("recompute_mean") {
      let mean = isPerPixel ? try fitted(l, blobs[1], whole) : try colour(l, blobs[2], whole[1])
      return try l.binary(.subtract, x, l.constant("mean", mean), "centred")
    }
    l.note("caffe.augmentation.mean", "the mean is still being computed: the batch takes part in it")
    var mean = try l.add(Reduction(.mean), [x, try l.constant("batch_axis", ints: [0])], "batch_mean")
    if seen > 0 {
      let old = try l.binary(
        .multiply, l.constant("old_mean", try fitted(l, blobs[1], whole)), try l.constant("seen", scalar: Float(seen)),
        "old_sum")
      let sum = try l.binary(.add, old, mean, "new_sum")
      mean = try l.binary(.multiply, sum, try l.constant("per_picture", scalar: 1 / Float(number)), "mean")
    }
    if !isPerPixel {
      mean = try l.add(Reduction(.mean), [mean, try l.constant("plane_axes", ints: [2, 3])], "mean_colour")
    }
    return try l.binary(.subtract, x, mean, "centred")
  }

  private static func colour(_ l: LayerBuilder, _ t: Tensor, _ channels: Int) throws(Diagnostic) -> Tensor {
    guard t.count == channels else {
      throw l.error("caffe.augmentation.blobs", "the mean colour has \(t.count) values for \(channels) channels")
    }
    return try Tensor(try t.floats(), shape: [1, channels, 1, 1])
  }

  /// The mean picture; where it is of another size, its colour everywhere.
  private static func fitted(_ l: LayerBuilder, _ t: Tensor, _ whole: [Int]) throws(Diagnostic) -> Tensor {
    if t.count == whole.reduce(1, *), t.shape.suffix(2) == whole.suffix(2)[...] {
      return try Tensor(try t.floats(), shape: whole)
    }
    guard t.count > 0, t.count % whole[1] == 0 else {
      throw l.error("caffe.augmentation.blobs", "the mean of shape \(t.shape) does not fit \(whole[1]) channels")
    }
    let (values, area) = (try t.floats(), t.count / whole[1])
    let means = (0..<whole[1]).map { c in values[c * area..<(c + 1) * area].reduce(0, +) / Float(area) }
    return try Tensor(means, shape: [1, whole[1], 1, 1])
  }
}
