import ByteSource
import Diagnostics
import ModelGraph

/// Local response normalisation across or within channels. Source: lrn_layer.cpp.
enum LRNLayer: LayerTranslator {
  static var types: [String] { ["LRN", "CuDNNLRNCrossChannel"] }
  static var support: LayerSupport { .limited("4 axes, as in Caffe; k is ignored WITHIN_CHANNEL, as in Caffe") }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("lrn_param")
    let size = p.int("local_size", default: 5)
    guard size % 2 == 1 else {
      throw l.error("caffe.lrn.even-size", "local_size \(size) is even; Caffe takes odd ones only", p, "local_size")
    }
    guard l.rank() == 4 else {
      throw l.error("caffe.lrn.rank", "the bottom must have 4 axes, but has shape \(shapeText(l.shape()))")
    }
    let isWithin = p.name(of: "norm_region") == "WITHIN_CHANNEL"
    let k = p.float("k", default: 1)
    if isWithin, k != 1 {
      l.warn("caffe.lrn.k-ignored", "k is \(k), but Caffe ignores it for WITHIN_CHANNEL", p, "k")
    }
    try l.emit(
      LocalResponseNormalization(
        region: isWithin ? .withinChannel : .acrossChannels, size: size, alpha: p.float("alpha", default: 1),
        beta: p.float("beta", default: 0.75), k: isWithin ? 1 : k), [try l.bottom()])
  }
}
