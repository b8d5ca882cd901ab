import Diagnostics
import ModelGraph
import TensorCore

/// Computes operators on float16, bfloat16 and narrower floats in float32: operands are converted into scratch memory,
/// results are rounded once at the end.
enum WidenedKernel {
  static func prepare(_ op: any PlannedKernel, _ context: PlanContext) throws(Diagnostic) -> PreparedKernel? {
    let all = context.operands + context.results
    guard all.contains(where: { $0?.dtype.isNarrowFloat ?? false }),
      all.allSatisfy({ o in (o?.dtype).map { !$0.isNarrowFloat || FloatCodec.isSupported($0) } ?? true })
    else { return nil }
    let wide = try context.widened(to: .float32)
    let inner = try op.prepare(wide)
    for (i, u) in wide.constantUse.enumerated() {
      // A widened constant that the kernel wants aligned is converted at each run like any other operand.
      if u == .consumed {
        context.use(i, .consumed)
      } else if context.operands[i]?.dtype.isNarrowFloat != true {
        context.use(i, u)
      }
    }
    var offset = Checked.roundedUp(inner.scratchBytes)
    var moves: [Move] = []
    for (i, o) in all.enumerated() {
      guard let o, o.dtype.isNarrowFloat else { continue }
      if i < wide.constantUse.count, wide.constantUse[i] == .consumed { continue }
      let bytes = try Checked.bytes(.float32, o.shape, layer: context.name)
      moves.append(Move(slot: i, dtype: o.dtype, count: o.count, offset: offset, isResult: i >= context.operands.count))
      offset += Checked.roundedUp(bytes)
    }
    let slots = all.count
    let inputCount = context.operands.count
    let plan = moves
    switch inner.action {
    case .alias(let i): return .alias(input: i)
    case .run(let body):
      return PreparedKernel(scratchBytes: offset) { (args) throws(Diagnostic) in
        for m in plan where !m.isResult {
          FloatCodec.decode(m.dtype, args.table[m.slot], into: m.address(args.scratch), count: m.count)
        }
        var table = (0..<slots).map { args.table[$0] }
        for m in plan { table[m.slot] = args.scratch + m.offset }
        let failure: Diagnostic? = table.withUnsafeBufferPointer { p -> Diagnostic? in
          guard let base = p.baseAddress else { return nil }
          do throws(Diagnostic) {
            try body(KernelArguments(table: base, inputCount: inputCount, scratch: args.scratch))
            return nil
          } catch { return error }
        }
        if let failure { throw failure }
        for m in plan where m.isResult {
          FloatCodec.encode(m.dtype, m.address(args.scratch), into: args.table[m.slot], count: m.count)
        }
      }
    }
  }

  private struct Move {
    var slot: Int
    var dtype: DType
    var count: Int
    var offset: Int
    var isResult: Bool
    func address(_ scratch: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
      (scratch + offset).assumingMemoryBound(to: Float.self)
    }
  }
}
