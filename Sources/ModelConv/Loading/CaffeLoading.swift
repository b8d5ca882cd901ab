import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import ModelGraph

/// Caffe models as the loader wants them: read, changed, built.
enum CaffeLoading {
  static func load(
    text: ByteSlice?, weights: [ByteSlice], _ options: LoadOptions, edits: NetEdits, sink: DiagnosticSink
  ) throws -> CaffeModel {
    let read = try readOptions(options)
    if edits.isEmpty, weights.count <= 1 {
      return try CaffeReader.read(prototxt: text, weights: weights.first, options: read, sink: sink)
    }
    var net: CaffeNet
    var blobs: CaffeWeights?
    var build = read
    if let text {
      net = try CaffeReader.readNet(text: text, fork: read.fork, sink: sink)
      for file in weights {
        let next = try CaffeReader.readWeights(file, sink: sink)
        blobs = blobs?.overwritten(by: next) ?? next
      }
    } else if let weights = weights.first, !HDF5File.matches(weights) {
      net = try CaffeReader.readNet(binary: weights, fork: read.fork, sink: sink)
      blobs = CaffeReader.weights(of: net)
      build.isWholeModelFile = true
    } else {
      throw Diagnostic.error("caffe.model.no-net", "weights alone have no layers that could be changed", status: .usage)
    }
    let transforms = DataTransform.all(of: net, state: build.state)
    var shared = blobs.map { SharedParameters(selected(net, build), $0) }
    if edits.isDeployed {
      let shapes = try options.dims().compactMapValues { dims in
        let numbers = dims.map { $0.value ?? 1 }
        return numbers.isEmpty ? nil : numbers
      }
      net = try Deploy.deployed(
        net, state: read.state, isWholeModelFile: build.isWholeModelFile, shapes: shapes, sink: sink)
      build.isWholeModelFile = true
    }
    for name in edits.drops { net = try NetSurgery.dropping(net, name) }
    for (old, new) in edits.renames {
      net = try NetSurgery.renaming(net, old, to: new)
      for i in blobs?.layers.indices ?? 0..<0 where blobs?.layers[i].name == old { blobs?.layers[i].name = new }
      shared?.rename(old, to: new)
    }
    if !edits.fromBlobs.isEmpty || !edits.toBlobs.isEmpty {
      guard edits.fromBlobs.count <= 1, edits.toBlobs.count <= 1 else {
        throw Diagnostic.error(
          "caffe.surgery.cut", "a Caffe net is cut from one blob to one blob", help: "convert it to ONNX and cut that",
          status: .usage)
      }
      for blob in edits.fromBlobs + edits.toBlobs { try NetSurgery.requireBlob(net, blob) }
      let carried = blobs.map { shared?.carried(into: $0, selected(net, build)) ?? $0 }
      let shape = try edits.fromBlobs.first.map { try shapeOf($0, net, carried, build) }
      net = try NetSurgery.cut(net, from: edits.fromBlobs.first, to: edits.toBlobs.first, shape: shape, sink: sink)
    }
    blobs = blobs.map { shared?.carried(into: $0, selected(net, build)) ?? $0 }
    var model = try CaffeReader.build(net, weights: blobs, options: build, sink: sink)
    // Data layers may be among what was changed; what they did to pictures still holds.
    if !transforms.isEmpty { model.transforms = transforms }
    return model
  }

  /// The layers that take part.
  private static func selected(_ net: CaffeNet, _ options: CaffeReadOptions) -> [CaffeLayer] {
    options.isWholeModelFile
      ? net.layers : net.selected(options.state, sink: DiagnosticSink()).map(\.layer)
  }

  private static func readOptions(_ options: LoadOptions) throws(Diagnostic) -> CaffeReadOptions {
    var caffe = CaffeReadOptions()
    caffe.state = NetState(phase: options.isTraining ? .train : .test, level: options.level, stages: options.stages)
    caffe.fork = options.fork
    caffe.shapes = try options.dims()
    caffe.batch = try options.batchDim()
    caffe.missingWeights = options.allowsMissingWeights ? .fill : .refuse
    caffe.seed = options.seed
    if let name = options.impliedFiller {
      guard let filler = Filler(named: name) else {
        let names = Filler.Kind.allCases.map(\.rawValue)
        throw .error(
          "usage.filler", "there is no filler '\(name)'",
          help: Suggestion.closest(to: name, among: names).map { "did you mean '\($0)'?" }
            ?? names.joined(separator: ", "),
          status: .usage)
      }
      caffe.impliedFiller = filler
    }
    return caffe
  }

  /// The shape that a blob has in the whole net: the input of its part has the same.
  private static func shapeOf(
    _ blob: String, _ net: CaffeNet, _ weights: CaffeWeights?, _ options: CaffeReadOptions
  ) throws -> [Int] {
    let whole = try CaffeReader.build(net, weights: weights, options: options, sink: DiagnosticSink())
    guard let id = whole.value(ofBlob: blob), let shape = whole.graph[id]?.type.sizes else {
      throw Diagnostic.error(
        "caffe.surgery.shape", "the shape of blob '\(blob)' is not known, so it cannot become an input",
        help: Suggestion.closest(to: blob, among: whole.connections.blobs).map { "did you mean '\($0)'?" }
          ?? "fix the shapes of the inputs with --shape", status: .usage)
    }
    return shape
  }
}
