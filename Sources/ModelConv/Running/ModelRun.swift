import ByteSource
import CPURuntime
import Diagnostics
import ModelGraph
import TensorCore
import WeightFormats

/// Which intermediate values a run keeps.
public enum BlobSelection: Sendable {
  case none
  case all
  case names([String])
}

/// What a run gave.
public struct RunOutputs: Sendable {
  package var inputs: [(name: String, tensor: Tensor)]
  package var outputs: [(name: String, value: RuntimeValue)]
  package var blobs: [(name: String, value: RuntimeValue)]

  /// Outputs, then kept blobs.
  public var summaries: [ValueSummary] {
    (outputs + blobs).map { ValueSummary(name: $0.name, $0.value.type) }
  }

  /// Writes one array an output and kept blob, under its name in the model.
  public func write(_ path: String) throws(ModelConvError) {
    try rethrowing {
      var seen: Set<String> = []
      let all = try Self.arrays(outputs + blobs).filter { seen.insert($0.key).inserted }
      try Npz.write(all, path: path)
    }
  }

  /// Writes inputs, outputs and kept blobs for `verify --fixtures`.
  public func writeFixtures(_ path: String) throws(ModelConvError) {
    try rethrowing {
      let arrays =
        inputs.map { (key: "in:\($0.name)", tensor: $0.tensor) }
        + (try Self.arrays(outputs)).map { (key: "out:\($0.key)", tensor: $0.tensor) }
        + (try Self.arrays(blobs)).map { (key: "blob:\($0.key)", tensor: $0.tensor) }
      try Npz.write(arrays, path: path)
    }
  }

  private static func arrays(_ values: [(name: String, value: RuntimeValue)]) throws -> [(key: String, tensor: Tensor)]
  {
    var out: [(key: String, tensor: Tensor)] = []
    for v in values {
      guard case .tensor(let t) = v.value else {
        throw Diagnostic.error(
          "run.not-a-tensor", "'\(v.name)' is \(v.value.type); an npz file holds arrays only",
          help: "keep other values with --blobs")
      }
      out.append((v.name, t))
    }
    return out
  }
}

extension Model {
  /// Runs a model on the CPU.
  ///
  /// - Parameters:
  ///   - inputs: `NAME=FILE`, `NAME=FILE:KEY` or an archive with keys `in:NAME` or names.
  ///   - threads: 0 for one a processor. Results do not depend on it.
  public static func run(
    _ files: [String], options: LoadOptions, inputs: [String], blobs: BlobSelection, threads: Int,
    report: ([Finding]) -> Void
  ) throws(ModelConvError) -> RunOutputs {
    try rethrowing {
      let values = try InputValues(arguments: inputs)
      let model = try Model.load(files, options: options, fitting: values)
      report(model.findings)
      return try model.run(values, blobs: blobs, threads: threads)
    }
  }

  func run(_ values: InputValues, blobs: BlobSelection, threads: Int) throws -> RunOutputs {
    let graph = try requireKnownGraph("run it")
    try graph.requireInputs(values.names)
    let kept = try keptBlobs(blobs)
    let options = SessionOptions(threads: threads, keep: kept.isEmpty ? .none : .names(Set(kept.map(\.value))))
    // What cannot run at all is said before what is missing for a run.
    let session = try Session(graph, options: options)
    try graph.requireSize(below: options.limits.memory)
    let missing = graph.openInputs.filter { v in !values.names.contains(v.name) }
    if !missing.isEmpty {
      throw Diagnostics(
        missing.map { v in
          .error(
            "run.missing-input", "input '\(v.name)' (\(v.type)) is not given",
            help: "give it with --input \(v.name)=FILE.npy", status: .usage)
        })
    }
    let result = try session.run(
      Dictionary(values.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { _, b in b }))
    func value(_ name: String) throws -> RuntimeValue {
      if let v = result[name] { return v }
      if let t = graph.value(named: name)?.constant { return .tensor(t) }
      if let t = values.tensors.last(where: { $0.name == name })?.tensor { return .tensor(t) }
      throw Diagnostic.error("run.no-value", "'\(name)' was not kept by the run", status: .software)
    }
    var out = RunOutputs(inputs: values.tensors, outputs: [], blobs: [])
    let outputNames = graph.outputs.compactMap { graph[$0]?.name }
    for name in outputNames { out.outputs.append((blobName(ofValue: name), try value(name))) }
    for k in kept where !outputNames.contains(k.value) { out.blobs.append((k.blob, try value(k.value))) }
    return out
  }

  /// Blob names with the names of the values that hold them last.
  private func keptBlobs(_ selection: BlobSelection) throws -> [(blob: String, value: String)] {
    switch selection {
    case .none: return []
    case .all: return allBlobs
    case .names(let names):
      let all = allBlobs
      return try names.map { name in
        if let found = all.first(where: { $0.blob == name }) { return found }
        if graph?.value(named: name) != nil { return (name, name) }
        throw Diagnostic.error(
          "run.no-blob", "there is no blob '\(name)'",
          help: Suggestion.closest(to: name, among: all.map(\.blob)).map { "did you mean '\($0)'?" }
            ?? "inspect --blobs lists them", status: .usage)
      }
    }
  }

  /// Every blob that a run can give, without automatic splits.
  package var allBlobs: [(blob: String, value: String)] {
    switch content {
    case .caffe(let m):
      return m.connections.blobs.enumerated().compactMap { i, name in
        guard name != "(automatic)", let id = m.blobValues[i], let v = m.graph[id] else { return nil }
        return (name, v.name)
      }
    case .onnx(let m):
      return m.graph.nodes.flatMap { $0.outputs.compactMap { $0 } }.compactMap { m.graph[$0]?.name }.map { ($0, $0) }
    case .weights, .settings: return []
    }
  }

  /// The name of the value that holds a blob last; nil where there is none.
  package func valueName(ofBlob blob: String) -> String? {
    if case .caffe(let m) = content, let id = m.value(ofBlob: blob) { return m.graph[id]?.name }
    return graph?.value(named: blob)?.name
  }

  /// The format's name of a value: Caffe's blob, else its own.
  package func blobName(ofValue name: String) -> String {
    guard case .caffe(let m) = content, m.graph.value(named: name) != nil else { return name }
    for (i, id) in m.blobValues where m.graph[id]?.name == name { return m.connections.blobs[i] }
    return name
  }
}

extension Graph {
  /// Throws where a value whose size is known has more bytes than a run may use.
  func requireSize(below limit: Int) throws(Diagnostic) {
    for v in values where v.constant == nil {
      guard let sizes = v.type.sizes, let t = v.type.dtype, !sizes.contains(0) else { continue }
      guard let count = checkedProduct(sizes), let bytes = t.byteCount(count), bytes <= limit else {
        throw .error(
          "run.memory-limit", "'\(v.name)' (\(v.type)) alone needs more than the memory limit of \(limit) bytes",
          at: producer(of: v.id)?.origin.location ?? SourceLocation(), help: "use a smaller batch or input shape")
      }
    }
  }
}
