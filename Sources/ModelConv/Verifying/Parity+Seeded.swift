import Diagnostics
import ModelGraph
import TensorCore

extension Parity {
  /// Compares on seeded inputs: uniform numbers, or others where the reference does not run on those, because it takes
  /// indices, factors or sizes.
  ///
  /// - Throws: `SourceDoesNotRun` where `b`, the reference, runs on none of them.
  func run(
    _ a: Side, reference b: Side, count: Int, seed: UInt64
  ) throws -> (report: ParityReport, samples: [Sample]) {
    let inputs = a.graph.openInputs
    let hasSymbols = inputs.contains { !$0.type.symbols.subtracting($0.type.shape?.first?.symbols ?? []).isEmpty }
    let names = try matchInputs(a.graph, b.graph)
    var failure: (any Error)?
    for least in hasSymbols ? [5, 64, 224] : [5] {
      let extents = SeededInputs.extents(inputs.map(\.type), least: least)
      for kind in SeededInputs.Kind.allCases {
        var samples: [Sample] = []
        for s in 0..<max(1, count) {
          var sample: Sample = [:]
          for v in inputs {
            do {
              sample[v.name] = try SeededInputs.tensor(
                v.type, name: v.name, seed: seed, sample: s, kind: kind, extents: extents)
            } catch { throw SourceDoesNotRun(reason: error) }
          }
          samples.append(sample)
        }
        do { return (try run(a, b, samples: samples, seed: seed), samples) } catch {
          // Where the reference does not run either, nothing is said about the other model.
          do {
            _ = try session(b.graph, keep: []).run(try renamed(samples[0], names, for: b.graph))
          } catch {
            failure = failure ?? error
            if inputs.isEmpty { throw SourceDoesNotRun(reason: error) }
            continue
          }
          throw error
        }
      }
    }
    throw SourceDoesNotRun(reason: failure ?? Diagnostic.error("inputs.none", "no inputs were tried"))
  }

  func renamed(_ sample: Sample, _ names: [String: String], for graph: Graph) throws(Diagnostic) -> Sample {
    var out: Sample = [:]
    for (name, t) in sample {
      guard let other = names[name] else { continue }
      out[other] = try cast(t, to: graph.value(named: other)?.type.dtype)
    }
    return out
  }

  /// No values could be made up on which the reference runs.
  struct SourceDoesNotRun: Error {
    var reason: any Error

    /// In one line.
    var text: String {
      let why =
        switch reason {
        case let d as Diagnostic: d.message
        case let d as Diagnostics: d.items.first?.message ?? "unknown"
        default: "\(reason)"
        }
      return "the source runs on no made-up inputs (\(why))"
    }
  }
}
