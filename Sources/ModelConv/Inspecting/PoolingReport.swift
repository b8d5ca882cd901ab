import Diagnostics
import ModelGraph
import Rewrites

/// What rounding does to each pooling layer of a model: the place where conversions most often go wrong.
public struct PoolingReport: Sendable, Codable {
  /// Pooling layers in order.
  public var layers: [Layer]

  /// Names of the layers whose size depends on the rounding.
  public var differing: [String] { layers.filter(\.differs).map(\.name) }

  /// One pooling layer.
  public struct Layer: Sendable, Codable {
    /// The layer's name.
    public var name: String
    /// `max`, `average`, …
    public var kind: String
    /// Spatial extents; nil where they are not known.
    public var input: [Int]?
    /// Window extents.
    public var kernel: [Int]
    /// Steps between windows.
    public var stride: [Int]
    /// Pads as the layer has them.
    public var beginPads: [Int]
    /// Pads at the end of each axis.
    public var endPads: [Int]
    /// `ceil` or `floor`, as the layer rounds.
    public var rounding: String
    /// Output extents with floor and with ceil rounding, and as the layer has them.
    public var floorSize: [Int]?
    /// Output extents with ceil rounding.
    public var ceilSize: [Int]?
    /// Output extents as the layer has them.
    public var size: [Int]?
    /// Floor rounding with the layer's own pads gives another size.
    public var differs: Bool
    /// A last window that would start in the padding was dropped.
    public var isClipped: Bool
    /// End pads with which floor rounding gives the layer's size; nil where no pads do.
    public var endPadsForFloor: [Int]?
    /// Explicit zeros at the end change nothing: a maximum over values that are certainly not negative.
    public var isZeroPaddingSafe: Bool
    /// Why not, or what else is to know.
    public var remark: String
  }
}

extension Model {
  /// The pooling report.
  public func poolingReport() throws(ModelConvError) -> PoolingReport {
    try rethrowing {
      let graph = try requireGraph("look at its pooling layers")
      let nonNegative = NonNegativity.values(of: graph)
      return PoolingReport(
        layers: graph.nodes.compactMap { n in
          guard let g = n.op.poolingGeometry else { return nil }
          return Self.pooling(n, g, graph, nonNegative)
        })
    }
  }

  private static func pooling(
    _ n: Node, _ g: WindowGeometry, _ graph: Graph, _ nonNegative: Set<ValueID>
  ) -> PoolingReport.Layer {
    let isMaximum = n.op is MaxPool
    let x = n.inputs.first ?? nil
    let isNonNegative = x.map { nonNegative.contains($0) } ?? false
    let shape = x.flatMap { graph[$0]?.type.shape }
    let spatial = (shape?.dropFirst(2)).map { $0.compactMap(\.value) }
    let isKnown = spatial?.count == shape.map { $0.count - 2 }
    let axes = g.kernel.count
    var out = PoolingReport.Layer(
      name: n.origin.layer ?? n.name, kind: isMaximum ? "max" : n.op is AveragePool ? "average" : n.op.operatorName,
      input: isKnown ? spatial : nil, kernel: g.kernel, stride: (0..<axes).map { g.stride($0) },
      beginPads: (0..<axes).map { g.explicitPads($0).begin }, endPads: (0..<axes).map { g.explicitPads($0).end },
      rounding: g.rounding == .ceil ? "ceil" : "floor", floorSize: nil, ceilSize: nil, size: nil, differs: false,
      isClipped: false, endPadsForFloor: nil, isZeroPaddingSafe: false, remark: "")
    if g.isGlobal {
      out.size = isKnown ? spatial.map { $0.map { _ in 1 } } : nil
      (out.floorSize, out.ceilSize, out.kernel) = (out.size, out.size, spatial ?? [])
      out.isZeroPaddingSafe = true
      out.remark = "global: nothing is rounded"
      return out
    }
    guard isKnown, let spatial, let e = g.extents(spatial: spatial) else {
      out.remark = "the input's size is not known; give it with --shape"
      return out
    }
    out.floorSize = e.map(\.floorSize)
    out.ceilSize = e.map(\.ceilSize)
    out.size = e.map(\.size)
    out.differs = e.contains(where: \.differs)
    out.isClipped = e.contains(where: \.isClipped)
    let ends = e.compactMap(\.endPadForFloor)
    out.endPadsForFloor = ends.count == e.count ? ends : nil
    out.isZeroPaddingSafe = isMaximum && isNonNegative && !e.contains(where: \.hasEmptyWindow)
    if e.contains(where: \.hasEmptyWindow) {
      out.remark = "a window holds no input at all: its value is -3.4e38 (max) or NaN (average) in Caffe"
    } else if !isMaximum {
      out.remark = "an average counts zeros: added padding must not count"
    } else if !isNonNegative {
      out.remark = "the input may be negative: zeros could win the maximum"
    } else {
      out.remark = "the input is never negative"
    }
    return out
  }
}
