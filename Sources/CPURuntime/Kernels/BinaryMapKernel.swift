import CKernels
import Diagnostics
import ModelGraph
import TensorCore

extension BinaryMap: PlannedKernel, EvaluatedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let a = try context.operand(0)
    let b = try context.operand(1)
    if function == .power, a.dtype != b.dtype { return try MixedPower.prepare(context) }
    switch a.dtype {
    case .float32: return try single(context)
    case .float64: return try real(context, Double.self)
    case .int8: return try integer(context, Int8.self)
    case .int16: return try integer(context, Int16.self)
    case .int32: return try integer(context, Int32.self)
    case .int64: return try integer(context, Int64.self)
    case .uint8: return try integer(context, UInt8.self)
    case .uint16: return try integer(context, UInt16.self)
    case .uint32: return try integer(context, UInt32.self)
    case .uint64: return try integer(context, UInt64.self)
    case .bool: return try boolean(context)
    case let t: throw context.unsupportedType(t)
    }
  }

  /// float32 through the C kernels where they know the function and the broadcast has few axes.
  private func single(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let plan = try BinaryMap.broadcast(context)
    guard let op = CKernelMap.binary(function), plan.shape.count <= 3 else { return try real(context, Float.self) }
    let lead = 3 - plan.shape.count
    func triple(_ v: [Int], _ filler: Int) -> [Int] { Array(repeating: filler, count: lead) + v }
    let extents = triple(plan.shape, 1)
    let (a, b) = (triple(plan.strides[0], 0), triple(plan.strides[1], 0))
    return PreparedKernel(inPlace: try BinaryMap.hosts(context, true)) { (args) throws(Diagnostic) in
      mc_binary(op, extents, args.input(0), a, args.input(1), b, args.output(0))
    }
  }

  /// Strings: equality alone.
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard function == .equal, inputs.count == 2, let a = inputs[0]?.tensor, let b = inputs[1]?.tensor,
      a.dtype == .string, b.dtype == .string
    else { throw context.error("run.unsupported-type", "\(function) has no meaning for these operands") }
    let (x, y) = (try a.strings(), try b.strings())
    let known = TypeInputs([a, b].map { TypeInputs.Operand(type: .tensor(.string, sizes: $0.shape)) })
    guard let shape = (try? inferTypes(known))?.first?.sizes else {
      throw context.error("run.shape", "the shapes \(a.shape) and \(b.shape) do not broadcast")
    }
    let (sa, sb) = (StridedCopy.broadcast(a.shape, to: shape), StridedCopy.broadcast(b.shape, to: shape))
    var place = [Int](repeating: 0, count: shape.count)
    let out = (0..<shape.reduce(1, *)).map { i -> Bool in
      PatchGather.unravel(i, shape, into: &place)
      return x[zip(place, sa).reduce(0) { $0 + $1.0 * $1.1 }] == y[zip(place, sb).reduce(0) { $0 + $1.0 * $1.1 }]
    }
    return [.tensor(try Tensor(out, shape: shape))]
  }

  /// A kernel of a closure; in place where an operand has the result's shape and element size.
  static func loop<T, R>(
    _ context: PlanContext, _: T.Type, _: R.Type, _ f: @escaping (T, T) -> R
  ) throws(Diagnostic) -> PreparedKernel {
    let plan = try broadcast(context)
    return PreparedKernel(inPlace: try hosts(context, MemoryLayout<T>.size == MemoryLayout<R>.size)) {
      (args) throws(Diagnostic) in
      plan.map(args.input(0, T.self), args.input(1, T.self), args.output(0, R.self), f)
    }
  }

  static func broadcast(_ context: PlanContext) throws(Diagnostic) -> Broadcast {
    Broadcast([try context.shape(0), try context.shape(1)], to: try context.result().shape)
  }

  /// Operands whose memory the result may take.
  static func hosts(_ context: PlanContext, _ sameSize: Bool) throws(Diagnostic) -> [Int] {
    guard sameSize else { return [] }
    let count = try context.result().count
    return context.operands.indices.filter { context.operands[$0]?.count == count }
  }

  private func integer<T: FixedWidthInteger & TensorElement>(
    _ context: PlanContext, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    func map(_ f: @escaping (T, T) -> T) throws(Diagnostic) -> PreparedKernel {
      try BinaryMap.loop(context, T.self, T.self, f)
    }
    switch function {
    case .add: return try map { $0 &+ $1 }
    case .subtract: return try map { $0 &- $1 }
    case .multiply: return try map { $0 &* $1 }
    case .divide: return try map { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }
    case .power: return try map { IntegerPower.power($0, $1) }
    case .minimum: return try map { Swift.min($0, $1) }
    case .maximum: return try map { Swift.max($0, $1) }
    case .fmod: return try map { $1 == 0 ? 0 : $0.remainderReportingOverflow(dividingBy: $1).partialValue }
    case .modulo:
      return try map { a, b in
        guard b != 0 else { return 0 }
        let r = a.remainderReportingOverflow(dividingBy: b).partialValue
        return r != 0 && (r < 0) != (b < 0) ? r &+ b : r
      }
    case .bitwiseAnd: return try map { $0 & $1 }
    case .bitwiseOr: return try map { $0 | $1 }
    case .bitwiseXor: return try map { $0 ^ $1 }
    // A negative count is out of range, as one that is too large.
    case .shiftLeft: return try map { $1 < 0 ? 0 : $0 << $1 }
    case .shiftRight: return try map { $1 < 0 ? ($0 < 0 ? ~0 : 0) : $0 >> $1 }
    case .prelu: return try map { $0 >= 0 ? $0 : $0 &* $1 }
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual: return try compare(context, T.self)
    case .and, .or, .xor: throw context.unsupportedType(T.dtype)
    }
  }

  private func compare<T: Comparable>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    func test(_ f: @escaping (T, T) -> Bool) throws(Diagnostic) -> PreparedKernel {
      try BinaryMap.loop(context, T.self, UInt8.self) { f($0, $1) ? 1 : 0 }
    }
    switch function {
    case .less: return try test { $0 < $1 }
    case .lessOrEqual: return try test { $0 <= $1 }
    case .greater: return try test { $0 > $1 }
    case .greaterOrEqual: return try test { $0 >= $1 }
    default: return try test { $0 == $1 }
    }
  }

  private func boolean(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    func map(_ f: @escaping (Bool, Bool) -> Bool) throws(Diagnostic) -> PreparedKernel {
      try BinaryMap.loop(context, UInt8.self, UInt8.self) { f($0 != 0, $1 != 0) ? 1 : 0 }
    }
    switch function {
    case .and, .bitwiseAnd, .multiply, .minimum: return try map { $0 && $1 }
    case .or, .bitwiseOr, .add, .maximum: return try map { $0 || $1 }
    case .xor, .bitwiseXor: return try map { $0 != $1 }
    case .equal: return try map { $0 == $1 }
    default: throw context.unsupportedType(.bool)
    }
  }

  private func real<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    func map(_ f: @escaping (T, T) -> T) throws(Diagnostic) -> PreparedKernel {
      try BinaryMap.loop(context, T.self, T.self, f)
    }
    switch function {
    case .add, .subtract, .multiply, .divide: return try arithmetic(context, T.self)
    case .power: return try map { $1 == 2 ? $0 * $0 : T.pow($0, $1) }
    case .minimum: return try map { $0.isNaN || $0 < $1 ? $0 : $1 }
    case .maximum: return try map { $0.isNaN || $0 > $1 ? $0 : $1 }
    case .fmod: return try map { T.fmod($0, $1) }
    case .modulo:
      return try map { a, b in
        let r = T.fmod(a, b)
        if r == 0 { return b < 0 ? -0.0 : 0 }
        return (r < 0) != (b < 0) ? r + b : r
      }
    case .prelu: return try map { $0 < 0 ? $0 * $1 : $0 }
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual: return try compare(context, T.self)
    default: throw context.unsupportedType(T.dtype)
    }
  }

  /// The four operations with loops of their own, which the compiler turns into vector code.
  private func arithmetic<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let plan = try BinaryMap.broadcast(context)
    let function = function
    return PreparedKernel(inPlace: try BinaryMap.hosts(context, true)) { (args) throws(Diagnostic) in
      let (a, b): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(0), args.input(1))
      let y: UnsafeMutablePointer<T> = args.output(0)
      switch function {
      case .add: plan.map(a, b, y) { $0 + $1 }
      case .subtract: plan.map(a, b, y) { $0 - $1 }
      case .multiply: plan.map(a, b, y) { $0 * $1 }
      default: plan.map(a, b, y) { $0 / $1 }
      }
    }
  }
}

/// Powers of integers by squaring; wrapping. A negative exponent gives what truncation leaves of the fraction.
enum IntegerPower {
  static func power<T: FixedWidthInteger>(_ base: T, _ exponent: T) -> T {
    if exponent < 0 {
      if base == 1 { return 1 }
      if T.isSigned, base == 0 &- 1 { return exponent & 1 == 0 ? 1 : base }
      return 0
    }
    var (result, b, e) = (T(1), base, exponent)
    while e > 0 {
      if e & 1 == 1 { result = result &* b }
      b = b &* b
      e >>= 1
    }
    return result
  }
}

/// Powers whose exponent has another element type than the base; computed in double precision.
enum MixedPower {
  static func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let (a, b) = (try context.operand(0), try context.operand(1))
    guard NumberLoop.isSupported(a.dtype), NumberLoop.isSupported(b.dtype) else {
      throw context.unsupportedType(a.dtype)
    }
    let plan = try BinaryMap.broadcast(context)
    let (sa, sb) = (plan.innerStride(0), plan.innerStride(1))
    return PreparedKernel { (args) throws(Diagnostic) in
      let (x, e, y) = (args.rawInput(0), args.rawInput(1), args.rawOutput(0))
      plan.forEachRun { at, n, from in
        for i in 0..<n {
          let v = Double.pow(
            NumberLoop.load(a.dtype, x, from[0] + i * sa), NumberLoop.load(b.dtype, e, from[1] + i * sb))
          NumberLoop.store(a.dtype, y, at + i, v)
        }
      }
    }
  }
}
