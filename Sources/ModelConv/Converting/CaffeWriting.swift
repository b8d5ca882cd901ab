import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import ModelGraph

/// What was written as a Caffe model.
public struct CaffeWriteReport: Sendable, Codable {
  /// The written net; nil where weights alone were written.
  public var prototxt: String?
  /// The written weights.
  public var weights: String
  /// Layers that take part.
  public var layers: Int
  /// Values of all weights, shared ones counted once.
  public var parameters: Int
  /// The written files, opened again, against the source; nil where it was not asked for.
  public var verification: ParityReport?
}

extension Converter {
  /// Writes a network in Caffe's current form: `X.prototxt` and `X.caffemodel` beside it.
  ///
  /// A Caffe net keeps its layers and everything that was written in them; a network of another format is said in
  /// Caffe's layers, after the rewrites that are asked for.
  ///
  /// - Throws: `caffe.write.unsupported` for every node of another format that Caffe has no layer for; errors of writing.
  public func writeCaffe(
    _ model: Model, to path: String, progress: (String, Double) -> Void = { _, _ in }
  ) throws(ModelConvError) -> CaffeWriteReport {
    try rethrowing {
      guard path != "-" else {
        throw Diagnostic.error("usage.output", "two files cannot go to standard output", status: .usage)
      }
      // Caffe would refuse the net that is written: a layer reads what no layer makes.
      if !model.obstacles.isEmpty { throw Diagnostics(model.obstacles) }
      let form = try caffeForm(model)
      let base = path.hasSuffix(".prototxt") ? String(path.dropLast(9)) : path
      let weightsPath = base + ".caffemodel"
      // Both are complete before either takes its place.
      let text = try FileWriter(path)
      try text.write(form.text)
      let weights = try FileWriter(weightsPath)
      try form.weights.write(to: weights)
      try weights.commit()
      try text.commit()
      var report = CaffeWriteReport(
        prototxt: path, weights: weightsPath, layers: form.layers, parameters: form.parameters, verification: nil)
      if options.verifies, model.obstacles.isEmpty, model.graph?.unknownLayers.isEmpty ?? false {
        let written = try Model.load([path, weightsPath], options: Self.likewise(model))
        let source = try Parity.Side(model, purpose: "verify it")
        let samples = try Parity.samples(
          source.graph, count: options.samples, seed: options.seed, threads: options.threads)
        try withoutActuallyEscaping(progress) { progress in
          var parity = Parity(tolerance: Tolerance())
          parity.threads = options.threads
          parity.comparesLayers = false
          // Rewrites change the order of sums.
          parity.scalesWithMagnitude = model.format != "caffe"
          parity.progress = { progress("verifying", $0) }
          report.verification = try parity.run(
            try Parity.Side(written, purpose: "verify it"), source, samples: samples, seed: options.seed)
        }
      }
      return report
    }
  }

  /// How to open a written net so that it is the source: in its state, with its inputs' shapes.
  private static func likewise(_ model: Model) -> LoadOptions {
    var load = LoadOptions()
    guard case .caffe(let caffe) = model.content else { return load }
    load.isTraining = caffe.state.phase == .train
    load.level = caffe.state.level
    load.stages = caffe.state.stages
    for id in caffe.graph.inputs {
      guard let v = caffe.graph[id], v.constant == nil, let sizes = v.type.sizes else { continue }
      load.shapes[v.name] = sizes.map(String.init)
    }
    return load
  }

  /// A network as Caffe writes it.
  private struct CaffeForm {
    var text: String
    var weights: ProtobufBuilder
    var layers: Int
    var parameters: Int
  }

  private func caffeForm(_ model: Model) throws -> CaffeForm {
    if case .caffe(let caffe) = model.content, !model.isChanged {
      return CaffeForm(
        text: try CaffeWriter.prototxt(caffe.net, isSelected: caffe.isWholeModelFile),
        weights: try CaffeWriter.caffemodel(caffe),
        layers: caffe.layers.count, parameters: caffe.weightReport.parameterCount)
    }
    let source = try model.requireKnownGraph("write it as Caffe")
    let export = try CaffeExport(try rewritten(source, operatorSet: nil).graph)
    return CaffeForm(
      text: try export.prototxt(), weights: try export.caffemodel(), layers: export.layers.count,
      parameters: export.blobs.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } })
  }

  /// Writes the blobs of a Caffe model: a caffemodel, or Caffe's HDF5 form.
  public static func writeCaffeWeights(
    _ model: Model, to path: String, hdf5: Bool = false
  ) throws(ModelConvError) -> CaffeWriteReport {
    try rethrowing {
      let caffe = try model.requireCaffe()
      if hdf5 {
        try CaffeWriter.hdf5(caffe, to: path)
      } else {
        let out = try FileWriter(path)
        try CaffeWriter.caffemodel(caffe).write(to: out)
        try out.commit()
      }
      return CaffeWriteReport(
        prototxt: nil, weights: path, layers: caffe.layers.count, parameters: caffe.weightReport.parameterCount,
        verification: nil)
    }
  }
}

extension Model {
  func requireCaffe() throws(Diagnostic) -> CaffeModel {
    try requireUnchanged("writing Caffe's layers")
    if case .caffe(let m) = content { return m }
    throw .error(
      "caffe.write.source", "is of another format (\(title)): only Caffe models are written as Caffe's weights",
      at: SourceLocation(file: files.first), help: solvedNet, status: .usage)
  }
}
