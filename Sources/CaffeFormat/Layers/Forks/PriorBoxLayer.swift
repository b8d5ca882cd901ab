import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

#if canImport(Glibc)
  import Glibc
#endif

/// Boxes around every place of a feature map, and their variances: [1, 2, H·W·priors·4]. They follow from sizes alone, so
/// they are a constant. Source: SSD prior_box_layer.cpp.
enum PriorBoxLayer: LayerTranslator {
  static var types: [String] { ["PriorBox"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("prior_box_param")
    // OpenVINO's own form of the block: clusters under the plain type's name.
    if p.count("width") > 0, p.count("min_size") == 0 { return try PriorBoxClusteredLayer.build(l) }
    try PriorGrid(l, p).emit(l, p, try boxes(l, p))
  }

  /// Width and height of the boxes at one place, in order.
  private static func boxes(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) -> [(w: Float, h: Float)] {
    let least = p.floats("min_size")
    let greatest = p.floats("max_size")
    guard !least.isEmpty, (least + greatest).allSatisfy({ $0 > 0 && $0 < 1e6 }) else {
      throw l.error("caffe.prior-box.min-size", "min_size must be given; sizes must be positive", p, "min_size")
    }
    guard greatest.isEmpty || greatest.count == least.count else {
      throw l.error(
        "caffe.prior-box.max-size", "\(greatest.count) max_size for \(least.count) min_size", p, "max_size")
    }
    var ratios: [Float] = []
    for r in p.floats("aspect_ratio") where abs(r - 1) >= 1e-6 && !ratios.contains(where: { abs($0 - r) < 1e-6 }) {
      guard r > 0 else {
        throw l.error("caffe.prior-box.ratio", "aspect_ratio \(r) must be positive", p, "aspect_ratio")
      }
      ratios.append(r)
      if p.bool("flip", default: true) { ratios.append(1 / r) }
    }
    var out: [(w: Float, h: Float)] = []
    for (i, size) in least.enumerated() {
      // SSD keeps sizes as whole numbers.
      let m = size.rounded(.towardZero)
      out.append((m, m))
      if !greatest.isEmpty {
        let g = Float((Double(m) * Double(greatest[i].rounded(.towardZero))).squareRoot())
        out.append((g, g))
      }
      for r in ratios { out.append((m * r.squareRoot(), m / r.squareRoot())) }
    }
    return out
  }
}

/// Boxes of given sizes around every place: widths and heights from a clustering of the training boxes.
/// Source: OpenVINO's training toolbox, prior_box_clustered_layer.cpp.
enum PriorBoxClusteredLayer: LayerTranslator {
  static var types: [String] { ["PriorBoxClustered"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("prior_box_param")
    let (widths, heights) = (p.floats("width"), p.floats("height"))
    guard !widths.isEmpty, widths.count == heights.count, (widths + heights).allSatisfy({ $0 > 0 && $0 < 1e6 }) else {
      throw l.error(
        "caffe.prior-box.clusters",
        "\(widths.count) widths and \(heights.count) heights: as many of both are needed, "
          + "all positive", p, "width")
    }
    try PriorGrid(l, p).emit(l, p, zip(widths, heights).map { (w: $0, h: $1) })
  }
}

/// The places around which priors lie.
struct PriorGrid {
  let rows: Int
  let columns: Int
  /// Of the picture.
  let height: Float
  let width: Float
  let stepH: Float
  let stepW: Float

  init(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) {
    guard l.rank() == 4 else { throw l.error("caffe.prior-box.rank", "the bottom must have 4 axes") }
    (rows, columns) = (try l.size(2, "the height"), try l.size(3, "the width"))
    var image = try Self.pair(l, p, "img_size", "img_h", "img_w")
    if image.h == 0 || image.w == 0 {
      guard l.bottoms.count == 2, l.rank(1) == 4 else {
        throw l.error("caffe.prior-box.image", "the image's size is neither given nor a second bottom's", p)
      }
      image = (Float(try l.size(2, of: 1, "the image's height")), Float(try l.size(3, of: 1, "its width")))
    }
    (height, width) = (image.h, image.w)
    let step = try Self.pair(l, p, "step", "step_h", "step_w")
    stepH = step.h == 0 || step.w == 0 ? height / Float(rows) : step.h
    stepW = step.h == 0 || step.w == 0 ? width / Float(columns) : step.w
  }

  /// Makes top 0 the priors and their variances, [1, 2, H·W·priors·4].
  func emit(_ l: LayerBuilder, _ p: ParameterBlock, _ shapes: [(w: Float, h: Float)]) throws(Diagnostic) {
    let variances = try self.variances(l, p)
    let offset = p.float("offset", default: 0.5)
    guard let total = checkedProduct([rows, columns, shapes.count]), total <= 1 << 26 else {
      throw l.error("caffe.prior-box.size", "\(rows) by \(columns) places of \(shapes.count) priors are too many")
    }
    var out: [Float] = []
    out.reserveCapacity(total * 8)
    let (w, h) = (Double(width), Double(height))
    for y in 0..<rows {
      for x in 0..<columns {
        let cx = Double((Float(x) + offset) * stepW)
        let cy = Double((Float(y) + offset) * stepH)
        for s in shapes {
          let (dx, dy) = (Double(s.w) / 2, Double(s.h) / 2)
          out += [Float((cx - dx) / w), Float((cy - dy) / h), Float((cx + dx) / w), Float((cy + dy) / h)]
        }
      }
    }
    if p.bool("clip") { for i in out.indices { out[i] = min(max(out[i], 0), 1) } }
    let count = out.count
    for i in 0..<count { out.append(variances.count == 1 ? variances[0] : variances[i % 4]) }
    l.setTop(0, l.constant("priors", try Tensor(out, shape: [1, 2, count])))
  }

  private static func pair(
    _ l: LayerBuilder, _ p: ParameterBlock, _ both: String, _ h: String, _ w: String
  ) throws(Diagnostic) -> (h: Float, w: Float) {
    func value(_ f: String) -> Float { max(p.float(f), Float(p.int(f))) }
    if p.has(h) || p.has(w) {
      guard !p.has(both) else {
        throw l.error("caffe.prior-box.twice", "\(both) and \(h)/\(w) are both given", p, both)
      }
      guard value(h) > 0, value(w) > 0 else {
        throw l.error("caffe.prior-box.pair", "\(h) and \(w) must be positive", p)
      }
      return (value(h), value(w))
    }
    return (value(both), value(both))
  }

  private func variances(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) -> [Float] {
    let v = p.floats("variance")
    guard v.isEmpty || v.count == 1 || v.count == 4 else {
      throw l.error("caffe.prior-box.variance", "\(v.count) variances: give none, one or four", p, "variance")
    }
    return v.isEmpty ? [0.1] : v
  }
}
