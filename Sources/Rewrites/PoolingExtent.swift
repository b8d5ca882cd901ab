import ModelGraph

/// What rounding does to one spatial axis of a pooling layer whose input extent is known.
package struct PoolingExtent: Sendable, Hashable {
  package let input: Int
  /// Extent of the dilated window.
  package let window: Int
  package let stride: Int
  package let begin: Int
  package let end: Int
  /// Output extents with floor and with ceil rounding, before any window is dropped.
  package let floorSize: Int
  package let ceilSize: Int
  /// Output extent as the layer has it: rounded as it says, windows that start in the padding dropped.
  package let size: Int

  /// True where a last window that starts in the padding was dropped.
  package let isClipped: Bool

  /// nil where an extent is not known or does not fit.
  package init?(_ g: WindowGeometry, input: Int, axis: Int) {
    guard !g.isGlobal, case .explicit = g.padding, axis < g.kernel.count else { return nil }
    var plain = g
    plain.lastWindow = .keep
    var floored = plain
    floored.rounding = .floor
    var ceiled = plain
    ceiled.rounding = .ceil
    let k = g.kernel[axis]
    guard k >= 1, k <= 1 << 31, input >= 0, input <= 1 << 40,
      let size = try? g.outputExtent(Dim(input), kernel: k, axis: axis).value,
      let kept = try? plain.outputExtent(Dim(input), kernel: k, axis: axis).value,
      let ceil = try? ceiled.outputExtent(Dim(input), kernel: k, axis: axis).value
    else { return nil }
    self.input = input
    window = (k - 1) * g.dilation(axis) + 1
    stride = g.stride(axis)
    (begin, end) = g.explicitPads(axis)
    // A window larger than the padded input leaves floor rounding without any output.
    floorSize = (try? floored.outputExtent(Dim(input), kernel: k, axis: axis).value) ?? 0
    ceilSize = ceil
    self.size = size
    isClipped = size < kept
  }

  /// True where floor rounding would give another size than the layer has.
  package var differs: Bool { floorSize != size }

  /// The end pad with which floor rounding gives the layer's size: the present one where it does, else the smallest;
  /// nil where even no padding gives too much.
  package var endPadForFloor: Int? {
    let smallest = (size - 1) * stride + window - input - begin
    if end >= smallest, end < smallest + stride { return end }
    if smallest >= 0 { return smallest }
    return smallest + stride > 0 ? 0 : nil
  }

  /// First input position of the last window, counted without padding.
  package var lastWindowStart: Int { (size - 1) * stride - begin }

  /// True where some window holds no element of the input.
  package var hasEmptyWindow: Bool { size > 0 && (lastWindowStart >= input || begin >= window) }
}

extension WindowGeometry {
  /// Per-axis analysis of a pooling over an input of known spatial extents; nil where one is not known.
  package func extents(spatial: [Int]) -> [PoolingExtent]? {
    var out: [PoolingExtent] = []
    for (i, n) in spatial.enumerated() {
      guard let e = PoolingExtent(self, input: n, axis: i) else { return nil }
      out.append(e)
    }
    return out
  }
}

extension Operator {
  /// The window of a pooling operator.
  package var poolingGeometry: WindowGeometry? {
    switch self {
    case let p as MaxPool: p.geometry
    case let p as AveragePool: p.geometry
    case let p as LpPool: p.geometry
    case let p as StochasticPool: p.geometry
    default: nil
    }
  }
}
