import ByteSource
import CPURuntime
import CaffeFormat
import Diagnostics
import ModelGraph
import Pictures
import TensorCore

/// A model set up for pictures.
struct PictureClassifier {
  let steps: PictureSteps
  let applied: ClassificationReport.Applied
  private let model: Model
  private let input: PictureInput
  private let session: Session
  /// The graph's name of the output.
  private let output: String
  /// Pictures of one run.
  private let batch: Int

  var outputName: String { model.blobName(ofValue: output) }

  /// - Throws: `classify.*` where the model takes no pictures, or options do not fit it.
  init(_ files: [String], _ options: LoadOptions, _ o: ClassificationOptions, sink: DiagnosticSink) throws {
    var load = options
    var model = try Model.load(files, options: load)
    if model.isTrainingNet {
      load.edits.isDeployed = true
      model = try Model.load(files, options: load)
    }
    let declared = try o.preprocessing.map { try ImagePreprocessing.read($0) } ?? model.declaredPreprocessing
    let input = try Self.input(of: model, declared)
    steps = try PictureSteps(input, o, declared: declared)
    let shape = input.shape(
      batch: steps.crops, channels: steps.channels, height: steps.cropSize[0], width: steps.cropSize[1])
    if model.format == "caffe", input.batch != steps.crops || input.size != steps.cropSize {
      // Caffe's layers are set up for their shapes. A net that insists on its own batch gets its pictures in that.
      load.shapes[input.name] = shape.map(String.init)
      load.batch = nil
      if let fitted = try? Model.load(files, options: load), (try? fitted.requireKnownGraph("run it")) != nil {
        model = fitted
      }
    }
    self.model = model
    self.input = try Self.input(of: model, declared)
    let graph = try model.requireKnownGraph("classify pictures")
    batch = self.input.batch.map { max(1, $0) } ?? steps.crops
    output = try Self.output(of: model, graph, o.output)
    session = try Session(graph, options: SessionOptions(threads: o.threads))
    applied = Self.applied(steps, input, o, declared)
    let isLeftToDefaults =
      declared == nil && o.mean == nil && o.rawScale == nil && o.inputScale == nil && o.channelSwap == nil
    if isLeftToDefaults {
      sink.warning(
        "classify.undeclared",
        "nothing says how the net's pictures were prepared: "
          + (steps.isGrey ? "grey" : "blue, green, red") + " in 0 … 255 without a mean is assumed",
        help: "give --mean, --input-scale, or --preprocessing with a sidecar or the training net")
    }
  }

  private static func input(of model: Model, _ declared: ImagePreprocessing?) throws -> PictureInput {
    let graph = try model.requireKnownGraph("classify pictures")
    guard let input = PictureInput(graph, preferring: declared?.input) else {
      throw Diagnostic.error(
        "classify.no-picture-input", "no input of the model has the axes of pictures (N, C, H, W)",
        at: SourceLocation(file: model.files.first))
    }
    let others = graph.openInputs.filter { $0.name != input.name }
    guard others.isEmpty else {
      throw Diagnostic.error(
        "classify.inputs", "the model also wants '\(others.map(\.name).joined(separator: "', '"))'",
        at: SourceLocation(file: model.files.first), help: "modelconv run takes values for every input")
    }
    return input
  }

  private static func output(of model: Model, _ graph: Graph, _ wanted: String?) throws -> String {
    let outputs = graph.outputs.compactMap { graph[$0] }
    let names = outputs.map { model.blobName(ofValue: $0.name) }
    if let wanted {
      if let i = names.firstIndex(of: wanted) { return outputs[i].name }
      throw Diagnostic.error(
        "classify.output", "the model has no output '\(wanted)'",
        help: Suggestion.closest(to: wanted, among: names).map { "did you mean '\($0)'?" }
          ?? "its outputs are \(names.joined(separator: ", "))", status: .usage)
    }
    let softmax = outputs.first { graph.producer(of: $0.id)?.op.operatorName.contains("Softmax") ?? false }
    guard let found = softmax ?? outputs.first else {
      throw Diagnostic.error("classify.output", "the model has no output", at: SourceLocation(file: model.files.first))
    }
    return found.name
  }

  private static func applied(
    _ s: PictureSteps, _ input: PictureInput, _ o: ClassificationOptions, _ declared: ImagePreprocessing?
  ) -> ClassificationReport.Applied {
    ClassificationReport.Applied(
      declaredBy: o.preprocessing ?? declared?.source, input: input.name, isGrey: s.isGrey, imageSize: s.imageSize,
      cropSize: s.cropSize, crops: s.crops, channelSwap: s.channelSwap, rawScale: s.rawScale.map { Double($0) },
      mean: s.mean?.channelMeans, meanFile: s.mean?.isPixel == false ? o.mean ?? declared?.mean?.file : nil,
      inputScale: s.inputScale.map { Double("\($0)") ?? Double($0) })
  }

  // MARK: Running

  /// The scores of a picture, averaged over its crops.
  func scores(_ picture: Picture) throws -> [Double] {
    let crops = try steps.inputs(picture)
    var sum: [Double] = []
    var at = 0
    while at < crops.count {
      let part = crops[at..<min(at + batch, crops.count)]
      let rows = try run(Array(part))
      for r in rows {
        if sum.isEmpty { sum = [Double](repeating: 0, count: r.count) }
        for (i, v) in r.enumerated() where i < sum.count { sum[i] += v }
      }
      at += part.count
    }
    return sum.map { $0 / Double(crops.count) }
  }

  /// The scores of up to `batch` crops; a fixed batch is filled up with zeros.
  private func run(_ crops: [[Float]]) throws -> [[Double]] {
    let (h, w) = (steps.cropSize[0], steps.cropSize[1])
    let empty = [Float](repeating: 0, count: crops.first?.count ?? 0)
    let n = input.batch == nil ? crops.count : batch
    let values = crops.flatMap { $0 } + Array(repeatElement(empty, count: n - crops.count).joined())
    var t = try Tensor(values, shape: [n, steps.channels, h, w])
    if input.isChannelLast { t = try t.permuted([0, 2, 3, 1]).contiguous() }
    let result = try session.run([input.name: try converted(t)])
    guard case .tensor(let out)? = result[output], out.count > 0, out.count % n == 0, out.shape.first == n else {
      throw Diagnostic.error(
        "classify.output", "output '\(outputName)' does not hold scores for each picture",
        help: "name another one with --scores")
    }
    let all = try out.doubles()
    let size = out.count / n
    return crops.indices.map { Array(all[$0 * size..<($0 + 1) * size]) }
  }

  private func converted(_ t: Tensor) throws(Diagnostic) -> Tensor {
    switch input.dtype {
    case .float32: return t
    case .float16: return try Tensor(try t.floats().map { Float16($0) }, shape: t.shape)
    case .float64: return try Tensor(try t.doubles(), shape: t.shape)
    default:
      throw .error("classify.type", "input '\(input.name)' holds \(input.dtype.rawValue) elements: not supported here")
    }
  }
}

extension Model {
  /// True for a Caffe net that reads its pictures from data layers, or ends in a loss.
  var isTrainingNet: Bool {
    guard case .caffe(let m) = content else { return false }
    return m.layers.contains { l in
      (l.bottoms.isEmpty && DataLayerFacts.isDataLayer(l)) || CaffeLayerTable.automaticTops(l.type) > 0
    }
  }
}
