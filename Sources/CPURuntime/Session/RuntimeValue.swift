import Diagnostics
import ModelGraph
import TensorCore

extension ValueType {
  /// Whether this is the type of tensors of these elements and extents, all of them known.
  func isTensor(_ dtype: DType, _ sizes: [Int]) -> Bool {
    guard case .tensor(dtype, let s?) = self, s.count == sizes.count else { return false }
    return zip(s, sizes).allSatisfy { $0.value == $1 }
  }
}

/// A value while a graph runs. Tensors and strings are `tensor`; the rest exists for sequence and optional operators.
package indirect enum RuntimeValue: Sendable {
  case tensor(Tensor)
  case sequence(ValueList, element: ValueType)
  case optional(RuntimeValue?, element: ValueType)
  case map([MapEntry], key: DType, value: ValueType)

  /// One entry of a map; keys are integers or strings.
  package struct MapEntry: Sendable {
    package var key: Key
    package var value: RuntimeValue
    package enum Key: Hashable, Sendable {
      case int(Int64)
      case string(ByteString)
    }
    package init(key: Key, value: RuntimeValue) {
      self.key = key
      self.value = value
    }
  }

  /// The type with the extents it has.
  package var type: ValueType {
    switch self {
    case .tensor(let t): .tensor(t.dtype, sizes: t.shape)
    case .sequence(_, let e): .sequence(e)
    case .optional(_, let e): .optional(e)
    case .map(_, let k, let v): .map(key: k, value: v)
    }
  }

  /// The tensor, where this is one.
  package var tensor: Tensor? { if case .tensor(let t) = self { t } else { nil } }

  /// The tensor; another kind of value is an error.
  package func requireTensor(_ what: @autoclosure () -> String) throws(Diagnostic) -> Tensor {
    guard case .tensor(let t) = self else { throw .error("run.not-a-tensor", "\(what()) is \(type), not a tensor") }
    return t
  }
}
