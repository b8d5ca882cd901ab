import ByteSource
import Diagnostics
import TensorCore

#if canImport(Glibc)
  import Glibc
#endif

/// What fills a parameter blob before training: Caffe's fillers, seeded so that equal seeds give equal weights on every
/// machine. Source: caffe/filler.hpp.
///
/// The generator of one blob is seeded from the seed, the layer's name and the blob's index, so the values of a blob do
/// not depend on other layers. Distributions are Caffe's; the random sequence is not.
package struct Filler: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case constant, uniform, gaussian, xavier, msra, bilinear
    case positiveUnitball = "positive_unitball"
    /// FlowNet 2's: output n takes the mean of the window of input n.
    case diagonal
  }
  package enum Variance: String, Sendable, Hashable { case fanIn = "FAN_IN", fanOut = "FAN_OUT", average = "AVERAGE" }

  package var kind: Kind
  package var value: Float = 0
  package var minimum: Float = 0
  package var maximum: Float = 1
  package var mean: Float = 0
  package var deviation: Float = 1
  /// Gaussian: expected non-zero inputs of an output; negative for all.
  package var sparse = -1
  package var variance = Variance.fanIn
  /// Diagonal: of each output; 1 of those it does not name.
  package var diagonal: [Float] = []
  /// Diagonal: of the last two axes, rather than of outputs and inputs.
  package var isMatrix = false

  /// Values on the diagonal of the last two axes, zeros beside it.
  package static func diagonal(_ values: [Float]) -> Filler {
    var filler = Filler(kind: .diagonal, value: 0)
    filler.diagonal = values
    filler.isMatrix = true
    return filler
  }

  /// The net names no filler for the blob: what Caffe fills is its default, constant 0.
  package private(set) var isImplied = false
  /// False for the blobs that Caffe sets to a value without a filler: those may be empty.
  private var wantsValues = true

  package static func constant(_ value: Float) -> Filler { Filler(kind: .constant, value: value) }

  /// For a blob that Caffe sets to 0 by itself, without a filler.
  package static var zeros: Filler {
    var f = constant(0)
    f.wantsValues = false
    return f
  }

  /// A filler with the defaults of its type, by the name that a net gives it.
  package init?(named name: String) {
    guard let kind = Kind(rawValue: name) else { return nil }
    self.kind = kind
  }

  /// The filler of a parameter block; a block that is absent is constant 0.
  ///
  /// - Throws: `caffe.filler.type` for a type Caffe does not have, `caffe.filler.sparse`.
  package init(_ block: ParameterBlock, layer: CaffeLayer) throws(Diagnostic) {
    isImplied = !block.isPresent
    let type = block.string("type", default: "constant")
    guard let kind = Kind(rawValue: type) else {
      throw .error(
        "caffe.filler.type", layer.text("unknown filler '\(type)'"), at: block.location(of: "type") ?? layer.location,
        help: "one of " + Kind.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self.kind = kind
    value = block.float("value")
    minimum = block.float("min")
    maximum = block.float("max", default: 1)
    mean = block.float("mean")
    deviation = block.float("std", default: 1)
    sparse = block.int("sparse", default: -1)
    diagonal = block.floats("diag_val")
    variance = Variance(rawValue: block.name(of: "variance_norm", default: "FAN_IN")) ?? .fanIn
    guard sparse == -1 || (sparse >= 0 && kind == .gaussian) else {
      let text =
        kind == .gaussian
        ? "sparse \(sparse) is neither -1 nor a count" : "sparse belongs to the gaussian filler, not to '\(type)'"
      throw .error("caffe.filler.sparse", layer.text(text), at: block.location(of: "sparse") ?? layer.location)
    }
  }

  private init(kind: Kind, value: Float) {
    self.kind = kind
    self.value = value
  }

  /// Why the shape cannot be filled; nil where it can.
  package func problem(_ shape: [Int]) -> String? {
    if wantsValues, shape.contains(0) { return "a blob that is filled must have values" }
    switch kind {
    case .bilinear:
      guard shape.count == 4, shape[2] == shape[3] else { return "the bilinear filler wants a square 4-D blob" }
    case .positiveUnitball:
      guard let n = shape.first, n > 0 else { return "the positive_unitball filler wants a first axis" }
    case .gaussian where sparse >= 0:
      guard !shape.isEmpty else { return "a sparse gaussian filler wants a first axis" }
    case .xavier, .msra:
      guard let n = shape.first, n > 0 else { return "the \(kind.rawValue) filler wants a first axis" }
    default: break
    }
    return nil
  }

  /// A tensor that is filled on first use.
  package func tensor(shape: [Int], seed: UInt64, layer: String, index: Int) throws(Diagnostic) -> Tensor {
    guard let count = checkedProduct(shape), let bytes = DType.float32.byteCount(count) else {
      throw .error("caffe.blob.size", "layer '\(layer)': a blob of shape \(shape) is too large")
    }
    let storage = TensorStorage(byteCount: bytes) { () throws(Diagnostic) -> ByteSlice in
      let values = self.values(shape: shape, count: count, seed: seed, layer: layer, index: index)
      return try ByteStorage.allocate(count: bytes) { buffer in
        values.withUnsafeBytes { buffer.copyMemory(from: $0) }
      }.all
    }
    return try Tensor(storage: storage, dtype: .float32, shape: shape)
  }

  /// The values in row-major order; `count` is the product of `shape`.
  func values(shape: [Int], count: Int, seed: UInt64, layer: String, index: Int) -> [Float] {
    var random = SeededGenerator(seed: seed, layer: layer, index: index)
    let fanIn = max(count / max(shape.first ?? 1, 1), 1)
    let fanOut = max(shape.count > 1 ? count / max(shape[1], 1) : count, 1)
    let n =
      switch variance {
      case .fanIn: Float(fanIn)
      case .fanOut: Float(fanOut)
      case .average: (Float(fanIn) + Float(fanOut)) / 2
      }
    switch kind {
    case .constant: return [Float](repeating: value, count: count)
    case .uniform: return (0..<count).map { _ in random.uniform(minimum, maximum) }
    case .xavier:
      let scale = (3 / n).squareRoot()
      return (0..<count).map { _ in random.uniform(-scale, scale) }
    case .msra:
      let std = (2 / n).squareRoot()
      return (0..<count).map { _ in random.gaussian(0, std) }
    case .gaussian:
      let all = (0..<count).map { _ in random.gaussian(mean, deviation) }
      guard sparse >= 0, let outputs = shape.first, outputs > 0 else { return all }
      let keep = min(Float(sparse) / Float(outputs), 1)
      return all.map { random.uniform(0, 1) < keep ? $0 : 0 }
    case .positiveUnitball:
      let rows = max(shape.first ?? 1, 1)
      let width = count / rows
      var all = (0..<count).map { _ in random.uniform(0, 1) }
      for r in 0..<rows where width > 0 {
        let sum = all[r * width..<(r + 1) * width].reduce(0, +)
        for i in r * width..<(r + 1) * width { all[i] /= sum }
      }
      return all
    case .bilinear: return bilinear(width: shape.last ?? 1, count: count)
    case .diagonal: return onDiagonal(shape, count)
    }
  }

  private func onDiagonal(_ shape: [Int], _ count: Int) -> [Float] {
    let columns = max(isMatrix ? shape.last ?? 1 : shape.count > 1 ? shape[1] : 1, 1)
    let rows = isMatrix ? count / columns : shape.first ?? 1
    let area = isMatrix ? 1 : count / max(rows * columns, 1)
    var all = [Float](repeating: 0, count: count)
    for n in 0..<min(rows, columns) {
      let value = (n < diagonal.count ? diagonal[n] : 1) / Float(max(area, 1))
      for i in 0..<area { all[area * (columns * n + n) + i] = value }
    }
    return all
  }

  private func bilinear(width: Int, count: Int) -> [Float] {
    guard width > 0 else { return [] }
    let f = Int((Float(width) / 2).rounded(.up))
    let c = Float(width - 1) / (2 * Float(f))
    return (0..<count).map { i in
      let x = Float(i % width)
      let y = Float((i / width) % width)
      return (1 - abs(x / Float(f) - c)) * (1 - abs(y / Float(f) - c))
    }
  }
}

/// SplitMix64 seeded from a text and numbers: the same on every machine.
struct SeededGenerator {
  private var state: UInt64
  private var spare: Float?

  init(seed: UInt64, layer: String, index: Int) {
    // FNV-1a over the name, so that each blob has its own sequence.
    var h: UInt64 = 0xcbf2_9ce4_8422_2325
    for b in layer.utf8 { h = (h ^ UInt64(b)) &* 0x100_0000_01b3 }
    h = (h ^ UInt64(truncatingIfNeeded: index)) &* 0x100_0000_01b3
    state = h ^ (seed &* 0x9e37_79b9_7f4a_7c15)
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// In [0, 1) with 24 bits.
  mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  mutating func uniform(_ a: Float, _ b: Float) -> Float { a + (b - a) * unit() }

  /// Marsaglia's polar method: needs only a logarithm and a root.
  mutating func gaussian(_ mean: Float, _ deviation: Float) -> Float {
    if let s = spare {
      spare = nil
      return mean + deviation * s
    }
    while true {
      let u = 2 * Double(next() >> 11) * 0x1p-53 - 1
      let v = 2 * Double(next() >> 11) * 0x1p-53 - 1
      let s = u * u + v * v
      guard s > 0, s < 1 else { continue }
      let m = (-2 * log(s) / s).squareRoot()
      spare = Float(v * m)
      return mean + deviation * Float(u * m)
    }
  }
}
