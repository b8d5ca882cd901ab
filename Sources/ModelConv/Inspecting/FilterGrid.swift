import Diagnostics
import ModelGraph
import Pictures
import TensorCore

/// A layer's weights as a picture: a grid of tiles, one a filter (three input channels: in colour) or one a filter and
/// input channel (grey).
public struct FilterGrid: Sendable {
  /// All tiles share one range instead of each filter having its own.
  public var isGlobal = false
  /// The weights' channels are blue, green, red: shown in the right colours.
  public var reversesChannels = false
  /// Pixels a weight; nil chooses so that small kernels can be seen.
  public var scale: Int?

  /// One range a filter, channels as they are.
  public init() {}

  /// What was drawn.
  public struct Summary: Sendable, Codable {
    /// The layer, or the tensor's path.
    public var layer: String
    /// Shape of the weights.
    public var shape: [Int]
    /// Number of tiles drawn.
    public var tiles: Int
    /// Tiles in a row.
    public var columns: Int
    /// Rows of tiles.
    public var rows: Int
    /// Colour, for three input channels; otherwise grey.
    public var isColour: Bool
    /// Pixels a weight.
    public var scale: Int
    /// Pixels across.
    public var width: Int
    /// Pixels down.
    public var height: Int
    /// Tiles that were left out because there are too many.
    public var omitted: Int
  }

  private static let tileLimit = 16_384

  /// Draws the weights of `layer`, or of the first layer with kernels, as PNG.
  ///
  /// - Throws: `filters.none` where nothing can be drawn, `filters.layer` with a suggestion.
  public func draw(_ model: Model, layer: String?, to path: String) throws(ModelConvError) -> Summary {
    try rethrowing {
      let (name, weights) = try model.kernels(of: layer)
      let (picture, summary) = try render(name, weights)
      try PNG.write(picture, path: path)
      return summary
    }
  }

  /// The picture of weights [M, C, h, w] (or [M, K]: one row of pixels a filter).
  func render(_ name: String, _ weights: Tensor) throws(Diagnostic) -> (Picture, Summary) {
    let shape = weights.shape.count >= 3 ? weights.shape : [weights.shape[0], 1, 1, weights.shape[1]]
    // Spatial axes beyond two are laid side by side.
    let (filters, channels) = (shape[0], shape[1])
    let h = shape.count == 3 ? 1 : shape[2]
    let w = shape.count == 3 ? shape[2] : shape[3...].reduce(1, *)
    guard filters > 0, channels > 0, h > 0, w > 0, w <= 1 << 16, h <= 1 << 16 else {
      throw .error("filters.none", "layer '\(name)' has weights of shape \(weights.shape): nothing to draw")
    }
    let isColour = channels == 3
    let all = isColour ? filters : filters * channels
    let tiles = min(all, Self.tileLimit)
    let columns =
      !isColour && channels > 1 && tiles == all && channels <= 512
      ? channels : max(1, Int(Double(tiles).squareRoot().rounded(.up)))
    let rows = (tiles + columns - 1) / columns
    let scale = self.scale ?? max(1, min(16, max(48 / max(h, w), 1), 2048 / max(1, columns * (w + 1))))
    let (tileWidth, tileHeight) = (w * scale, h * scale)
    let width = columns * (tileWidth + 1) + 1
    let height = rows * (tileHeight + 1) + 1
    let values = try weights.floats()
    let range = Self.range(values[...])
    var picture = try Picture(width: width, height: height, fill: isColour ? [24, 24, 24] : [24])
    let plane = h * w
    for t in 0..<tiles {
      let filter = isColour ? t : t / channels
      let own = isGlobal ? range : Self.range(values[(filter * channels * plane)..<((filter + 1) * channels * plane)])
      let x0 = 1 + t % columns * (tileWidth + 1)
      let y0 = 1 + t / columns * (tileHeight + 1)
      for k in 0..<(isColour ? 3 : 1) {
        let channel = isColour ? (reversesChannels ? 2 - k : k) : t % channels
        let base = (filter * channels + channel) * plane
        for y in 0..<h {
          for x in 0..<w {
            let level = Self.level(values[base + y * w + x], own)
            for j in 0..<scale {
              for i in 0..<scale { picture[x: x0 + x * scale + i, y: y0 + y * scale + j, channel: k] = level }
            }
          }
        }
      }
    }
    let summary = Summary(
      layer: name, shape: weights.shape, tiles: tiles, columns: columns, rows: rows, isColour: isColour, scale: scale,
      width: width, height: height, omitted: all - tiles)
    return (picture, summary)
  }

  private static func range(_ v: ArraySlice<Float>) -> (low: Float, high: Float) {
    var (low, high) = (Float.infinity, -Float.infinity)
    for x in v where x.isFinite {
      low = min(low, x)
      high = max(high, x)
    }
    return (low, high)
  }

  /// 0 for the smallest, 255 for the largest; the middle where all are equal, 0 for what is no number.
  private static func level(_ x: Float, _ r: (low: Float, high: Float)) -> UInt8 {
    guard x.isFinite else { return x == .infinity ? 255 : 0 }
    let span = r.high - r.low
    guard span > 0, span.isFinite else { return 128 }
    return UInt8(max(0, min(255, ((x - r.low) / span * 255).rounded())))
  }
}

extension Model {
  /// The weights of a layer that slide over a plane, or of the first such layer.
  fileprivate func kernels(of layer: String?) throws(Diagnostic) -> (name: String, weights: Tensor) {
    var found: [(name: String, weights: Tensor)] = []
    if let graph {
      for n in graph.nodes {
        guard n.op is Convolution || n.op is TransposedConvolution || n.op is InnerProduct || n.op is Gemm,
          n.inputs.count > 1, let t = n.inputs[1].flatMap({ graph[$0]?.constant })
        else { continue }
        found.append((n.origin.layer ?? n.name, t))
      }
    }
    for t in tensors {
      guard let tensor = t.tensor, tensor.rank >= 2, tensor.dtype.isFloat else { continue }
      if let layer = t.layer, found.contains(where: { $0.name == layer }) { continue }
      found.append((t.layer ?? t.name, tensor))
    }
    if let layer {
      if let match = found.first(where: { $0.name == layer }) { return match }
      if let t = tensors.first(where: { $0.name == layer })?.tensor, t.rank >= 2 { return (layer, t) }
      throw .error(
        "filters.layer", "there are no weights to draw under the name '\(layer)'",
        help: Suggestion.closest(to: layer, among: found.map(\.name)).map { "did you mean '\($0)'?" }
          ?? "layers with weights are \(found.prefix(12).map(\.name).joined(separator: ", "))", status: .usage)
    }
    guard let first = found.first(where: { $0.weights.rank >= 4 }) ?? found.first else {
      throw .error("filters.none", "\(files.joined(separator: ", ")) holds no weights that could be drawn")
    }
    return first
  }
}
