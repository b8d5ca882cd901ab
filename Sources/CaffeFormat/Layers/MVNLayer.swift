import Diagnostics
import ModelGraph

/// (x − mean) / (deviation + eps) per item, or per item and channel. The top always has 4 axes. Source: mvn_layer.cpp.
enum MVNLayer: LayerTranslator {
  static var types: [String] { ["MVN"] }
  static var support: LayerSupport { .limited("up to 4 axes, as in Caffe") }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("mvn_param")
    guard l.rank() <= 4 else {
      throw l.error("caffe.mvn.rank", "the bottom must have at most 4 axes, but has shape \(shapeText(l.shape()))")
    }
    let form = l.shape() + Array(repeating: Dim(1), count: 4 - l.rank())
    let x = try l.reshaped(try l.bottom(), to: form, "four_axes")
    try l.emit(
      MeanVarianceNormalization(
        axes: p.bool("across_channels") ? [1, 2, 3] : [2, 3],
        normalizesVariance: p.bool("normalize_variance", default: true), epsilon: p.float("eps", default: 1e-9),
        epsilonPlace: .afterRoot), [x])
  }
}
