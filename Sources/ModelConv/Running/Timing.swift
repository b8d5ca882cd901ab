import CPURuntime
import Diagnostics
import ModelGraph
import Rewrites
import TensorCore

/// How long a forward pass takes.
public struct TimingReport: Sendable, Codable {
  /// Threads asked for; 0 for one a processor.
  public var threads: Int
  /// Passes measured.
  public var iterations: Int
  /// Times of whole passes.
  public var forward: Times
  /// GFLOP/s of the whole pass by its median: two FLOP a multiply-add of convolutions and matrix products.
  public var gflops: Double?
  /// Multiply-adds of convolutions and matrix products; nil where a size is not known.
  public var multiplyAdds: Int?
  /// Times by layer, in order.
  public var layers: [Layer]

  /// Times of several passes in milliseconds.
  public struct Times: Sendable, Codable {
    /// The shortest.
    public var best_ms: Double
    /// The middle one.
    public var median_ms: Double
    /// Their mean.
    public var mean_ms: Double
  }

  /// The time of one layer.
  public struct Layer: Sendable, Codable {
    /// The layer's name.
    public var name: String
    /// The type as the format calls it.
    public var type: String
    /// Median over the passes.
    public var median_ms: Double
    /// Share of the sum over layers.
    public var share: Double
    /// Its multiply-adds; nil where a size is not known.
    public var multiplyAdds: Int?
    /// Two FLOP a multiply-add over its time.
    public var gflops: Double?
  }
}

extension Model {
  /// Measures the forward pass on seeded inputs: first without looking at layers, then layer by layer.
  ///
  /// - Parameter clock: monotonic seconds.
  public func time(
    iterations: Int, warmUp: Int = 2, threads: Int = 0, rewrites: Bool = true, clock: () -> Double,
    progress: (Double) -> Void = { _ in }
  ) throws(ModelConvError) -> TimingReport {
    try rethrowing {
      var graph = try requireKnownGraph("time it")
      if rewrites { graph = try PassManager(Pipelines.standard, context: .withRuntime()).run(graph).graph }
      let inputs = try Parity.samples(graph, count: 1, seed: 1, threads: threads).first ?? [:]
      let session = try Session(graph, options: SessionOptions(threads: threads))
      let rounds = max(1, iterations)
      for _ in 0..<max(0, warmUp) { _ = try session.run(inputs) }
      var whole: [Double] = []
      for i in 0..<rounds {
        let start = clock()
        _ = try session.run(inputs)
        whole.append(clock() - start)
        progress(Double(i + 1) / Double(2 * rounds))
      }
      let steps = try measureSteps(session, inputs, rounds) { progress(0.5 + 0.5 * $0) }
      return report(graph, whole, steps, threads, rounds)
    }
  }

  private struct Step {
    var layers: [NodeID]
    var name: String
    var operatorName: String
    var seconds: [Double] = []
  }

  private func measureSteps(
    _ session: Session, _ inputs: [String: Tensor], _ rounds: Int, _ progress: (Double) -> Void
  ) throws(Diagnostic) -> [Step] {
    var steps: [Step] = []
    for i in 0..<rounds {
      // The observer is called on the running thread, one step after another.
      let seen = StepLog()
      _ = try session.run(inputs, observer: { seen.reports.append($0) })
      for (k, r) in seen.reports.enumerated() {
        if k >= steps.count { steps.append(Step(layers: r.layers, name: r.name, operatorName: r.operatorName)) }
        steps[k].seconds.append(r.seconds)
      }
      progress(Double(i + 1) / Double(rounds))
    }
    return steps
  }

  private final class StepLog { var reports: [StepReport] = [] }

  private func report(
    _ graph: Graph, _ whole: [Double], _ steps: [Step], _ threads: Int, _ rounds: Int
  ) -> TimingReport {
    let total = steps.reduce(0) { $0 + Self.median($1.seconds) }
    var order: [String] = []
    var layers: [String: TimingReport.Layer] = [:]
    for s in steps {
      let nodes = s.layers.compactMap { graph[$0] }
      let name = nodes.first.map { $0.origin.layer ?? $0.name } ?? s.name
      var adds: Int? = 0
      for n in nodes { adds = adds.flatMap { a in LayerCost.multiplyAdds(of: n, in: graph).map { a &+ $0 } } }
      let seconds = Self.median(s.seconds)
      if layers[name] == nil { order.append(name) }
      var layer =
        layers[name]
        ?? .init(
          name: name, type: nodes.first?.origin.layerType ?? s.operatorName, median_ms: 0, share: 0, multiplyAdds: 0,
          gflops: nil)
      layer.median_ms += seconds * 1e3
      layer.share += total > 0 ? seconds / total : 0
      layer.multiplyAdds = layer.multiplyAdds.flatMap { a in adds.map { a &+ $0 } }
      layers[name] = layer
    }
    let list = order.compactMap { layers[$0] }.map { l in
      var l = l
      if let adds = l.multiplyAdds, adds > 0, l.median_ms > 0 { l.gflops = 2 * Double(adds) / l.median_ms / 1e6 }
      return l
    }
    var adds: Int? = 0
    for n in graph.nodes { adds = adds.flatMap { a in LayerCost.multiplyAdds(of: n, in: graph).map { a &+ $0 } } }
    let median = Self.median(whole)
    return TimingReport(
      threads: threads, iterations: rounds,
      forward: .init(
        best_ms: (whole.min() ?? 0) * 1e3, median_ms: median * 1e3,
        mean_ms: whole.reduce(0, +) / Double(max(1, whole.count)) * 1e3),
      gflops: adds.flatMap { median > 0 ? 2 * Double($0) / median / 1e9 : nil }, multiplyAdds: adds, layers: list)
  }

  private static func median(_ v: [Double]) -> Double {
    guard !v.isEmpty else { return 0 }
    let s = v.sorted()
    return s.count % 2 == 1 ? s[s.count / 2] : (s[s.count / 2 - 1] + s[s.count / 2]) / 2
  }
}
