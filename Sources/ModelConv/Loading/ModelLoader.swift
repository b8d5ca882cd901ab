import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import ModelGraph
import OnnxFormat
import TensorCore
import WeightFormats

/// Opens files, recognises them, and hands them to their readers.
struct ModelLoader {
  let options: LoadOptions
  /// A model with errors is given back, its findings in the sink.
  let keepsBroken: Bool
  let sink = DiagnosticSink()

  init(options: LoadOptions, keepsBroken: Bool = false) {
    var options = options
    // Shapes are those of pictures as they are; the files know exchanged ones.
    if options.isMatCaffe {
      options.shapes = options.shapes.mapValues { s in s.count == 4 ? MatCaffe.order.map { s[$0] } : s }
    }
    self.options = options
    self.keepsBroken = keepsBroken
  }

  private struct Opened {
    var path: String
    var bytes: ByteSlice
    var kind: FileKind
  }

  func load(_ names: [String]) throws -> Model {
    guard !names.isEmpty else { throw Diagnostic.error("usage.model", "no model is given", status: .usage) }
    var files: [Opened] = []
    for name in names {
      let bytes = try ByteStorage.open(name).all
      files.append(Opened(path: name, bytes: bytes, kind: try kind(bytes, name)))
    }
    var model = try read(files)
    // A reader reports what fails alone; here it all comes together.
    guard sink.hasErrors, !keepsBroken else { return options.isMatCaffe ? try model.matCaffeRepaired() : model }
    // A caffemodel may lack its data layers (and with them its inputs), or have layers that do not build: its layers and
    // weights are good all the same.
    guard files.count == 1, files[0].kind == .caffeBinary else { throw Diagnostics(sink.items) }
    model.obstacles = sink.errors.map { d in
      var d = d
      let isCut = d.code == "caffe.net.unknown-bottom"
      d.help =
        (isCut ? "the file has no layer that makes it; give" : (d.help.map { $0 + "; or " } ?? "") + "give")
        + " the prototxt too: deploy.prototxt,\(files[0].path)"
      return d
    }
    return model
  }

  private func kind(_ bytes: ByteSlice, _ name: String) throws(Diagnostic) -> FileKind {
    let found = FileKind.identify(bytes)
    guard let wanted = options.format else {
      if found == .empty {
        throw .error("format.empty", "the file is empty", at: SourceLocation(file: name))
      }
      return found
    }
    guard FormatRegistry.named(wanted) != nil else {
      throw .error(
        "usage.format", "there is no format '\(wanted)'",
        help: Suggestion.closest(to: wanted, among: FormatRegistry.formats.map(\.name)).map { "did you mean '\($0)'?" }
          ?? "modelconv list formats names them", status: .usage)
    }
    // One name stands for a model's text and binary file.
    return FormatRegistry.kinds(wanted, text: ProtoTextSketch(bytes) != nil) ?? found
  }

  private func read(_ files: [Opened]) throws -> Model {
    let kinds = files.map(\.kind)
    if let text = files.first(where: { $0.kind == .caffeText }) {
      let rest = files.filter { $0.path != text.path }
      guard rest.count == files.count - 1, rest.count <= 1 || options.overlaysWeights else { throw tooMany(files) }
      return try caffe(text, rest, files)
    }
    guard files.count == 1 else {
      if kinds.contains(.onnx), kinds.count == 2 {
        throw Diagnostic.error(
          "model.two-files", "an ONNX model is one file; \(files[1].path) is \(files[1].kind.title)",
          at: SourceLocation(file: files[0].path), status: .usage)
      }
      throw wrongPair(files)
    }
    return try single(files[0])
  }

  private func single(_ file: Opened) throws -> Model {
    func model(_ format: String, _ content: Model.Content) -> Model {
      Model(files: [file.path], format: format, content: content, sink: sink)
    }
    let place = SourceLocation(file: file.path)
    switch file.kind {
    case .caffeText: return try caffe(file, [], [file])
    case .caffeBinary: return try caffe(nil, [file], [file])
    case .onnx:
      var onnx = try OnnxLoading.load(file.bytes, options, sink)
      if !options.edits.isEmpty { onnx.graph = try GraphSurgery.apply(options.edits, to: onnx.graph) }
      return model("onnx", .onnx(onnx))
    case .weights(.hdf5):
      let bag = try CaffeFiles.hdf5(file.bytes)
      return model(bag.format, .weights(bag))
    case .weights(let w): return model(w.rawValue, .weights(try w.read(file.bytes)))
    case .binaryproto: return model("binaryproto", .weights(try CaffeFiles.binaryproto(file.bytes)))
    case .caffeSolverState: return model("caffe-solverstate", .weights(try CaffeFiles.solverState(file.bytes)))
    case .caffeSolver:
      return model("caffe-solver", .settings(try CaffeFiles.solver(file.bytes, sink: sink)))
    case .onnxTensor: return model("onnx-tensor", .weights(try OnnxLoading.tensorBag(file.bytes)))
    case .empty: throw Diagnostic.error("format.empty", "the file is empty", at: place)
    case .zip:
      throw Diagnostic.error(
        "format.zip", "a zip archive that holds no NumPy arrays is not read", at: place,
        help: "modelconv list formats names what this build reads")
    case .unknown where file.bytes.withUnsafeBytes({ $0.starts(with: [0xff, 0xfe]) || $0.starts(with: [0xfe, 0xff]) }):
      throw Diagnostic.error(
        "format.utf16", "starts as UTF-16 text does, which no model format is", at: place, help: "save it as UTF-8")
    case .png, .jpeg, .unknown:
      throw Diagnostic.error(
        "format.unknown",
        file.kind == .unknown ? "the file is \(file.kind.title)" : "is \(file.kind.title), not a model",
        at: place,
        help: "modelconv list formats names what this build reads; --from NAME skips recognition")
    }
  }

  private func caffe(_ text: Opened?, _ weights: [Opened], _ files: [Opened]) throws -> Model {
    for weights in weights where weights.kind != .caffeBinary && weights.kind != .weights(.hdf5) {
      throw Diagnostic.error(
        "caffe.weights.format", "is \(weights.kind.title), not weights for \(text?.path ?? "the net")",
        at: SourceLocation(file: weights.path), help: "give a .caffemodel or .caffemodel.h5 file")
    }
    let model = try CaffeLoading.load(
      text: text?.bytes, weights: weights.map(\.bytes), options, edits: options.edits, sink: sink)
    for name in options.shapes.keys.sorted() where model.graph.inputs.allSatisfy({ model.graph[$0]?.name != name }) {
      throw unknownInput(name, model.graph)
    }
    return Model(files: files.map(\.path), format: "caffe", content: .caffe(model), sink: sink)
  }

  private func tooMany(_ files: [Opened]) -> Diagnostic {
    .error(
      "model.too-many-files", "\(files.count) files are given; a Caffe model has a prototxt and a weights file",
      at: SourceLocation(file: files.last?.path), status: .usage)
  }

  /// Two files, and none of them describes a network.
  private func wrongPair(_ files: [Opened]) -> Diagnostic {
    let odd = files.first { $0.kind != .caffeBinary && $0.kind != .weights(.hdf5) } ?? files[0]
    return .error(
      "model.no-network-file", "none of the files is a network as text: \(odd.path) is \(odd.kind.title)",
      at: SourceLocation(file: odd.path), help: "give the prototxt first, then its weights")
  }

  private func unknownInput(_ name: String, _ graph: Graph) -> Diagnostic {
    let inputs = graph.inputs.compactMap { graph[$0]?.name }
    return .error(
      "usage.shape", "--shape \(name): the model has no input '\(name)'",
      help: Suggestion.closest(to: name, among: inputs).map { "did you mean '\($0)'?" }
        ?? "its inputs are \(inputs.joined(separator: ", "))", status: .usage)
  }
}
