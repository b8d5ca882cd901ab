import CPURuntime
import Diagnostics
import ModelGraph
import TensorCore

/// Two models on the same seeded or given inputs, compared layer by layer where names match.
public struct ParityReport: Sendable, Codable {
  /// Number of inputs that were tried.
  public var samples: Int
  /// Seed of random inputs.
  public var seed: UInt64
  /// When two values counted as equal.
  public var tolerance: Tolerance
  /// Outputs, worst over the samples.
  public var outputs: [Comparison]
  /// Values that both models have by name, in the first one's order; outputs are not repeated.
  public var layers: [Comparison]
  /// The first value in order that does not agree.
  public var firstDivergence: String?
  /// True where all outputs agree.
  public var passes: Bool
  /// What would make a failing comparison pass.
  public var notes: [String] = []
}

/// Runs two graphs side by side.
struct Parity {
  /// A graph with the names under which its values are compared.
  struct Side {
    var graph: Graph
    /// The value's own name by the name that is compared.
    var names: [(compared: String, own: String)]

    init(_ graph: Graph, names: [(compared: String, own: String)]) {
      self.graph = graph
      self.names = names
    }

    init(_ model: Model, purpose: String) throws {
      graph = try model.requireKnownGraph(purpose)
      names = model.allBlobs.map { ($0.blob, $0.value) }
    }
  }

  var tolerance: Tolerance
  /// Differences are allowed relative to the largest magnitude of a tensor, not only of each element: sums of other order.
  var scalesWithMagnitude = false
  /// float16 against float32 is compared by value.
  var comparesType = true
  var threads = 0
  var comparesLayers = true
  /// Bytes of intermediate values that are held at a time.
  var memory = 256 << 20
  var progress: (Double) -> Void = { _ in }

  /// Samples of input values in the first graph's names.
  typealias Sample = [String: Tensor]

  func run(_ a: Side, _ b: Side, samples: [Sample], seed: UInt64) throws -> ParityReport {
    let inputNames = try matchInputs(a.graph, b.graph)
    let outputs = try matchOutputs(a, b)
    let layers = comparesLayers ? matchLayers(a, b, outputs: outputs) : []
    var worst: [String: Comparison] = [:]
    let chunks = [outputs] + split(layers, sized(a.graph, samples.first ?? [:]))
    var done = 0
    for sample in samples {
      for chunk in chunks {
        let sessionA = try session(a.graph, keep: chunk.map(\.a))
        let sessionB = try session(b.graph, keep: chunk.map(\.b))
        let x = try sessionA.run(sample)
        let renamed = try self.renamed(sample, inputNames, for: b.graph)
        let y = try sessionB.run(renamed)
        for pair in chunk {
          let found = try compare(pair, value(pair.a, x, a.graph, sample), value(pair.b, y, b.graph, renamed))
          worst[pair.name] = worst[pair.name].map { Self.worse($0, found) } ?? found
        }
        done += 1
        progress(Double(done) / Double(samples.count * chunks.count))
      }
    }
    let outputResults = outputs.compactMap { worst[$0.name] }
    let layerResults = layers.compactMap { worst[$0.name] }
    let order = a.names.map(\.compared)
    let failing = (outputResults + layerResults).filter { !$0.passes }
    let first = order.first { name in failing.contains { $0.name == name } } ?? failing.first?.name
    return ParityReport(
      samples: samples.count, seed: seed, tolerance: tolerance, outputs: outputResults, layers: layerResults,
      firstDivergence: first, passes: outputResults.allSatisfy(\.passes))
  }

  // MARK: Matching

  struct Pair {
    var name: String
    var a: String
    var b: String
  }

  /// The second graph's input for each of the first's: by name, else by position where the numbers agree.
  func matchInputs(_ a: Graph, _ b: Graph) throws(Diagnostic) -> [String: String] {
    let (x, y) = (a.openInputs.map(\.name), b.openInputs.map(\.name))
    if Set(x) == Set(y) { return Dictionary(zip(x, x), uniquingKeysWith: { first, _ in first }) }
    guard x.count == y.count else {
      throw .error(
        "parity.inputs",
        "the models have different inputs: \(x.joined(separator: ", ")) and \(y.joined(separator: ", "))")
    }
    return Dictionary(zip(x, y), uniquingKeysWith: { first, _ in first })
  }

  func matchOutputs(_ a: Side, _ b: Side) throws(Diagnostic) -> [Pair] {
    func named(_ s: Side) -> [(compared: String, own: String)] {
      s.graph.outputs.compactMap { s.graph[$0]?.name }.map { own in
        (s.names.first { $0.own == own }?.compared ?? own, own)
      }
    }
    let (x, y) = (named(a), named(b))
    if Set(x.map(\.compared)) == Set(y.map(\.compared)) {
      return x.compactMap { o in
        y.first { $0.compared == o.compared }.map { Pair(name: o.compared, a: o.own, b: $0.own) }
      }
    }
    guard x.count == y.count else {
      throw .error(
        "parity.outputs",
        "the models have different outputs: \(x.map(\.compared).joined(separator: ", ")) and "
          + y.map(\.compared).joined(separator: ", "))
    }
    // Those of one name belong together; the others in their order.
    let named = x.filter { o in y.contains { $0.compared == o.compared } }
    let rest = zip(
      x.filter { o in !named.contains { $0.compared == o.compared } },
      y.filter { o in !named.contains { $0.compared == o.compared } })
    return named.compactMap { o in
      y.first { $0.compared == o.compared }.map { Pair(name: o.compared, a: o.own, b: $0.own) }
    } + rest.map { Pair(name: $0.compared, a: $0.own, b: $1.own) }
  }

  private func matchLayers(_ a: Side, _ b: Side, outputs: [Pair]) -> [Pair] {
    let theirs = Dictionary(b.names.map { ($0.compared, $0.own) }, uniquingKeysWith: { first, _ in first })
    var taken = Set(outputs.map(\.name)).union(a.graph.openInputs.map(\.name))
    return a.names.compactMap { n in
      guard let other = theirs[n.compared], taken.insert(n.compared).inserted else { return nil }
      return Pair(name: n.compared, a: n.own, b: other)
    }
  }

  /// The graph with the samples' shapes, so that the sizes of its values are known.
  private func sized(_ graph: Graph, _ sample: Sample) -> Graph {
    var bindings: [String: Dim] = [:]
    for v in graph.openInputs {
      guard let t = sample[v.name], let shape = v.type.shape, shape.count == t.rank else { continue }
      for (d, n) in zip(shape, t.shape) {
        if let s = d.symbolName { bindings[s] = Dim(n) }
      }
    }
    guard !bindings.isEmpty, let bound = try? graph.binding(bindings) else { return graph }
    var editor = GraphEditor(bound)
    editor.refineTypes()
    return editor.finish()
  }

  /// Groups of layers whose values fit the memory bound.
  private func split(_ pairs: [Pair], _ graph: Graph) -> [[Pair]] {
    var types: [String: ValueType] = [:]
    for v in graph.values { types[v.name] = v.type }
    var out: [[Pair]] = []
    var used = 0
    for p in pairs {
      let type = types[p.a]
      let size = (type?.sizes).flatMap { s in type?.dtype.flatMap { $0.byteCount(s.reduce(1, &*)) } } ?? memory
      if out.isEmpty || used &+ size > memory / 2 {
        out.append([])
        used = 0
      }
      out[out.count - 1].append(p)
      used &+= size
    }
    return out
  }

  // MARK: Running

  func session(_ g: Graph, keep: [String]) throws -> Session {
    try Session(g, options: SessionOptions(threads: threads, keep: .names(Set(keep))))
  }

  private func value(_ name: String, _ r: RunResult, _ g: Graph, _ inputs: Sample) -> RuntimeValue? {
    if let v = r[name] { return v }
    return (g.value(named: name)?.constant ?? inputs[name]).map { .tensor($0) }
  }

  private func compare(_ pair: Pair, _ x: RuntimeValue?, _ y: RuntimeValue?) throws(Diagnostic) -> Comparison {
    guard let x, let y else { return Comparison(name: pair.name, problem: "one of the models does not give it") }
    guard case .tensor(let a) = x, case .tensor(let b) = y else {
      let all = try ValueComparison.compare(pair.name, x, y, tolerance)
      return all.first { !$0.passes } ?? all[0]
    }
    var t = tolerance
    if scalesWithMagnitude, b.dtype.isFloat {
      let largest = try b.floats().reduce(Float(0)) { $1.isFinite ? max($0, abs($1)) : $0 }
      t.absolute *= max(1, Double(largest))
    }
    return try Comparison(name: pair.name, actual: a, expected: b, tolerance: t, comparesType: comparesType)
  }

  func cast(_ t: Tensor, to dtype: DType?) throws(Diagnostic) -> Tensor {
    guard let dtype, dtype != t.dtype else { return t }
    switch dtype {
    case .float16: return try Tensor(try t.floats().map { Float16($0) }, shape: t.shape)
    case .float32: return try Tensor(try t.floats(), shape: t.shape)
    case .float64: return try Tensor(try t.doubles(), shape: t.shape)
    default: return t
    }
  }

  private static func worse(_ a: Comparison, _ b: Comparison) -> Comparison {
    var out = a.passes && !b.passes ? b : a
    out.maxAbsolute = max(a.maxAbsolute, b.maxAbsolute)
    out.maxRelative = max(a.maxRelative, b.maxRelative)
    out.cosine = min(a.cosine, b.cosine)
    out.failing = a.failing + b.failing
    return out
  }

  /// Seeded inputs on which `graph` runs: uniform numbers, or 0 and 1 where a model takes indices.
  static func samples(_ graph: Graph, count: Int, seed: UInt64, threads: Int) throws -> [Sample] {
    var failure: (any Error)?
    for kind in SeededInputs.Kind.allCases {
      do {
        var out: [Sample] = []
        for s in 0..<count {
          var sample: Sample = [:]
          for v in graph.openInputs {
            sample[v.name] = try SeededInputs.tensor(v.type, name: v.name, seed: seed, sample: s, kind: kind)
          }
          out.append(sample)
        }
        if kind == .zeros || graph.openInputs.isEmpty { return out }
        // Only models with index inputs can refuse values; the first sample tells.
        if let first = out.first, graph.takesIndices {
          _ = try Session(graph, options: SessionOptions(threads: threads)).run(first)
        }
        return out
      } catch let error as Diagnostic where error.status == .usage {
        throw error
      } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    return []
  }
}

extension Graph {
  /// True where some operator uses a computed value as index.
  var takesIndices: Bool {
    nodes.contains { n in
      n.op is Gather || n.op is ForeignOperator || n.op.operatorName.contains("Gather")
        || n.op.operatorName.contains("Scatter") || n.op.operatorName.contains("OneHot") || !n.op.bodies.isEmpty
        || n.op.operatorName.contains("Roi") || n.op.operatorName.contains("Reindex")
        || n.op.operatorName.contains("Filter")
    }
  }
}

extension Model {
  /// Compares two models on seeded or given inputs; `other` is the reference.
  ///
  /// - Parameter inputs: as for `run`; empty for seeded inputs.
  public func compare(
    with other: Model, inputs: [String] = [], samples: Int = 1, seed: UInt64 = 1, tolerance: Tolerance = Tolerance(),
    threads: Int = 0, progress: (Double) -> Void = { _ in }
  ) throws(ModelConvError) -> ParityReport {
    try rethrowing {
      try withoutActuallyEscaping(progress) { progress in
        let a = try Parity.Side(self, purpose: "compare it")
        let b = try Parity.Side(other, purpose: "compare it")
        var parity = Parity(tolerance: tolerance, threads: threads)
        parity.progress = progress
        var report: ParityReport
        var given: [Parity.Sample]
        if inputs.isEmpty {
          do {
            (report, given) = try parity.run(a, reference: b, count: samples, seed: seed)
          } catch let error as Parity.SourceDoesNotRun { throw error.reason }
        } else {
          let values = try InputValues(arguments: inputs)
          try a.graph.requireInputs(values.names)
          given = [Dictionary(values.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { _, b in b })]
          report = try parity.run(a, b, samples: given, seed: seed)
        }
        if !report.passes, let first = given.first {
          report.notes = LayoutVariant.notes { try parity.agrees(a, b, first, with: $0) }
        }
        return report
      }
    }
  }
}
