import CPURuntime
import Diagnostics
import ModelGraph
import TensorCore

/// What a model makes of recorded inputs, compared with what was recorded.
public struct FixtureReport: Sendable, Codable {
  /// Files of the model, as the user named them.
  public var model: [String]
  /// The recorded cases in order.
  public var cases: [Case]
  /// When two values counted as equal.
  public var tolerance: Tolerance
  /// True where everything agrees.
  public var passes: Bool

  /// One recorded case.
  public struct Case: Sendable, Codable {
    /// The archive or data set.
    public var name: String
    /// Outputs, then blobs, in the fixture's order.
    public var comparisons: [Comparison]
    /// True where everything agrees.
    public var passes: Bool
    /// What would make a failing case pass.
    public var notes: [String] = []
  }
}

extension Model {
  /// Runs a model on recorded inputs and compares outputs and recorded blobs.
  ///
  /// - Parameter fixtures: an `.npz` with keys `in:NAME`, `out:NAME`, `blob:NAME`, or a folder with ONNX test data. On
  ///   weights alone `out:PATH` is compared with the tensor of that path.
  public static func verify(
    _ files: [String], options: LoadOptions, fixtures: String, tolerance: Tolerance, threads: Int = 0,
    report: ([Finding]) -> Void
  ) throws(ModelConvError) -> FixtureReport {
    try rethrowing {
      var cases: [FixtureReport.Case] = []
      if FileProbe.isFolder(fixtures) {
        let model = try load(files, options: options)
        report(model.findings)
        let graph = try model.requireGraph("verify it with ONNX test data")
        for folder in try Fixture.folders(fixtures) {
          cases.append(try model.check(try Fixture.dataSet(folder, graph), tolerance, threads))
        }
      } else {
        let fixture = try Fixture.archive(fixtures)
        let model = try loaded(files, options, fixture, tolerance, threads)
        report(model.findings)
        let isEmptyBag = model.graph == nil && model.tensors.isEmpty
        guard !fixture.outputs.isEmpty || !fixture.blobs.isEmpty || isEmptyBag else {
          throw Diagnostic.error(
            "fixture.empty", "the fixture records no output: it has no key out:NAME", at: SourceLocation(file: fixtures)
          )
        }
        var found =
          model.graph == nil
          ? try model.checkTensors(fixture, tolerance) : try model.check(fixture, tolerance, threads)
        // Recorded outputs that agree were made with the layout as it is, whatever else differs.
        let outputs = found.comparisons.prefix(fixture.outputs.count)
        if !found.passes, model.graph != nil, !outputs.allSatisfy(\.passes) {
          found.notes = LayoutVariant.notes(files, options, fixture) { try $0.check($1, tolerance, threads).passes }
        }
        cases.append(found)
      }
      return FixtureReport(
        model: files, cases: cases, tolerance: tolerance, passes: cases.allSatisfy(\.passes))
    }
  }

  /// The model in the shapes of recorded inputs. Where it does not take them, the reason may be what MatCaffe does.
  private static func loaded(
    _ files: [String], _ options: LoadOptions, _ fixture: Fixture, _ tolerance: Tolerance, _ threads: Int
  ) throws -> Model {
    do { return try load(files, options: options, fitting: fixture.inputTensors, isFixture: true) } catch {
      let notes = LayoutVariant.notes(files, options, fixture) { try $0.check($1, tolerance, threads).passes }
      guard !notes.isEmpty else { throw error }
      switch error {
      case let d as Diagnostic: throw d.with(notes)
      case var all as Diagnostics:
        guard !all.items.isEmpty else { throw error }
        all.items[0] = all.items[0].with(notes)
        throw all
      case let e as ModelConvError: throw e.with(notes)
      default: throw error
      }
    }
  }

  private func check(_ recorded: Fixture, _ tolerance: Tolerance, _ threads: Int) throws -> FixtureReport.Case {
    let graph = try requireKnownGraph("verify it")
    let fixture = recorded.bound(to: graph)
    let names = fixture.inputs.map(\.name)
    try graph.requireInputs(names, code: "fixture.input")
    if let missing = graph.openInputs.first(where: { !names.contains($0.name) }) {
      throw Diagnostic.error(
        "fixture.input", "the fixture has no value for input '\(missing.name)' (\(missing.type))",
        at: SourceLocation(file: fixture.name))
    }
    var kept: Set<String> = []
    for name in fixture.outputs.map(\.name) + fixture.blobs.map(\.name) {
      if let v = valueName(ofBlob: name) { kept.insert(v) }
    }
    let session = try Session(
      graph, options: SessionOptions(threads: threads, keep: .names(kept), exactness: .exact))
    let result = try session.run(
      values: Dictionary(fixture.inputs.map { ($0.name, $0.value) }, uniquingKeysWith: { _, b in b }))
    func actual(_ name: String) -> RuntimeValue? {
      guard let v = valueName(ofBlob: name) else { return nil }
      if let r = result[v] { return r }
      return graph.value(named: v)?.constant.map { .tensor($0) } ?? fixture.inputs.first { $0.name == v }?.value
    }
    var all: [Comparison] = []
    for o in fixture.outputs { all += try ValueComparison.compare(o.name, actual(o.name), o.value, tolerance) }
    for b in fixture.blobs { all += try ValueComparison.compare(b.name, actual(b.name), .tensor(b.tensor), tolerance) }
    return FixtureReport.Case(name: fixture.name, comparisons: all, passes: all.allSatisfy(\.passes))
  }

  private func checkTensors(_ fixture: Fixture, _ tolerance: Tolerance) throws -> FixtureReport.Case {
    let mine = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var all: [Comparison] = []
    for o in fixture.outputs {
      guard let found = mine[o.name] else {
        all.append(Comparison(name: o.name, problem: "the file holds no tensor of that path"))
        continue
      }
      guard let t = found.tensor else {
        all.append(Comparison(name: o.name, problem: found.problem ?? "damaged"))
        continue
      }
      all += try ValueComparison.compare(o.name, .tensor(t), o.value, tolerance)
    }
    return FixtureReport.Case(name: fixture.name, comparisons: all, passes: all.allSatisfy(\.passes))
  }
}

extension Diagnostic {
  fileprivate func with(_ notes: [String]) -> Diagnostic {
    var d = self
    d.notes += notes
    return d
  }
}
