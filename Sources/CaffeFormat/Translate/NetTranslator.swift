import ByteSource
import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// Builds the neutral graph of a net, layer by layer. A layer that fails is reported; what depends on it is left out
/// without further reports.
///
/// Names: the last version of a blob has the blob's name. A version that an in-place layer overwrites later is called
/// `BLOB@LAYER` after the layer that wrote it. A blob that is only another name for a value is an Identity node. Where
/// an input blob is overwritten in place, the graph's input keeps the name, and metadata `caffe.blob.BLOB` names the
/// last version.
final class NetTranslator {
  /// What a blob holds at the moment.
  private enum State {
    case empty
    /// Not computable; the reason was reported.
    case poisoned
    case value(ValueID)
    /// Overwritten through another blob that shares its memory.
    case stale(from: Int)
  }

  var editor: GraphEditor
  let options: CaffeReadOptions
  let sink: DiagnosticSink
  let weights: WeightBinder
  private let connections: NetConnections
  private var states: [State]
  /// Blobs with one number are one memory.
  private var memory: [Int]
  private var reserved: Set<String>
  /// Positions of layers whose text is wrong.
  private let broken: Set<Int>

  init(
    name: String, _ connections: NetConnections, weights: WeightBinder, options: CaffeReadOptions, sink: DiagnosticSink,
    broken: Set<Int> = []
  ) {
    editor = GraphEditor(name: name)
    self.connections = connections
    self.weights = weights
    self.options = options
    self.sink = sink
    self.broken = broken
    states = Array(repeating: .empty, count: connections.blobs.count)
    memory = Array(connections.blobs.indices)
    reserved = Set(connections.blobs)
  }

  // MARK: Names

  /// A value name that is neither taken nor a blob's.
  func freeName(_ wanted: String) -> String {
    var name = wanted
    var k = 1
    while reserved.contains(name) || editor.freeName(name) != name {
      name = "\(wanted)_\(k)"
      k += 1
    }
    return name
  }

  /// An input of the graph, under the blob's own name.
  func addInput(_ blob: String, _ shape: [Dim]?) -> ValueID { editor.addInput(blob, .tensor(.float32, shape)) }

  // MARK: Building

  /// Builds all layers and gives the graph.
  func run() throws(Diagnostic) -> Graph {
    var position = 0
    for entry in connections.entries {
      build(entry, position: position)
      if !entry.layer.isAutomaticSplit { position += 1 }
    }
    try nameBlobs()
    return editor.graph
  }

  private func build(_ entry: NetConnections.Entry, position: Int) {
    let layer = entry.layer
    if broken.contains(position), !layer.isAutomaticSplit { return poison(entry) }
    guard let translator = CaffeLayerTable.translator(layer.type) else {
      guard !layer.type.isEmpty else {
        sink.error("caffe.layer.type-missing", layer.text("has no type"), at: layer.location)
        return poison(entry)
      }
      reportUnknownType(layer)
      buildForeign(entry, domain: "caffe", position: position)
      return
    }
    guard !entry.bottoms.contains(where: { $0.map(isPoisoned) ?? true }) else { return poison(entry) }
    do throws(Diagnostic) {
      try checkCounts(layer, translator)
      try checkInPlace(entry, translator)
      var bottoms: [ValueID] = []
      var shapes: [[Dim]] = []
      for case .some(let blob) in entry.bottoms {
        let v = try value(of: blob)
        bottoms.append(v)
        if let s = editor.graph[v]?.type.shape { shapes.append(s) }
      }
      guard shapes.count == bottoms.count else {
        return buildForeign(entry, domain: "caffe.unresolved", position: position)
      }
      weights.begin(position)
      var isTraining = options.state.phase == .train
      if layer.block.has("phase"), !options.isWholeModelFile { isTraining = layer.block.name(of: "phase") == "TRAIN" }
      let builder = LayerBuilder(layer, net: self, bottoms: bottoms, shapes: shapes, isTraining: isTraining)
      try translator.build(builder)
      ForkFields.warnOfUnread(layer, builder.reads, sink)
      try checkSizes(layer, builder.results)
      if !layer.isAutomaticSplit { try weights.end(layer, count: builder.blobCount) }
      set(entry, builder.results, sharesMemory: translator.sharesMemory(layer))
    } catch {
      var d = error
      if d.code == LayerBuilder.keepForeign.code {
        reportUnknownType(layer)
        return buildForeign(entry, domain: "caffe", position: position)
      }
      if d.location.file == nil { d.location = layer.location }
      sink.report(d)
      poison(entry)
    }
  }

  private func checkCounts(_ layer: CaffeLayer, _ t: any LayerTranslator.Type) throws(Diagnostic) {
    for (what, count, range) in [
      ("bottom", layer.bottoms.count, t.bottoms), ("top", max(layer.tops.count, t.automaticTops), t.tops),
    ] {
      guard !range.contains(count) else { continue }
      let wanted =
        range.lowerBound == range.upperBound
        ? "\(range.lowerBound)"
        : range.upperBound == unlimited ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      throw .error(
        "caffe.layer.\(what)-count", layer.text("has \(count) \(what)s, but takes \(wanted)"), at: layer.location)
    }
    if t.pairsBottomsWithTops(layer), layer.bottoms.count != layer.tops.count {
      throw .error(
        "caffe.layer.top-count",
        layer.text("has \(layer.bottoms.count) bottoms and \(layer.tops.count) tops: it makes one top of each bottom"),
        at: layer.location)
    }
    let losses = layer.lossWeights.count
    let expected = max(layer.tops.count, t.automaticTops)
    let declared = losses == 0 && t.automaticTops > 0 ? 1 : losses
    if declared != 0, declared != expected, !layer.isAutomaticSplit {
      throw .error(
        "caffe.layer.loss-weight-count",
        layer.text(
          "has \(expected) tops and \(declared) loss weights: loss_weight is given never, or once for each top"),
        at: layer.location, help: "give loss_weight \(expected) times")
    }
    let propagated = layer.message.count("propagate_down")
    if propagated != 0, propagated != layer.bottoms.count {
      throw .error(
        "caffe.layer.propagate-down-count",
        layer.text("has \(layer.bottoms.count) bottoms and \(propagated) propagate_down"), at: layer.location)
    }
  }

  /// Blobs have at most 32 axes and 2^31 − 1 values. Source: Blob::Reshape.
  private func checkSizes(_ layer: CaffeLayer, _ results: [ValueID?]) throws(Diagnostic) {
    for (i, v) in results.enumerated() {
      guard let v, let shape = editor.graph[v]?.type.shape else { continue }
      guard shape.count <= 32 else {
        throw .error(
          "caffe.blob.axes", layer.text("top \(i) has \(shape.count) axes; Caffe takes up to 32"), at: layer.location)
      }
      guard let sizes = editor.graph[v]?.type.sizes else { continue }
      guard let count = checkedProduct(sizes), count <= Int(Int32.max) else {
        throw .error(
          "caffe.blob.size", layer.text("top \(i) of shape \(shapeText(shape)) has more than 2147483647 values"),
          at: layer.location)
      }
    }
  }

  private func checkInPlace(_ entry: NetConnections.Entry, _ t: any LayerTranslator.Type) throws(Diagnostic) {
    guard let i = entry.isInPlace.firstIndex(of: true), !t.allowsInPlace(entry.layer) else { return }
    var at = entry.layer.message.location("top", i)
    at.path = [entry.layer.name, "top"]
    throw .error(
      "caffe.layer.in-place", entry.layer.text("cannot work in place: top '\(entry.layer.tops[i])' is its bottom"),
      at: at, help: "give the top a name of its own")
  }

  private func reportUnknownType(_ layer: CaffeLayer) {
    var at = layer.message.location("type")
    at.path = [layer.name, "type"]
    if layer.type == "Python" {
      let p = layer.parameters("python_param")
      let given = p.string("param_str").isEmpty ? "" : ", param_str \(p.string("param_str"))"
      return sink.warning(
        "caffe.layer.python",
        layer.text(
          "runs Python (module \(p.string("module")), layer \(p.string("layer"))\(given)); it is kept, but cannot be run "
            + "or exported"), at: at)
    }
    sink.warning(
      "caffe.layer.unknown-type", layer.text("the layer type is not known; it is kept, but cannot be run or exported"),
      at: at, help: closestName(to: layer.type, among: CaffeLayerTable.types).map { "did you mean '\($0)'?" })
  }

  /// Keeps a layer that has no neutral form: its weights are operands, its parameters attributes.
  private func buildForeign(_ entry: NetConnections.Entry, domain: String, position: Int) {
    let layer = entry.layer
    var inputs: [ValueID?] = []
    for blob in entry.bottoms {
      guard let blob, case .some(let v) = try? value(of: blob) else {
        inputs.append(nil)
        continue
      }
      inputs.append(v)
    }
    weights.begin(position)
    for (i, t) in weights.foreignBlobs().enumerated() {
      inputs.append(editor.addConstant(freeName("\(layer.name).blob\(i)"), t))
    }
    let op = ForeignOperator(
      domain: domain, type: layer.type, attributes: ForeignParameters.attributes(layer), outputCount: entry.tops.count)
    let names = layer.tops.map { freeName("\($0)@\(layer.name)") }
    let out = editor.insertUnchecked(
      op, inputs, types: entry.tops.map { _ in .unknown }, name: layer.name, outputNames: names, origin: layer.origin)
    set(entry, out, sharesMemory: false)
  }

  // MARK: Blobs

  private func isPoisoned(_ blob: Int) -> Bool {
    switch states[blob] {
    case .poisoned, .empty: true
    case .stale(let other): isPoisoned(other)
    case .value: false
    }
  }

  private func poison(_ entry: NetConnections.Entry) {
    for case .some(let t) in entry.tops { states[t] = .poisoned }
  }

  /// The blob's present value.
  private func value(of blob: Int) throws(Diagnostic) -> ValueID {
    switch states[blob] {
    case .value(let v): return v
    case .stale(let source):
      let v = try value(of: source)
      guard let old = staleShape[blob], editor.graph[v]?.type.shape != old else {
        states[blob] = .value(v)
        return v
      }
      let dims = old.map { $0.value ?? -1 }
      let name = connections.blobs[blob]
      let operand = editor.addConstant(freeName("\(name).shared_shape"), try Tensor(dims.map(Int64.init)))
      let out = try editor.insert(
        Reshape(allowsZero: dims.contains(0)), [v, operand], name: "\(name)/shared",
        outputNames: [freeName("\(name)@shared")])
      let reshaped = out[0] ?? v
      states[blob] = .value(reshaped)
      return reshaped
    case .empty, .poisoned:
      throw .error("caffe.net.internal", "blob '\(connections.blobs[blob])' has no value", status: .software)
    }
  }
  private var staleShape: [Int: [Dim]] = [:]

  private func set(_ entry: NetConnections.Entry, _ results: [ValueID?], sharesMemory: Bool) {
    for (i, top) in entry.tops.enumerated() {
      guard let top else { continue }
      guard i < results.count, let v = results[i] else {
        states[top] = .poisoned
        continue
      }
      if i < entry.isInPlace.count, entry.isInPlace[i] {
        overwrite(top, v)
      } else {
        states[top] = .value(v)
        if sharesMemory, case .some(.some(let source)) = entry.bottoms.first { memory[top] = memory[source] }
      }
    }
  }

  /// Writes a blob in place: blobs of the same memory change with it.
  private func overwrite(_ blob: Int, _ v: ValueID) {
    if case .value(let old) = states[blob], old == v { return }
    for other in memory.indices where other != blob && memory[other] == memory[blob] {
      switch states[other] {
      case .value(let old):
        staleShape[other] = editor.graph[old]?.type.shape
        states[other] = .stale(from: blob)
      case .stale: states[other] = .stale(from: blob)
      case .empty, .poisoned: break
      }
    }
    states[blob] = .value(v)
  }

  /// Gives the last version of each blob its name, and sets the graph's outputs.
  private func nameBlobs() throws(Diagnostic) {
    let splits = Set(connections.entries.filter(\.layer.isAutomaticSplit).flatMap { $0.tops.compactMap { $0 } })
    var taken = Set(editor.graph.inputs)
    var finals: [Int: ValueID] = [:]
    for (i, name) in connections.blobs.enumerated() where !isPoisoned(i) && !splits.contains(i) {
      var v = try value(of: i)
      let isInput = editor.graph.inputs.contains(v) && editor.graph[v]?.name == name
      if !isInput, name != "(automatic)" {
        if !taken.insert(v).inserted {
          v =
            try editor.insert(Identity(), [v], name: freeName("\(name)/alias"), outputNames: ["\(name)@alias"])[0] ?? v
          taken.insert(v)
        }
        reserved.remove(name)
        let isFree = editor.freeName(name) == name
        if isFree { editor.rename(v, to: name) }
        if !isFree, let actual = editor.graph[v]?.name { editor.setMetadata("caffe.blob.\(name)", actual) }
      }
      finals[i] = v
    }
    var outputs = connections.outputs.filter { finals[$0] != nil }
    // What is measured or written to files is a result, whatever else nobody reads.
    for entry in connections.entries where EvaluationLayer.types.contains(entry.layer.type) {
      guard case .some(.some(let blob)) = entry.bottoms.first, let v = finals[blob], !outputs.contains(blob),
        !editor.graph.inputs.contains(v)
      else { continue }
      outputs.append(blob)
    }
    if outputs.isEmpty {
      // Silence and layers that write files or measure take the last blobs: those are what the net is there for.
      for entry in connections.entries where entry.tops.allSatisfy({ $0.map { finals[$0] == nil } ?? true }) {
        for case .some(let blob) in entry.bottoms {
          guard let v = finals[blob], !outputs.contains(blob), !editor.graph.inputs.contains(v) else { continue }
          outputs.append(blob)
        }
      }
      let names = outputs.map { connections.blobs[$0] }.joined(separator: ", ")
      if !outputs.isEmpty {
        sink.note(
          "caffe.net.taken-outputs", "every blob is read; what layers without tops take is the output: \(names)")
      }
    }
    editor.setOutputs(outputs.compactMap { finals[$0] })
    blobValues = finals
  }
  /// The last value of each blob, automatic splits left out.
  private(set) var blobValues: [Int: ValueID] = [:]
}
