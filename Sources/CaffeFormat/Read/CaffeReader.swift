import ByteSource
import Containers
import Diagnostics
import ModelGraph

/// Reads nets, weights and whole models.
///
/// Findings go to the sink, those of the thrown error included. A result may come with errors in the sink: then it is
/// good for inspection only.
package enum CaffeReader {
  // MARK: Files

  /// A net from protobuf text.
  ///
  /// - Throws: where the text cannot be parsed. Fields that do not fit the schema are reported, and their layers marked
  ///   as broken.
  ///
  /// - Parameter fork: the fork whose blocks are meant where several have one of the same name.
  package static func readNet(
    text bytes: ByteSlice, fork: String? = nil, sink: DiagnosticSink
  ) throws(Diagnostics) -> CaffeNet {
    if let fork, CaffeForks.fork(fork) == nil {
      throw thrown(CaffeForkProfile.unknown(fork), DiagnosticSink(), sink)
    }
    var (message, found) = parse(bytes, CaffeForkPolicy(preferred: fork))
    // Each block took the fork that fits it best; now one fork explains all it can, as a binary file needs it.
    if fork == nil, found.errors.isEmpty, let used = CaffeForkProfile.used(byText: message),
      !CaffeForkProfile.explains(used, message)
    {
      (message, found) = parse(bytes, CaffeForkPolicy(leaning: used))
    }
    for d in found.items { sink.report(d) }
    let fatal: Set<String> = ["syntax", "unclosed", "too-large", "too-deep", "too-many-values"]
    if found.errors.contains(where: { d in fatal.contains { d.code == "protobuf.text.\($0)" } }) {
      throw Diagnostics(found.errors)
    }
    let isNet = message.has("layer") || message.has("layers") || message.has("input") || message.has("name")
    guard isNet else {
      throw thrown(
        .error(
          "caffe.net.empty", "the text has no layers", at: SourceLocation(file: bytes.storage.path),
          help: "a net consists of layer { ... } blocks"), found, sink)
    }
    do throws(Diagnostic) {
      var net = try CaffeNet(message, sink: sink)
      if let fork, net.fork != nil { net.fork = fork }
      net.broken = broken(net.layers, found.errors)
      return net
    } catch { throw thrown(error, found, sink) }
  }

  private static func parse(_ bytes: ByteSlice, _ policy: CaffeForkPolicy) -> (ProtoMessage, DiagnosticSink) {
    let found = DiagnosticSink()
    let reader = ProtoTextReader(file: bytes.storage.path, sink: found, policy: policy)
    return (reader.read(bytes, as: CaffeSchema.net), found)
  }

  /// The layers in whose text an error stands: from a layer's first line to the next layer's.
  private static func broken(_ layers: [CaffeLayer], _ errors: [Diagnostic]) -> Set<Int> {
    var out: Set<Int> = []
    let starts = layers.map { ($0.message.location().line ?? 0, $0.message.location().column ?? 0) }
    for d in errors {
      guard let line = d.location.line else { continue }
      let at = (line, d.location.column ?? 0)
      if let i = starts.lastIndex(where: { $0 <= at }) { out.insert(i) }
    }
    return out
  }

  private static func thrown(_ d: Diagnostic, _ found: DiagnosticSink, _ sink: DiagnosticSink) -> Diagnostics {
    sink.report(d)
    return Diagnostics(found.errors + [d])
  }

  /// A net from a binary file: a caffemodel's own layers, weights included.
  ///
  /// - Parameter fork: the fork whose schema it is read by; nil finds it by what the layers hold.
  /// - Throws: where the bytes are no net; `caffe.fork.unknown`.
  package static func readNet(
    binary bytes: ByteSlice, fork: String? = nil, sink: DiagnosticSink
  ) throws(Diagnostics) -> CaffeNet {
    do throws(Diagnostic) {
      var message = try readBinary(bytes)
      let profile = try CaffeForkProfile.complete(&message, fork: fork, sink: sink)
      var net = try CaffeNet(message, sink: sink)
      if let profile { net.fork = profile }
      return net
    } catch { throw thrown(error, DiagnosticSink(), sink) }
  }

  private static func readBinary(_ bytes: ByteSlice) throws(Diagnostic) -> ProtoMessage {
    let reader = ProtobufReader { type, field in
      // Other forks write other messages under these numbers; that must not cost the blobs.
      (type.name == "caffe.LayerParameter" || type.name == "caffe.V1LayerParameter") && field.name.hasSuffix("_param")
    }
    do throws(Diagnostic) {
      let message = try reader.read(bytes, as: CaffeSchema.net)
      guard !bytes.isEmpty, message.has("layer") || message.has("layers") || message.has("name") else {
        throw .error(
          "caffe.weights.no-layers", bytes.isEmpty ? "the file is empty" : "the file has no Caffe layers",
          at: SourceLocation(file: bytes.storage.path))
      }
      return message
    } catch {
      var d = error
      d.notes.append("it was read as a caffemodel")
      throw d
    }
  }

  /// The blobs of a weights file: caffemodel or HDF5, told apart by content.
  package static func readWeights(_ bytes: ByteSlice, sink: DiagnosticSink) throws(Diagnostics) -> CaffeWeights {
    if HDF5File.matches(bytes) {
      do throws(Diagnostic) { return try CaffeHDF5.weights(bytes) } catch {
        throw thrown(error, DiagnosticSink(), sink)
      }
    }
    return weights(of: try readNet(binary: bytes, sink: sink))
  }

  /// The blobs of a net that was read from a caffemodel.
  package static func weights(of net: CaffeNet) -> CaffeWeights {
    var weights = CaffeWeights(
      layers: net.layers.map { layer in
        let blobs = ((try? layer.message.messages("blobs")) ?? []).map { CaffeBlobReader.blob($0) }
        return CaffeWeights.Layer(name: layer.name, type: layer.type, blobs: blobs, at: layer.location)
      }, container: .protobuf, file: net.file)
    weights.transforms = DataTransform.all(of: net, state: NetState())
    return weights
  }

  // MARK: Models

  /// A model from a net's text, a weights file, or both; a caffemodel alone is a whole model.
  package static func read(
    prototxt: ByteSlice?, weights: ByteSlice?, options: CaffeReadOptions = CaffeReadOptions(), sink: DiagnosticSink
  ) throws(Diagnostics) -> CaffeModel {
    var options = options
    if let prototxt {
      let net = try readNet(text: prototxt, fork: options.fork, sink: sink)
      var blobs: CaffeWeights? = if let weights { try readWeights(weights, sink: sink) } else { nil }
      if net.layers.contains(where: { $0.message.has("blobs") }) {
        // A text may hold values too, which a weights file overrides layer by layer.
        let own = self.weights(of: net)
        let given = Set(blobs?.layers.map(\.name) ?? [])
        let rest = own.layers.filter { !$0.blobs.isEmpty && !given.contains($0.name) }
        var merged = blobs ?? own
        merged.layers = (blobs?.layers ?? []) + rest
        blobs = merged
      }
      return try build(net, weights: blobs, options: options, sink: sink)
    }
    guard let weights else {
      let d = Diagnostic.error("caffe.model.no-files", "neither a net nor weights are given", status: .usage)
      throw thrown(d, DiagnosticSink(), sink)
    }
    if HDF5File.matches(weights) {
      let d = Diagnostic.error(
        "caffe.model.no-net", "an HDF5 weights file has no layers", at: SourceLocation(file: weights.storage.path),
        help: "give the prototxt as well: deploy.prototxt weights.caffemodel.h5")
      throw thrown(d, DiagnosticSink(), sink)
    }
    let net = try readNet(binary: weights, fork: options.fork, sink: sink)
    options.isWholeModelFile = true
    return try build(net, weights: self.weights(of: net), options: options, sink: sink)
  }

  /// The graph of a net with its weights.
  package static func build(
    _ net: CaffeNet, weights: CaffeWeights?, options: CaffeReadOptions, sink: DiagnosticSink
  ) throws(Diagnostics) -> CaffeModel {
    let selected =
      options.isWholeModelFile
      ? net.layers.enumerated().map { (position: $0.offset, layer: $0.element) }
      : net.selected(options.state, sink: sink)
    let layers = selected.map(\.layer)
    let binder = WeightBinder(weights, layers: layers, options: options, sink: sink)
    let connections = NetConnections(
      SplitInsertion.insert(layers, splitType: CaffeSchema.layer), automaticTops: CaffeLayerTable.automaticTops,
      unselected: net.layers.indices.filter { i in !selected.contains { $0.position == i } }.map { net.layers[$0] },
      sink: sink)
    let translator = NetTranslator(
      name: net.name, connections, weights: binder, options: options, sink: sink,
      broken: Set(selected.indices.filter { net.broken.contains(selected[$0].position) }))
    let graph: Graph
    do throws(Diagnostic) { graph = try translator.run() } catch { throw thrown(error, DiagnosticSink(), sink) }
    reportWeights(binder.report, weights, net, options, sink)
    let own = DataTransform.all(of: net, state: options.state)
    return CaffeModel(
      net: net, state: options.state, connections: connections, layers: layers,
      blobs: layers.indices.map { binder.boundBlobs($0) }, graph: graph, weights: weights, weightReport: binder.report,
      blobValues: translator.blobValues, isWholeModelFile: options.isWholeModelFile,
      transforms: own.isEmpty ? weights?.transforms ?? [] : own)
  }

  private static func reportWeights(
    _ report: WeightReport, _ weights: CaffeWeights?, _ net: CaffeNet, _ options: CaffeReadOptions,
    _ sink: DiagnosticSink
  ) {
    guard let weights else {
      if !report.filled.isEmpty {
        sink.note(
          "caffe.weights.none", "no weights are given: the blobs have the values of their fillers",
          at: SourceLocation(file: net.file))
      }
      return
    }
    var missing: [String] = []
    for place in report.filled where missing.last != place.layer { missing.append(place.layer) }
    for name in missing {
      let layer = net.layers.first { $0.name == name }
      let at = layer?.location ?? SourceLocation(file: net.file)
      let text = "is not in the weights file"
      let near = closestName(to: name, among: report.ignored)
      let help = near.map { "the file has a layer '\($0)' that the net does not have; layers are matched by name" }
      switch options.missingWeights {
      case .fill:
        sink.warning(
          "caffe.weights.layer-missing", layer?.text("\(text); its blobs have the values of their fillers") ?? text,
          at: at, help: help)
      case .refuse:
        sink.error(
          "caffe.weights.layer-missing", layer?.text(text) ?? text, at: at,
          help: help ?? "--allow-missing lets the layer keep its fillers")
      }
    }
    let withBlobs = Set(weights.layers.filter { $0.blobs.contains { $0 != nil } }.map(\.name))
    let ignored = report.ignored.filter { withBlobs.contains($0) }
    if !ignored.isEmpty {
      sink.note(
        "caffe.weights.ignored",
        "\(ignored.count) layers of the weights file are not in the net: "
          + ignored.prefix(8).joined(separator: ", ") + (ignored.count > 8 ? ", …" : ""),
        at: SourceLocation(file: weights.file))
    }
  }
}
