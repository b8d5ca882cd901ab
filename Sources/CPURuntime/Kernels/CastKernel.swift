import Diagnostics
import ModelGraph
import TensorCore

extension Cast: PlannedKernel, EvaluatedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    if x.dtype == to { return .alias(input: 0) }
    guard NumberLoop.isSupported(x.dtype), NumberLoop.isSupported(to) else {
      // Rare types go through `evaluate`.
      throw context.needsRuntime()
    }
    let n = x.count
    switch x.dtype {
    case .float32: return fromFloat(n, Float.self)
    case .float64: return fromFloat(n, Double.self)
    case .float16: return fromFloat(n, Float16.self)
    case .int8: return fromInteger(n, Int8.self)
    case .int16: return fromInteger(n, Int16.self)
    case .int32: return fromInteger(n, Int32.self)
    case .int64: return fromInteger(n, Int64.self)
    case .uint8, .bool: return fromInteger(n, UInt8.self)
    case .uint16: return fromInteger(n, UInt16.self)
    case .uint32: return fromInteger(n, UInt32.self)
    case .uint64: return fromInteger(n, UInt64.self)
    default: return generic(x.dtype, n)
    }
  }

  private func generic(_ from: DType, _ n: Int) -> PreparedKernel {
    let to = to
    return PreparedKernel { (args) throws(Diagnostic) in
      let (x, y) = (args.rawInput(0), args.rawOutput(0))
      Parallel.ranges(n, grain: 1 << 13) { r in
        for i in r { NumberLoop.store(to, y, i, NumberLoop.load(from, x, i)) }
      }
    }
  }

  private func fromFloat<S: BinaryFloatingPoint>(_ n: Int, _: S.Type) -> PreparedKernel {
    func map<D>(_ f: @escaping (S) -> D) -> PreparedKernel { ElementLoop.map(n, S.self, D.self, f) }
    switch to {
    case .float32: return map { Float($0) }
    case .float64: return map { Double($0) }
    case .float16: return map { Float16($0) }
    case .bfloat16: return map { SmallFloat.encodeBFloat16(Float($0)) }
    case .int8: return map { Int8(truncatingIfNeeded: NumberLoop.integer($0) as Int64) }
    case .int16: return map { Int16(truncatingIfNeeded: NumberLoop.integer($0) as Int64) }
    case .int32: return map { NumberLoop.integer($0) as Int32 }
    case .int64: return map { NumberLoop.integer($0) as Int64 }
    case .uint8: return map { UInt8(truncatingIfNeeded: NumberLoop.integer($0) as Int64) }
    case .uint16: return map { UInt16(truncatingIfNeeded: NumberLoop.integer($0) as Int64) }
    case .uint32: return map { UInt32(truncatingIfNeeded: NumberLoop.integer($0) as Int64) }
    case .uint64: return map { $0 < 0 ? UInt64(bitPattern: NumberLoop.integer($0)) : NumberLoop.integer($0) }
    default: return map { $0 == 0 ? UInt8(0) : 1 }
    }
  }

  private func fromInteger<S: FixedWidthInteger>(_ n: Int, _: S.Type) -> PreparedKernel {
    func map<D>(_ f: @escaping (S) -> D) -> PreparedKernel { ElementLoop.map(n, S.self, D.self, f) }
    switch to {
    case .float32: return map { Float($0) }
    case .float64: return map { Double($0) }
    case .float16: return map { Float16(Float($0)) }
    case .bfloat16: return map { SmallFloat.encodeBFloat16(Float($0)) }
    case .int8: return map { Int8(truncatingIfNeeded: $0) }
    case .int16: return map { Int16(truncatingIfNeeded: $0) }
    case .int32: return map { Int32(truncatingIfNeeded: $0) }
    case .int64: return map { Int64(truncatingIfNeeded: $0) }
    case .uint8: return map { UInt8(truncatingIfNeeded: $0) }
    case .uint16: return map { UInt16(truncatingIfNeeded: $0) }
    case .uint32: return map { UInt32(truncatingIfNeeded: $0) }
    case .uint64: return map { UInt64(truncatingIfNeeded: $0) }
    default: return map { $0 == 0 ? UInt8(0) : 1 }
    }
  }

  /// Strings, 8-bit floats and packed types.
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard let x = inputs.first.flatMap({ $0 })?.tensor else {
      throw context.error("run.not-a-tensor", "no tensor is given")
    }
    return [.tensor(try RareCast(to: to, saturates: saturates, roundMode: roundMode).cast(x, context))]
  }
}
