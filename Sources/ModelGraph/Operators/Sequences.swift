import TensorCore

/// A sequence of the operands. Source: ONNX SequenceConstruct.
package struct SequenceConstruct: Operator {
  package static let operatorName = "SequenceConstruct"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    var element = try inputs.type(0)
    for i in 1..<max(1, inputs.count) { element = BodyRule.common(element, try inputs.type(i)) }
    return BodyRule.closed([.sequence(element)], inputs)
  }
}

/// A sequence without elements. Source: ONNX SequenceEmpty.
package struct SequenceEmpty: Operator {
  package static let operatorName = "SequenceEmpty"
  package var dtype: DType
  package init(dtype: DType = .float32) { self.dtype = dtype }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.sequence(.tensor(dtype, nil))]
  }
}

/// Shape rule of operators on a sequence: its element type.
enum SequenceRule {
  static func element(_ inputs: TypeInputs) throws(InferenceError) -> ValueType {
    switch try inputs.type(0) {
    case .sequence(let e): return e
    case .optional(.sequence(let e)): return e
    case .unknown: return .unknown
    case let t: throw InferenceError("operand 0 is \(t), not a sequence", input: 0)
    }
  }
}

/// The element at a place; negative counts from the end. Operands: sequence, place (0-d). Source: ONNX SequenceAt.
package struct SequenceAt: Operator {
  package static let operatorName = "SequenceAt"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    BodyRule.closed([try SequenceRule.element(inputs)], inputs)
  }
}

/// The sequence with an element more. Operands: sequence, element, place (0-d)? (the end). Source: ONNX SequenceInsert.
package struct SequenceInsert: Operator {
  package static let operatorName = "SequenceInsert"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let new = try inputs.type(1)
    let old = try SequenceRule.element(inputs)
    // An element type without a shape comes from an empty sequence.
    return BodyRule.closed([.sequence(BodyRule.common(old, new))], inputs)
  }
}

/// The sequence without one element. Operands: sequence, place (0-d)? (the last). Source: ONNX SequenceErase.
package struct SequenceErase: Operator {
  package static let operatorName = "SequenceErase"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.sequence(try SequenceRule.element(inputs))]
  }
}

/// The number of elements, 0-d int64. Source: ONNX SequenceLength.
package struct SequenceLength: Operator {
  package static let operatorName = "SequenceLength"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try SequenceRule.element(inputs)
    return [.tensor(.int64, [])]
  }
}

/// The elements joined along an axis, or stacked on a new one. Source: ONNX ConcatFromSequence.
package struct SequenceConcat: Operator {
  package static let operatorName = "SequenceConcat"
  package var axis: Int
  package var addsAxis: Bool
  package init(axis: Int, addsAxis: Bool = false) {
    self.axis = axis
    self.addsAxis = addsAxis
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard case .tensor(let type, let s) = try SequenceRule.element(inputs) else { return [.unknown] }
    guard var s else { return [.tensor(type, nil)] }
    if addsAxis {
      s.insert(inputs.fresh(1000), at: try ShapeRule.axis(axis, rank: s.count + 1))
    } else {
      s[try ShapeRule.axis(axis, rank: s.count)] = inputs.fresh(1000)
    }
    return BodyRule.closed([.tensor(type, s)], inputs)
  }
}

/// Parts of a tensor as a sequence. Operands: input, size of the parts (0-d) or sizes (1-d)?. Source: ONNX
/// SplitToSequence.
package struct SplitToSequence: Operator {
  package static let operatorName = "SplitToSequence"
  package var axis: Int
  /// Without sizes: whether the parts of extent 1 keep their axis.
  package var keepsDimensions: Bool
  package init(axis: Int = 0, keepsDimensions: Bool = true) {
    self.axis = axis
    self.keepsDimensions = keepsDimensions
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard var x = try inputs.shape(0) else { return [.sequence(.tensor(type, nil))] }
    let a = try ShapeRule.axis(axis, rank: x.count)
    if inputs.has(1) {
      x[a] = inputs.fresh()
    } else if keepsDimensions {
      x[a] = Dim(1)
    } else {
      x.remove(at: a)
    }
    return [.sequence(.tensor(type, x))]
  }
}

/// An optional value: the operand, or none of the given type. Source: ONNX Optional.
package struct OptionalConstruct: Operator {
  package static let operatorName = "OptionalConstruct"
  /// The type of what is absent.
  package var elementType: ValueType?
  package init(elementType: ValueType? = nil) { self.elementType = elementType }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    if inputs.has(0) { return [.optional(try inputs.type(0))] }
    guard let elementType else { throw InferenceError("neither a value nor a type is given") }
    return [.optional(elementType)]
  }
}

/// What an optional holds; any other value passes. Source: ONNX OptionalGetElement.
package struct OptionalGet: Operator {
  package static let operatorName = "OptionalGet"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    if case .optional(let t) = try inputs.type(0) { return [t] }
    return [try inputs.type(0)]
  }
}

/// Whether an optional holds something: 0-d bool; no operand gives false. Source: ONNX OptionalHasElement.
package struct OptionalHas: Operator {
  package static let operatorName = "OptionalHas"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] { [.tensor(.bool, [])] }
}
