import Diagnostics
import ModelGraph
import TensorCore

extension Gather: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let index = try context.operand(1)
    guard index.dtype == .int64 || index.dtype == .int32 else { throw context.unsupportedType(index.dtype) }
    let a = try context.axis(axis, rank: x.shape.count)
    let outer = x.shape[..<a].reduce(1, *)
    let extent = x.shape[a]
    let bytes = x.shape[(a + 1)...].reduce(x.dtype.byteWidth, *)
    let count = index.count
    let wide = index.dtype == .int64
    let name = context.name
    return PreparedKernel { (args) throws(Diagnostic) in
      let (source, indices, out) = (args.rawInput(0), args.rawInput(1), args.rawOutput(0))
      for i in 0..<count {
        let k = IndexLoop.load(indices, i, wide: wide)
        guard k >= -extent, k < extent else {
          throw .error("run.index", "layer '\(name)': index \(k) is outside an axis of \(extent)")
        }
      }
      guard bytes > 0 else { return }
      Parallel.ranges(outer * count, grain: max(1, (1 << 16) / bytes)) { range in
        for r in range {
          let k = IndexLoop.load(indices, r % count, wide: wide)
          let from = (r / count * extent + (k < 0 ? k + extent : k)) * bytes
          (out + r * bytes).copyMemory(from: source + from, byteCount: bytes)
        }
      }
    }
  }
}

extension ShapeOf: PlannedKernel, EvaluatedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(0, .consumed)
    let x = try context.shape(0)
    let list = range(rank: x.count).map { Int64(x[$0]) }
    return PreparedKernel { (args) throws(Diagnostic) in
      let y: UnsafeMutablePointer<Int64> = args.output(0)
      for (i, v) in list.enumerated() { y[i] = v }
    }
  }

  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard let t = inputs.first.flatMap({ $0 })?.tensor else {
      throw context.error("run.not-a-tensor", "no tensor is given")
    }
    return [.tensor(try Tensor(range(rank: t.rank).map { Int64(t.shape[$0]) }))]
  }
}

extension ElementCount: PlannedKernel, EvaluatedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(0, .consumed)
    guard let count = Tensor.count(of: try context.shape(0)) else {
      throw context.error("run.shape", "the number of elements is too large")
    }
    return PreparedKernel { (args) throws(Diagnostic) in
      let y: UnsafeMutablePointer<Int64> = args.output(0)
      y[0] = Int64(count)
    }
  }

  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard let t = inputs.first.flatMap({ $0 })?.tensor else {
      throw context.error("run.not-a-tensor", "no tensor is given")
    }
    return [.tensor(try Tensor(scalar: Int64(t.count)))]
  }
}

extension Fill: PlannedKernel, EvaluatedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(0, .consumed)
    let out = try context.result()
    let count = out.count
    let width = out.dtype.byteWidth
    guard width > 0 else { throw context.needsRuntime() }
    let pattern = try value.tensor.bytes().bytes
    guard pattern.count >= width else { throw context.error("run.shape", "the value to fill with is empty") }
    return PreparedKernel { (args) throws(Diagnostic) in
      let y = args.rawOutput(0)
      pattern.withUnsafeBytes { p in
        guard let from = p.baseAddress else { return }
        for i in 0..<count { (y + i * width).copyMemory(from: from, byteCount: width) }
      }
    }
  }

  /// Strings and packed elements.
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard let s = inputs.first.flatMap({ $0 })?.tensor else {
      throw context.error("run.not-a-tensor", "no shape is given")
    }
    let shape = try s.ints().map { Int($0) }
    _ = try Checked.bytes(.uint8, shape, layer: context.name)
    guard shape.reduce(1, *) <= context.limits.memory / 16 else {
      throw context.error("run.memory-limit", "a result of shape \(shape) is larger than the memory limit")
    }
    if value.tensor.dtype == .string {
      let text = try value.tensor.strings().first ?? ""
      return [.tensor(try Tensor(strings: Array(repeating: text, count: shape.reduce(1, *)), shape: shape))]
    }
    let code = try value.tensor.unpackedCodes().first ?? 0
    let codes = [UInt8](repeating: code, count: shape.reduce(1, *))
    return [.tensor(try Tensor(codes: codes, dtype: value.tensor.dtype, shape: shape))]
  }
}
