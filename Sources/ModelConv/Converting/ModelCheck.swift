import CPURuntime
import Diagnostics
import ModelGraph
import Rewrites
import TensorCore

/// Everything that would go wrong with a model, in one list.
public struct CheckReport: Sendable, Codable {
  /// Files of the model, as the user named them.
  public var files: [String]
  /// The format that was checked for.
  public var target: String
  /// Everything found, in the order of the checks.
  public var findings: [Finding]
  /// How many findings are errors.
  public var errors: Int
  /// How many findings are warnings.
  public var warnings: Int

  /// True where nothing stands in the way.
  public var passes: Bool { errors == 0 }
}

extension Model {
  /// Looks for all problems of a model: in its files, for running it, and for writing it as `target`.
  ///
  /// - Parameter target: any format that this build writes.
  /// - Throws: where the files cannot be read at all; `usage.format` for a target that is not written.
  public static func check(
    _ files: [String], options: LoadOptions, target: String, opset: Int = 17
  ) throws(ModelConvError) -> CheckReport {
    try rethrowing {
      let format = try FormatRegistry.target(target, fileName: "")
      let model = try ModelLoader(options: options, keepsBroken: true).load(files.flatMap { splitName($0) })
      var found = model.sink.items.map { d in
        if d.code == "caffe.weights.none", format.name != "caffe" {
          var d = d
          d.severity = .warning
          return d
        }
        // A caffemodel may lack its data layers: its weights are good all the same.
        guard format.holds != "graph", model.isWeightsFileAlone, d.code == "caffe.net.unknown-bottom" else { return d }
        var d = d
        d.severity = .warning
        return d
      }
      found += model.weightProblems()
      found += model.obstacles
      found += model.problems(writing: format, opset: opset)
      var seen: Set<Diagnostic> = []
      found = found.filter { seen.insert($0).inserted }
      return CheckReport(
        files: model.files, target: target, findings: found.map { Finding($0) },
        errors: found.count { $0.severity == .error }, warnings: found.count { $0.severity == .warning })
    }
  }

  /// What stands in the way of running a graph and of its target, and where rounding matters.
  static func checkGraph(_ graph: Graph, write: (DiagnosticSink) throws(Diagnostics) -> Void) -> [Diagnostic] {
    var found: [Diagnostic] = []
    let unknown = graph.unknownLayers
    // Behind an unknown layer no size is known: nothing else can be said.
    if !unknown.isEmpty { return unknown }
    do { _ = try Session(graph) } catch {
      // What cannot run can still be written, and the other way round.
      found += error.items.map { d in
        var d = d
        d.severity = .warning
        return d
      }
    }
    let sink = DiagnosticSink()
    do throws(Diagnostics) { try write(sink) } catch { found += error.items }
    found += sink.items
    for n in graph.nodes {
      guard let g = n.op.poolingGeometry, !g.isGlobal, let x = n.inputs.first ?? nil, let shape = graph[x]?.type.shape
      else { continue }
      let name = n.origin.layer ?? n.name
      let spatial = shape.dropFirst(2).compactMap(\.value)
      guard spatial.count == shape.count - 2, let e = g.extents(spatial: spatial) else {
        if g.rounding == .ceil {
          found.append(
            Diagnostic(
              .note, "check.rounding-unknown",
              "layer '\(name)': whether ceil rounding matters depends on the input's size",
              at: n.origin.location, help: "give the size with --shape"))
        }
        continue
      }
      if e.contains(where: \.hasEmptyWindow) {
        found.append(
          Diagnostic(
            .warning, "check.empty-window", "layer '\(name)': a pooling window holds no input at all",
            at: n.origin.location,
            help: "its result is a constant in Caffe and differs elsewhere; shrink the stride or pad the input"))
      } else if e.contains(where: \.differs) {
        found.append(
          Diagnostic(
            .note, "check.rounding",
            "layer '\(name)': floor rounding would give \(e.map(\.floorSize)) instead of \(e.map(\.size))",
            at: n.origin.location, help: "modelconv rounding shows the pads that make up for it"))
      }
    }
    return found
  }

  /// Weights that cannot be read, and values that are no numbers.
  private func weightProblems() -> [Diagnostic] {
    var found: [Diagnostic] = []
    for t in tensors {
      if let problem = t.problem {
        found.append(.error("check.damaged-weights", "weights '\(t.name)': \(problem)"))
        continue
      }
      guard let tensor = t.tensor, tensor.dtype.isFloat else { continue }
      let s = TensorStatistics(name: t.name, tensor)
      if s.nans + s.infinities > 0 {
        found.append(
          Diagnostic(
            .warning, "check.not-finite", "weights '\(t.name)' hold \(s.nans) NaN and \(s.infinities) infinite values"))
      }
    }
    return found
  }
}
