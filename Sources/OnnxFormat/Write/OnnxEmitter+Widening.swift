import Diagnostics
import ModelGraph
import TensorCore

// Operators whose earlier versions take fewer element types: the same operation in a wider type, with casts around it.
extension OnnxEmitter {
  /// Operators that give the same in a wider type, element for element: what moves or compares elements, and
  /// arithmetic whose result is cut back to the narrow type.
  private static let widenable: Set<String> = [
    "Abs", "Add", "ArgMax", "ArgMin", "BatchNormalization", "Ceil", "Clip", "Compress", "Concat", "ConstantOfShape",
    "CumSum", "DepthToSpace", "Div", "Equal", "Expand", "Flatten", "Floor", "Gather", "GatherElements", "GatherND",
    "GlobalMaxPool", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Max", "MaxPool", "Min",
    "Mod", "Mul", "Neg", "NonZero", "OneHot", "PRelu", "Pad", "ReduceMax", "ReduceMin", "Relu", "Reshape", "Resize",
    "ReverseSequence", "Round", "ScatterElements", "ScatterND", "Sign", "Slice", "SpaceToDepth", "Split", "Sqrt",
    "Squeeze", "Sub", "Tile", "TopK", "Transpose", "Unique", "Unsqueeze", "Upsample", "Where",
  ]

  /// Types that hold every value of a type, the narrowest first.
  private static func wider(_ t: DType) -> [DType] {
    switch t {
    case .bool: [.uint8, .int32, .float32]
    case .uint8, .int8: [.int32, .int64, .float32, .float64]
    case .uint16, .int16: [.int32, .int64, .float32, .float64]
    case .int32: [.int64, .float64]
    case .uint32: [.int64, .uint64, .float64]
    case .float16, .bfloat16, .float8e4m3fn, .float8e5m2, .float8e4m3fnuz, .float8e5m2fnuz: [.float32]
    default: []
    }
  }

  /// Emits the operator in a wider type where its version does not take the operands' type and the result is the same.
  ///
  /// - Returns: false where nothing was emitted.
  func putWidened(
    _ schema: OnnxOperatorSchema, _ inputs: [String], _ outputs: [String], _ messages: [AttributeMessage]
  ) throws(Diagnostic) -> Bool {
    guard let (index, _) = misfit(schema, inputs), case .tensor(let from, _) = types[inputs[index]] ?? .unknown,
      Self.widenable.contains(schema.name) || from == narrowed
    else { return false }
    func variable(_ list: [OnnxParameter], _ i: Int) -> String? { (i < list.count ? list[i] : list.last)?.type }
    guard let name = variable(schema.inputs, index) else { return false }
    let cast = OnnxCatalogue.schema(domain: "ai.onnx", name: "Cast", opset: opset)
    let choice = Self.wider(from).first { t in
      schema.accepts("tensor(\(OnnxDType.name(t)))", input: index)
        && cast?.accepts("tensor(\(OnnxDType.name(from)))", input: 0) == true
    }
    guard let to = choice else { return false }
    var wide = inputs
    for i in inputs.indices where !inputs[i].isEmpty && variable(schema.inputs, i) == name {
      guard case .tensor(let t, _) = types[inputs[i]] ?? .unknown, t == from || t == to else { return false }
      if t == to { continue }
      wide[i] = try castStep(inputs[i], to, "wide\(i)")
    }
    var results = outputs
    for i in outputs.indices where !outputs[i].isEmpty && variable(schema.outputs, i) == name {
      results[i] = temporary("wide_result\(i)")
    }
    try put(schema.name, wide, results, messages: messages, domain: "ai.onnx")
    for i in outputs.indices where results[i] != outputs[i] {
      types[results[i]] = .tensor(to, nil)
      try put("Cast", [results[i]], [outputs[i]], [("to", .int(OnnxDType.number(from)))])
    }
    return true
  }

  /// A value in another element type.
  func castStep(_ x: String, _ to: DType, _ suffix: String) throws(Diagnostic) -> String {
    let name = try step("Cast", [x], suffix, [("to", .int(OnnxDType.number(to)))])
    note(name, .tensor(to, types[x]?.shape))
    return name
  }
}
