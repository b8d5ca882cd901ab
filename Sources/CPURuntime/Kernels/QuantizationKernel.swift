import Diagnostics
import ModelGraph
import TensorCore

/// How scales and zero points are spread over a tensor: one, one an index of an axis, or one a block along it.
struct QuantizationLayout {
  private let inner: Int
  private let extent: Int
  private let block: Int
  private let blocks: Int
  private let isSingle: Bool

  /// - Parameter zero: the shape of the zero points, where there are any.
  init(
    _ x: [Int], scale: [Int], zero: [Int]?, axis: Int, blockSize: Int, _ context: EvaluationContext
  ) throws(Diagnostic) {
    let count = scale.reduce(1, *)
    if let zero, zero != scale, count != 1 || zero.reduce(1, *) != 1 {
      throw context.error("run.shape", "zero points \(zero) and scales \(scale) differ in shape")
    }
    guard blockSize >= 0 else { throw context.error("run.shape", "blocks of \(blockSize)") }
    isSingle = count == 1 && blockSize == 0
    guard !isSingle else {
      (inner, extent, block, blocks) = (1, 1, 1, 1)
      return
    }
    guard let a = try? ShapeRule.axis(axis, rank: x.count) else {
      throw context.error("run.shape", "axis \(axis) is outside \(x)")
    }
    inner = x[(a + 1)...].reduce(1, *)
    extent = x[a]
    if blockSize > 0 {
      guard scale.count == x.count else { throw context.error("run.shape", "scales \(scale) do not fit \(x)") }
      block = blockSize
      blocks = scale[a]
      guard scale.indices.allSatisfy({ $0 == a || scale[$0] == x[$0] }), blocks > 0 || extent == 0,
        blocks >= extent || (extent - 1) / block < blocks
      else {
        throw context.error("run.shape", "scales \(scale) do not fit blocks of \(blockSize) of \(x)")
      }
    } else {
      guard count == extent else {
        throw context.error("run.shape", "\(count) scales for \(extent) elements of axis \(axis)")
      }
      (block, blocks) = (0, 0)
    }
  }

  /// The scale of element `i`.
  @inline(__always)
  func index(_ i: Int) -> Int {
    if isSingle { return 0 }
    let k = i / inner % extent
    if block == 0 { return k }
    return (i / (inner * extent) * blocks + k / block) * inner + i % inner
  }
}

/// Integer ranges of quantised types.
enum QuantizedRange {
  static func of(_ t: DType) -> ClosedRange<Double>? {
    switch t {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    case .int4: -8...7
    case .uint4: 0...15
    case .int2: -2...1
    case .uint2: 0...3
    case .int32: -2_147_483_648...2_147_483_647
    default: nil
    }
  }

  /// A tensor of integers given as numbers inside the type's range.
  static func tensor(
    _ values: [Double], _ type: DType, _ shape: [Int], _ context: EvaluationContext
  ) throws(Diagnostic) -> Tensor {
    let whole = try Tensor(values.map { NumberLoop.integer($0) as Int64 }, shape: shape)
    return try cast(whole, to: type, context)
  }

  static func cast(
    _ t: Tensor, to type: DType, saturates: Bool = true, _ context: EvaluationContext
  ) throws(Diagnostic) -> Tensor {
    guard t.dtype != type else { return t }
    let out = try Evaluator.evaluate(Cast(to: type, saturates: saturates), [.tensor(t)], context)
    guard let r = out.first?.tensor else { throw context.error("run.result-missing", "nothing was computed") }
    return r
  }

  /// Rounds as a division in the given precision rounds.
  static func narrow(_ v: Double, _ type: DType) -> Double {
    switch type {
    case .float16: Double(Float16(Float(v)))
    case .bfloat16: Double(SmallFloat.decodeBFloat16(SmallFloat.encodeBFloat16(Float(v))))
    case .float64: v
    default: Double(Float(v))
    }
  }
}

extension QuantizeLinear: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let scale = try context.tensor(inputs, 1)
    let zero = try context.optionalTensor(inputs, 2)
    let type = zero?.dtype ?? outputType ?? .uint8
    let layout = try QuantizationLayout(
      x.shape, scale: scale.shape, zero: zero?.shape, axis: axis, blockSize: blockSize, context)
    let values = try x.doubles()
    let scales = try scale.doubles()
    let zeros = try zero?.doubles()
    // An e8m0 scale divides in float32.
    let division = precision ?? (scale.dtype == .float8e8m0 ? .float32 : scale.dtype)
    var out = [Double](repeating: 0, count: values.count)
    let range = QuantizedRange.of(type)
    for i in values.indices {
      let k = layout.index(i)
      let v = QuantizedRange.narrow(values[i] / scales[k], division)
      let z = zeros.map { $0[k] } ?? 0
      if let range {
        let q = v.rounded(.toNearestOrEven) + z
        out[i] = q.isNaN ? 0 : min(max(q, range.lowerBound), range.upperBound)
      } else {
        out[i] = v + z
      }
    }
    if range != nil { return [.tensor(try QuantizedRange.tensor(out, type, x.shape, context))] }
    let plain = try Tensor(out.map { Float($0) }, shape: x.shape)
    return [.tensor(try QuantizedRange.cast(plain, to: type, saturates: saturates, context))]
  }
}

extension DequantizeLinear: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let scale = try context.tensor(inputs, 1)
    let zero = try context.optionalTensor(inputs, 2)
    let layout = try QuantizationLayout(
      x.shape, scale: scale.shape, zero: zero?.shape, axis: axis, blockSize: blockSize, context)
    let values = try x.doubles()
    let scales = try scale.doubles()
    let zeros = try zero?.doubles()
    let type = outputType ?? scale.dtype
    let out = values.indices.map { i -> Double in
      let k = layout.index(i)
      return (values[i] - (zeros.map { $0[k] } ?? 0)) * scales[k]
    }
    return [.tensor(try QuantizedRange.cast(try Tensor(out, shape: x.shape), to: type, context))]
  }
}

extension DynamicQuantizeLinear: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let values = try x.floats()
    let low = min(0, values.min() ?? 0)
    let high = max(0, values.max() ?? 0)
    // Zeros alone have no range; both ONNX Runtime and ONNX's reference take 1 then.
    let scale = high == low ? 1 : (high - low) / 255
    let zero = scale == 0 ? 0 : min(max((-low / scale).rounded(.toNearestOrEven), 0), 255)
    let out = values.map { v -> UInt8 in
      let q = (scale == 0 ? 0 : (v / scale).rounded(.toNearestOrEven)) + zero
      return NumberLoop.integer(min(max(q, 0), 255))
    }
    return [
      .tensor(try Tensor(out, shape: x.shape)), .tensor(try Tensor(scalar: scale)),
      .tensor(try Tensor(scalar: NumberLoop.integer(zero) as UInt8)),
    ]
  }
}

extension BitCast: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    guard to != .string, x.dtype != .string else {
      throw context.error("run.unsupported-type", "strings have no fixed bits")
    }
    return [.tensor(try x.contiguous().reinterpreted(as: to))]
  }
}
