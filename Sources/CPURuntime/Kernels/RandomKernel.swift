import Diagnostics
import ModelGraph
import TensorCore

extension RandomFill: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(0, .consumed)
    let out = try context.result()
    guard NumberLoop.isSupported(out.dtype) else { throw context.unsupportedType(out.dtype) }
    let (distribution, seed, count) = (distribution, seed?.value, out.count)
    return PreparedKernel { (args) throws(Diagnostic) in
      var random = RandomSource(seed: seed)
      for i in 0..<count {
        let v: Double
        switch distribution {
        case .normal(let mean, let deviation): v = Double(mean.value) + random.normal() * Double(deviation.value)
        case .uniform(let low, let high):
          v = Double(low.value) + random.uniform() * (Double(high.value) - Double(low.value))
        }
        NumberLoop.store(out.dtype, args.rawOutput(0), i, v)
      }
    }
  }
}

extension Bernoulli: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let (x, out) = (try context.operand(0), try context.result())
    guard NumberLoop.isSupported(x.dtype), NumberLoop.isSupported(out.dtype) else {
      throw context.unsupportedType(x.dtype)
    }
    let seed = seed?.value
    return PreparedKernel { (args) throws(Diagnostic) in
      var random = RandomSource(seed: seed)
      for i in 0..<x.count {
        let p = NumberLoop.load(x.dtype, args.rawInput(0), i)
        NumberLoop.store(out.dtype, args.rawOutput(0), i, random.uniform() < p ? 1 : 0)
      }
    }
  }
}

extension Multinomial: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let (x, out) = (try context.operand(0), try context.result())
    guard NumberLoop.isSupported(x.dtype), x.shape.count == 2 else { throw context.unsupportedType(x.dtype) }
    let (classes, samples, seed) = (x.shape[1], samples, seed?.value)
    return PreparedKernel { (args) throws(Diagnostic) in
      var random = RandomSource(seed: seed)
      for b in 0..<x.shape[0] {
        var sums: [Double] = []
        var total = 0.0
        for c in 0..<classes {
          total += Double.exp(NumberLoop.load(x.dtype, args.rawInput(0), b * classes + c))
          sums.append(total)
        }
        for s in 0..<samples {
          let r = random.uniform() * total
          let k = sums.firstIndex { r < $0 } ?? max(classes - 1, 0)
          NumberLoop.store(out.dtype, args.rawOutput(0), b * samples + s, Double(k))
        }
      }
    }
  }
}
