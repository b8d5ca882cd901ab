import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// What became of the arrays of a weights file.
package struct WeightReport: Sendable {
  /// A blob of a layer.
  package struct Place: Sendable, Hashable {
    package var layer: String
    package var index: Int
    package var shape: [Int]
  }
  /// Layers whose blobs came from the file.
  package var matched: [String] = []
  /// Layers of the file that the net does not have.
  package var ignored: [String] = []
  /// Blobs that kept their filler.
  package var filled: [Place] = []
  /// Number of values that the net has, shared ones once.
  package var parameterCount = 0

  package init() {}
}

/// Gives layers their blobs: by layer name from a weights file, by sharing, or from fillers.
///
/// Sources: Net::CopyTrainedLayersFrom, Net::AppendParam, Net::ShareWeights.
final class WeightBinder {
  /// What makes two blobs one: a parameter name, or the place itself.
  private enum Slot: Hashable {
    case named(String)
    case own(layer: Int, index: Int)
  }
  private struct Source {
    var layer: Int
    var blob: Int
  }

  private let weights: CaffeWeights?
  private let options: CaffeReadOptions
  private let sink: DiagnosticSink
  private(set) var report = WeightReport()
  /// Of each layer of the net (by position in the net's own layers): its layer in the file.
  private var sourceLayer: [Int: Int] = [:]
  private var finalSource: [Slot: Source] = [:]
  private var ownerShape: [Slot: (shape: [Int], layer: String)] = [:]
  private var rates: [Slot: SharedRates] = [:]
  private var tensors: [Slot: Tensor] = [:]
  private var constants: [Slot: [([Int], ValueID)]] = [:]
  /// The blobs of each layer as they were bound, by position among the net's layers.
  private(set) var blobs: [Int: [Tensor]] = [:]
  /// The layer that is being built: its position, and which of its blobs kept fillers.
  private var current = 0
  private var currentFilled: [WeightReport.Place] = []

  init(_ weights: CaffeWeights?, layers: [CaffeLayer], options: CaffeReadOptions, sink: DiagnosticSink) {
    self.weights = weights
    self.options = options
    self.sink = sink
    guard let weights else { return }
    // A binary file is matched with the first layer of a name, an HDF5 file with the last, as Caffe does.
    var target: [String: Int] = [:]
    for (i, layer) in layers.enumerated() {
      if weights.container == .hdf5 || target[layer.name] == nil { target[layer.name] = i }
    }
    for (s, source) in weights.layers.enumerated() {
      guard let t = target[source.name] else {
        report.ignored.append(source.name)
        continue
      }
      sourceLayer[t] = s
      if source.blobs.contains(where: { $0 != nil }) { report.matched.append(source.name) }
      let names = layers[t].parameterNames
      for (j, blob) in source.blobs.enumerated() where blob != nil {
        finalSource[slot(names, t, j)] = Source(layer: s, blob: j)
      }
    }
  }

  private func slot(_ names: [String], _ layer: Int, _ index: Int) -> Slot {
    if index < names.count, !names[index].isEmpty { return .named(names[index]) }
    return .own(layer: layer, index: index)
  }

  /// The blobs of the layer at a position; of a layer that was not built, what the file has for it.
  func boundBlobs(_ position: Int) -> [Tensor] {
    if let b = blobs[position], !b.isEmpty { return b }
    guard let s = sourceLayer[position], let weights else { return [] }
    return weights.layers[s].blobs.compactMap { $0?.tensor }
  }

  /// Starts a layer.
  ///
  /// - Parameter position: its place among the net's layers.
  func begin(_ position: Int) {
    current = position
    currentFilled = []
    blobs[position] = []
  }

  /// How many blobs the file has for the layer that is being built.
  var sourceBlobCount: Int? { sourceLayer[current].flatMap { weights?.layers[$0].blobs.count } }

  /// The shape of a blob of the layer that is being built, as the file has it.
  func sourceBlobShape(_ i: Int) -> [Int]? {
    guard let s = sourceLayer[current], let blobs = weights?.layers[s].blobs, i < blobs.count else { return nil }
    return blobs[i]?.shape
  }

  /// The blobs of the layer that is being built as the file has them, for a layer whose own shapes are not known.
  func foreignBlobs() -> [Tensor] {
    guard let s = sourceLayer[current], let weights else { return [] }
    let found = weights.layers[s].blobs.compactMap { $0?.tensor }
    blobs[current] = found
    return found
  }

  /// Ends a layer that asked for `count` blobs.
  ///
  /// - Throws: `caffe.weights.blob-count` where the file has another number; `caffe.layer.param-count`.
  func end(_ layer: CaffeLayer, count: Int) throws(Diagnostic) {
    if let s = sourceLayer[current], let weights {
      let source = weights.layers[s]
      if source.blobs.count > count || (weights.container == .protobuf && source.blobs.count != count) {
        throw countError(layer, source, count)
      }
    }
    let named = layer.message.count("param")
    if named > count, !layer.isAutomaticSplit {
      throw .error(
        "caffe.layer.param-count", layer.text("has \(named) param blocks, but \(count) blobs"), at: layer.location)
    }
    guard !currentFilled.isEmpty else { return }
    report.filled += currentFilled
  }

  private func countError(_ layer: CaffeLayer, _ source: CaffeWeights.Layer, _ count: Int) -> Diagnostic {
    .error(
      "caffe.weights.blob-count",
      layer.text("the weights file has \(source.blobs.count) blobs for it, but the layer takes \(count)"),
      at: source.location, notes: [place(layer)],
      help: "the weights belong to another net; rename the layer to keep its filler instead")
  }

  private func place(_ layer: CaffeLayer) -> String { "the layer stands at \(layer.location.description)" }

  /// The values of a blob as float32.
  ///
  /// - Throws: `caffe.weights.shape`, `caffe.weights.share-shape`, `caffe.weights.blob-count`, or what is wrong with
  ///   the blob in the file.
  func tensor(_ layer: CaffeLayer, _ index: Int, _ shape: [Int], _ filler: Filler) throws(Diagnostic) -> Tensor {
    let slot = try check(layer, index, shape, filler)
    let tensor = try values(slot, layer, index, shape, filler)
    blobs[current]?.append(tensor)
    return tensor
  }

  /// The values of a blob as a constant; blobs that are shared are one constant.
  func constant(
    _ layer: CaffeLayer, _ index: Int, _ role: String, _ shape: [Int], _ filler: Filler, _ net: NetTranslator
  ) throws(Diagnostic) -> ValueID {
    let slot = try check(layer, index, shape, filler)
    let tensor = try values(slot, layer, index, shape, filler)
    blobs[current]?.append(tensor)
    if let known = constants[slot]?.first(where: { $0.0 == shape }) { return known.1 }
    let id = net.editor.addConstant(net.freeName("\(layer.name).\(role)"), tensor)
    constants[slot, default: []].append((shape, id))
    return id
  }

  /// Checks a blob's shape against the file and against the owner of a shared parameter.
  private func check(
    _ layer: CaffeLayer, _ index: Int, _ shape: [Int], _ filler: Filler
  ) throws(Diagnostic) -> Slot {
    guard shape.count <= 32, let count = checkedProduct(shape), count <= Int(Int32.max) else {
      throw .error("caffe.blob.size", layer.text("blob \(index) of shape \(shape) is too large"), at: layer.location)
    }
    // Caffe fills every blob before it copies weights: a filler that does not fit is refused with weights too.
    if let problem = filler.problem(shape) {
      throw .error("caffe.filler.shape", layer.text("blob \(index): \(problem), not \(shape)"), at: layer.location)
    }
    let slot = slot(layer.parameterNames, current, index)
    if let s = sourceLayer[current], let weights {
      let source = weights.layers[s]
      if index >= source.blobs.count, weights.container == .protobuf {
        throw countError(layer, source, index + 1)
      }
      if index < source.blobs.count, let blob = source.blobs[index] {
        if let problem = blob.problem { throw named(problem, layer, index) }
        guard blob.fits(shape) else { throw shapeError(layer, index, blob, shape) }
      } else if case .own = slot {
        throw countError(layer, source, index + 1)
      } else if ownerShape[slot] == nil {
        throw countError(layer, source, index + 1)
      }
    }
    let specs = layer.block.blocks("param")
    let spec = index < specs.count ? specs[index] : nil
    guard let owner = ownerShape[slot] else {
      ownerShape[slot] = (shape, layer.name)
      rates[slot] = SharedRates(spec)
      report.parameterCount += count
      return slot
    }
    let isPermissive = spec?.name(of: "share_mode") == "PERMISSIVE"
    let fits = isPermissive ? checkedProduct(owner.shape) == count : owner.shape == shape
    guard fits else {
      throw .error(
        "caffe.weights.share-shape",
        layer.text(
          "parameter '\(layer.parameterNames[index])' is shared with layer '\(owner.layer)', but has shape \(shape) here "
            + "and \(owner.shape) there"), at: layer.location,
        help: isPermissive ? nil : "share_mode: PERMISSIVE allows another shape of as many values")
    }
    if let spec, let field = rates[slot]?.conflict(with: spec) {
      throw .error(
        "caffe.weights.share-rate",
        layer.text(
          "parameter '\(layer.parameterNames[index])' has another \(field) here than where it was given before"),
        at: spec.location(of: field) ?? layer.location, help: "give \(field) once, or the same each time")
    }
    return slot
  }

  private func named(_ d: Diagnostic, _ layer: CaffeLayer, _ index: Int) -> Diagnostic {
    var out = d
    out.message = layer.text("blob \(index): \(d.message)")
    out.location.path = [layer.name, "blobs", "\(index)"]
    return out
  }

  private func shapeError(_ layer: CaffeLayer, _ index: Int, _ blob: CaffeBlob, _ shape: [Int]) -> Diagnostic {
    var at = blob.location
    at.path = [layer.name, "blobs", "\(index)"]
    return .error(
      "caffe.weights.shape",
      layer.text("blob \(index) has shape \(blob.shape) in the weights file, but \(shape) in the net"), at: at,
      notes: [place(layer)], help: "to start this layer from its filler instead, rename it in the prototxt")
  }

  /// The blob of a file that gives the values.
  private func source(of slot: Slot) -> CaffeBlob? {
    if case .named(let name) = slot, let blob = weights?.carried[name] { return blob }
    return finalSource[slot].flatMap { weights?.layers[$0.layer].blobs[$0.blob] }
  }

  private func values(
    _ slot: Slot, _ layer: CaffeLayer, _ index: Int, _ shape: [Int], _ filler: Filler
  ) throws(Diagnostic) -> Tensor {
    if let known = tensors[slot] { return try known.reshaped(shape) }
    let tensor: Tensor
    if let blob = source(of: slot) {
      if let problem = blob.problem { throw named(problem, layer, index) }
      guard let t = blob.tensor else {
        throw .error("caffe.blob.missing", layer.text("blob \(index) has no values"), at: blob.location)
      }
      guard t.count == checkedProduct(shape) else { throw shapeError(layer, index, blob, shape) }
      tensor = try Self.asFloat32(t, shape)
    } else {
      currentFilled.append(.init(layer: layer.name, index: index, shape: shape))
      // Without a filler in the net, weights of more than one axis are what a run needs; biases stay 0.
      let used = filler.isImplied && shape.count >= 2 ? options.impliedFiller ?? filler : filler
      tensor = try used.tensor(shape: shape, seed: options.seed, layer: layer.name, index: index)
    }
    tensors[slot] = tensor
    return tensor
  }

  /// The values as float32 in another shape of as many values; other types are converted on first use.
  static func asFloat32(_ t: Tensor, _ shape: [Int]) throws(Diagnostic) -> Tensor {
    if t.dtype == .float32 { return try t.reshaped(shape) }
    guard let bytes = DType.float32.byteCount(t.count) else {
      throw .error("caffe.blob.size", "a blob of shape \(shape) is too large")
    }
    let storage = TensorStorage(byteCount: bytes) { () throws(Diagnostic) -> ByteSlice in
      let values = try t.floats()
      return try ByteStorage.allocate(count: bytes) { buffer in
        values.withUnsafeBytes { buffer.copyMemory(from: $0) }
      }.all
    }
    return try Tensor(storage: storage, dtype: .float32, shape: shape)
  }
}
