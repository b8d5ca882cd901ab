import Diagnostics
import ModelGraph

/// Maximum in `pooled_h` × `pooled_w` bins of regions. Bottoms: features, regions [R, 5]. Source: Fast R-CNN.
enum ROIPoolingLayer: LayerTranslator {
  static var types: [String] { ["ROIPooling"] }
  static var bottoms: ClosedRange<Int> { 2...2 }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("roi_pooling_param")
    let (h, w) = try RegionShape.of(l, p)
    let regions = try RegionShape.regions(l)
    try l.emit(
      MaxRegionPool(height: h, width: w, spatialScale: p.float("spatial_scale", default: 1)), [try l.bottom(), regions])
  }
}

/// Mean of bilinear samples in bins of regions. Source: Mask R-CNN ports' roi_align_layer.cpp.
///
/// Trees whose block has no `sampling_ratio` may mean something else by the same fields: jasjeetIM's Mask R-CNN and
/// Synopsys' tree take the greatest of four samples of a bin. A warning says so.
enum ROIAlignLayer: LayerTranslator {
  static var types: [String] { ["ROIAlign"] }
  static var support: LayerSupport {
    .limited("the mean of samples; forms that take the greatest sample are not told apart")
  }
  static var bottoms: ClosedRange<Int> { 2...2 }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("roi_align_param")
    let (h, w) = try RegionShape.of(l, p)
    let regions = try RegionShape.regions(l)
    if !p.has("sampling_ratio") {
      l.warn(
        "caffe.roi-align.form",
        "is read as the mean of samples, but some forks' layer of that name takes the greatest one",
        p, help: "sampling_ratio: -1 says that the mean is meant")
    }
    let corners = try l.add(
      Slice(),
      [
        regions, try l.constant("start", ints: [1]), try l.constant("end", ints: [5]),
        try l.constant("axis", ints: [1]),
      ], "corners")
    let first = try l.add(
      Slice(),
      [
        regions, try l.constant("start0", ints: [0]), try l.constant("end0", ints: [1]),
        try l.constant("axis1", ints: [1]),
      ], "batch")
    let batch = try l.cast(
      try l.add(Squeeze(), [first, try l.constant("squeezed", ints: [1])], "batch_flat"), .int64,
      "batch_int")
    try l.emit(
      RoiAlign(
        height: h, width: w, samplingRatio: max(0, p.int("sampling_ratio")),
        spatialScale: p.float("spatial_scale", default: 1), isHalfPixel: false), [try l.bottom(), corners, batch])
  }
}

enum RegionShape {
  static func of(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) -> (Int, Int) {
    let (h, w) = (p.int("pooled_h"), p.int("pooled_w"))
    guard h > 0, w > 0 else {
      throw l.error("caffe.roi.size", "pooled_h and pooled_w must be positive", p, h > 0 ? "pooled_w" : "pooled_h")
    }
    return (h, w)
  }

  /// Bottom 1 as [R, 5].
  static func regions(_ l: LayerBuilder) throws(Diagnostic) -> ValueID {
    let s = l.shape(1)
    guard let r = s.first, try l.count(s.dropFirst()).value == 5 else {
      throw l.error("caffe.roi.regions", "the regions of shape \(shapeText(s)) must be [R, 5]")
    }
    return try l.reshaped(try l.bottom(1), to: [r, 5], "regions")
  }
}
