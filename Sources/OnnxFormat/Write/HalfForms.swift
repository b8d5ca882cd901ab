import Diagnostics
import ModelGraph
import TensorCore

/// Operands that ONNX takes in single precision whatever the other operands are, or that lose their meaning in half.
enum SinglePrecision {
  static func wants(_ op: any Operator, _ operand: Int) -> Bool {
    switch op {
    case is Resize: operand == 1 || operand == 2
    case is NonMaxSuppression, is DynamicQuantizeLinear: true
    case is QuantizeLinear: operand < 2
    case is DequantizeLinear: operand == 1
    case is QuantizedMatMul, is QuantizedConvolution: [1, 4, 6].contains(operand)
    case is ColumnGather, is Binarizer, is LabelEncoder, is FeatureScaler, is FeatureNormalizer, is LinearRegressor,
      is TreeEnsemble:
      true
    default: false
    }
  }
}

/// Operators that say an element type themselves.
enum HalfForms {
  /// The operator with half precision in place of single precision; nil where it says nothing of it.
  static func narrowed(
    _ op: any Operator, to type: DType, body: (Graph) throws(Diagnostic) -> Graph
  ) throws(Diagnostic) -> (any Operator)? {
    switch op {
    case var op as Cast where op.to == .float32:
      op.to = type
      return op
    case let op as Fill where op.value.tensor.dtype == .float32: return Fill(try op.value.tensor.asHalf(type))
    case var op as RandomFill where op.dtype == .float32:
      op.dtype = type
      return op
    case var op as EyeLike where op.dtype == .float32:
      op.dtype = type
      return op
    case var op as Bernoulli where op.dtype == .float32:
      op.dtype = type
      return op
    case var op as SequenceEmpty where op.dtype == .float32:
      op.dtype = type
      return op
    case var op as If:
      op.thenBody = try body(op.thenBody)
      op.elseBody = try body(op.elseBody)
      return op
    case var op as Loop:
      op.body = try body(op.body)
      return op
    case var op as Scan:
      op.body = try body(op.body)
      return op
    case var op as SequenceMap:
      op.body = try body(op.body)
      return op
    case var op as FlexAttention:
      op.scoreBody = try op.scoreBody.map { (g) throws(Diagnostic) in try body(g) }
      op.probabilityBody = try op.probabilityBody.map { (g) throws(Diagnostic) in try body(g) }
      return op
    default: return nil
    }
  }
}
