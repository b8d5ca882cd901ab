import Diagnostics
import ModelGraph
import TensorCore

/// Runs one operator on values, without a plan: for constants, for shapes that depend on data, and in tests.
package enum Evaluator {
  /// - Returns: one value per result of the operator.
  package static func evaluate(
    _ op: any Operator, _ inputs: [RuntimeValue?], name: String, options: SessionOptions = SessionOptions()
  ) throws(Diagnostic) -> [RuntimeValue] {
    let context = EvaluationContext(
      name: name, limits: options.limits, options: options, state: RunState(options.limits),
      bodySessions: BodySessions())
    return try evaluate(op, inputs, context)
  }

  static func evaluate(
    _ op: any Operator, _ inputs: [RuntimeValue?], _ context: EvaluationContext
  ) throws(Diagnostic) -> [RuntimeValue] {
    for case .tensor(let t)? in inputs { try Checked.extents(t.shape, layer: context.name) }
    if let planned = op as? any PlannedKernel, let tensors = plainTensors(inputs) {
      do throws(Diagnostic) { return try run(planned, tensors, context) } catch {
        guard error.code == PlanContext.needsValueCode, op is any EvaluatedKernel else { throw error }
      }
    }
    if let evaluated = op as? any EvaluatedKernel {
      try reserveCopies(op, inputs, context)
      return try evaluated.evaluate(inputs, context)
    }
    if let planned = op as? any PlannedKernel {
      return try CodedElements.evaluate(planned, inputs, context)
    }
    throw Unsupported.diagnostic(op, name: context.name)
  }

  /// Refuses tensors whose elements would not fit into memory as the numbers that evaluated kernels make of them, once
  /// for the operand and once for the result.
  private static func reserveCopies(
    _ op: any Operator, _ inputs: [RuntimeValue?], _ context: EvaluationContext
  ) throws(Diagnostic) {
    // Bodies and sequences take their operands as they are.
    guard op.bodies.isEmpty, !(op is SequenceConstruct), !(op is OptionalConstruct) else { return }
    var elements = 0
    for v in inputs {
      switch v {
      case nil: break
      case .tensor(let t)?: elements += t.count
      default: return
      }
    }
    try context.state.reserve(elements * 16, context.name)
  }

  /// The tensors where all operands are tensors of whole-byte elements.
  private static func plainTensors(_ inputs: [RuntimeValue?]) -> [Tensor?]? {
    var out: [Tensor?] = []
    for v in inputs {
      guard let v else {
        out.append(nil)
        continue
      }
      guard case .tensor(let t) = v, t.dtype.byteWidth > 0 else { return nil }
      out.append(t)
    }
    return out
  }

  /// Infers result types with all values known, prepares and runs.
  static func run(
    _ op: any PlannedKernel, _ inputs: [Tensor?], _ context: EvaluationContext
  ) throws(Diagnostic) -> [RuntimeValue] {
    let known = TypeInputs(
      inputs.map { t in
        t.map { TypeInputs.Operand(type: .tensor($0.dtype, sizes: $0.shape), constant: $0) }
      }, freshPrefix: "run")
    let types: [ValueType]
    do throws(InferenceError) { types = try op.inferTypes(known) } catch {
      throw context.error("run.shape", error.message)
    }
    var results: [PlanContext.Operand?] = []
    for t in types {
      guard let d = t.dtype, let s = t.sizes else {
        throw context.error("run.shape", "the result's type \(t) is not known even with all values known")
      }
      guard try Checked.bytes(d, s, layer: context.name) <= context.limits.memory else {
        throw context.error("run.memory-limit", "a result of shape \(s) is larger than the memory limit")
      }
      results.append(PlanContext.Operand(dtype: d, shape: s))
    }
    var bytes = 0
    for case let r? in results { bytes += try Checked.bytes(r.dtype, r.shape, layer: context.name) }
    try context.state.reserve(bytes, context.name)
    let plan = PlanContext(
      name: context.name,
      operands: inputs.map { t in t.map { PlanContext.Operand(dtype: $0.dtype, shape: $0.shape, constant: $0) } },
      results: results, known: known, options: context.options)
    let kernel = try prepare(op, plan)
    switch kernel.action {
    case .alias(let i):
      guard i < inputs.count, let t = inputs[i], let r = results.first.flatMap({ $0 }) else { return [] }
      return [.tensor(try t.reshaped(r.shape))]
    case .run(let body): return try call(body, kernel.scratchBytes, inputs, results)
    }
  }

  /// Calls a prepared kernel on tensors, with memory of its own for results.
  private static func call(
    _ body: PreparedKernel.Body, _ scratchBytes: Int, _ inputs: [Tensor?], _ results: [PlanContext.Operand?]
  ) throws(Diagnostic) -> [RuntimeValue] {
    let scratch = try AlignedBuffer(count: scratchBytes)
    var addresses = ResidentOperands()
    var table: [UnsafeMutableRawPointer] = []
    for t in inputs {
      if let t { table.append(try addresses.address(of: t)) } else { table.append(scratch.base) }
    }
    var outputs: [RuntimeValue] = []
    for r in results {
      guard let r else { continue }
      // SAFETY: the storage is private to this call until it returns, and the kernel writes before anyone reads.
      let t = try Tensor.make(dtype: r.dtype, shape: r.shape) { (buffer) throws(Diagnostic) in
        if let p = buffer.baseAddress { table.append(p) }
      }
      // An empty result has no memory to fill.
      if table.count == inputs.count + outputs.count { table.append(scratch.base) }
      outputs.append(.tensor(t))
    }
    let count = inputs.count
    let failure: Diagnostic? = table.withUnsafeBufferPointer { pointer -> Diagnostic? in
      guard let base = pointer.baseAddress else { return nil }
      do throws(Diagnostic) {
        try body(KernelArguments(table: base, inputCount: count, scratch: scratch.base))
        return nil
      } catch { return error }
    }
    withExtendedLifetime(addresses) {}
    if let failure { throw failure }
    return outputs
  }

  /// `prepare`, with narrow floats computed in float32 where the kernel does not know them.
  static func prepare(_ op: any PlannedKernel, _ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    for case let o? in context.operands + context.results { try Checked.extents(o.shape, layer: context.name) }
    do throws(Diagnostic) { return try op.prepare(context) } catch {
      guard error.code == "run.unsupported-type" else { throw error }
      guard let widened = try WidenedKernel.prepare(op, context) else { throw error }
      return widened
    }
  }
}

/// Keeps tensors' bytes in memory while their addresses are in use.
struct ResidentOperands {
  private var kept: [Tensor] = []
  private var copies: [AlignedBuffer] = []

  /// The address of the row-major bytes of `t`, aligned to its element unless `aligned` is false.
  mutating func address(of t: Tensor, aligned: Bool = true) throws(Diagnostic) -> UnsafeMutableRawPointer {
    let dense = try t.contiguous()
    let bytes = try dense.bytes()
    let buffer = bytes.unsafeBuffer
    guard let p = buffer.baseAddress, !buffer.isEmpty else {
      let nothing = try AlignedBuffer(count: 0)
      copies.append(nothing)
      return nothing.base
    }
    let unit = min(max(t.dtype.byteWidth, 1), 16)
    if !aligned || Int(bitPattern: p) % unit == 0 {
      kept.append(dense)
      // SAFETY: kernels never write through operand addresses.
      return UnsafeMutableRawPointer(mutating: p)
    }
    let copy = try AlignedBuffer(count: buffer.count)
    copy.base.copyMemory(from: p, byteCount: buffer.count)
    copies.append(copy)
    return copy.base
  }
}
