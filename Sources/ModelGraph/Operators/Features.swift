import TensorCore

/// One value replaced by others along the last axis; a NaN stands for every NaN. Source: ai.onnx.ml Imputer.
package struct Imputer: Operator {
  package static let operatorName = "Imputer"
  /// float32 or int64; one element, or one a feature.
  package var substitutes: ForeignTensor
  /// One element of the same type.
  package var replaced: ForeignTensor
  package init(substitutes: Tensor, replaced: Tensor) {
    self.substitutes = ForeignTensor(substitutes)
    self.replaced = ForeignTensor(replaced)
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard type.isFloat == substitutes.tensor.dtype.isFloat, type != .string else {
      throw InferenceError("elements are \(type.rawValue), substitutes \(substitutes.tensor.dtype.rawValue)", input: 0)
    }
    return [.tensor(type, try inputs.shape(0))]
  }
  package var attributeText: [(name: String, value: String)] { [("substitutes", "\(substitutes.tensor.count)")] }
}

/// A last axis that holds 1 at the place of the element among the categories. Source: ai.onnx.ml OneHotEncoder.
package struct CategoryIndicator: Operator {
  package static let operatorName = "CategoryIndicator"
  /// int64 or string, 1-d.
  package var categories: ForeignTensor
  /// Whether an element that is no category gives zeros; else it is an error.
  package var allowsUnknown: Bool
  package init(categories: Tensor, allowsUnknown: Bool) {
    self.categories = ForeignTensor(categories)
    self.allowsUnknown = allowsUnknown
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let isText = categories.tensor.dtype == .string
    guard (type == .string) == isText else {
      throw InferenceError("elements are \(type.rawValue), categories \(categories.tensor.dtype.rawValue)", input: 0)
    }
    return [.tensor(.float32, try inputs.shape(0).map { $0 + [Dim(categories.tensor.count)] })]
  }
  package var attributeText: [(name: String, value: String)] { [("categories", "\(categories.tensor.count)")] }
}

/// Matrices side by side, each cut or filled with zeros to its width. Source: ai.onnx.ml FeatureVectorizer.
package struct FeatureConcat: Operator {
  package static let operatorName = "FeatureConcat"
  package var widths: [Int]
  package init(widths: [Int]) { self.widths = widths }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard widths.count == inputs.count, widths.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }) else {
      throw InferenceError("\(widths.count) widths for \(inputs.count) operands")
    }
    for i in 0..<inputs.count { _ = try inputs.dtype(i) }
    var total = Dim(0)
    for w in widths { total = try total.plus(Dim(w)) }
    guard let x = try inputs.shape(0) else { return [.tensor(.float32, [inputs.fresh(), total])] }
    return [.tensor(.float32, [x.count >= 2 ? x[0] : Dim(1), total])]
  }
}

/// The values of a map in the order of a vocabulary, zeros (empty texts) where a key is missing: [1, vocabulary].
/// Source: ai.onnx.ml DictVectorizer.
package struct MapVectorizer: Operator {
  package static let operatorName = "MapVectorizer"
  /// int64 or string keys, 1-d.
  package var vocabulary: ForeignTensor
  package init(vocabulary: Tensor) { self.vocabulary = ForeignTensor(vocabulary) }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard case .map(let key, .tensor(let value, _)) = try inputs.type(0), key == vocabulary.tensor.dtype else {
      throw InferenceError("operand 0 is no map with keys of \(vocabulary.tensor.dtype.rawValue)", input: 0)
    }
    return [.tensor(value, [Dim(1), Dim(vocabulary.tensor.count)])]
  }
  package var attributeText: [(name: String, value: String)] { [("vocabulary", "\(vocabulary.tensor.count)")] }
}

/// The values of a map with integer keys as a row: in the order of the keys, or at the places that the keys name.
/// Source: ai.onnx.ml CastMap.
package struct MapToRow: Operator {
  package static let operatorName = "MapToRow"
  package var dtype: DType
  /// Width of the row whose places the keys name; nil: values in key order.
  package var width: Int?
  package init(_ dtype: DType, width: Int?) {
    self.dtype = dtype
    self.width = width
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard case .map(.int64, _) = try inputs.type(0) else {
      throw InferenceError("operand 0 is no map with integer keys", input: 0)
    }
    if let width, width < 0 || width > 1 << 28 { throw InferenceError("a row of \(width) places") }
    return [.tensor(dtype, [Dim(1), width.map { Dim($0) } ?? inputs.fresh()])]
  }
}

/// Rows as maps from labels to scores. Operand: float32 [N, labels] or [labels]. Result: sequence of maps.
/// Source: ai.onnx.ml ZipMap.
package struct RowsToMaps: Operator {
  package static let operatorName = "RowsToMaps"
  /// int64 or string, 1-d.
  package var labels: ForeignTensor
  package init(labels: Tensor) { self.labels = ForeignTensor(labels) }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    if let x = try inputs.shape(0), let last = x.last {
      try ShapeRule.requireEqual(last, Dim(labels.tensor.count), "scores and labels")
    }
    return [.sequence(.map(key: labels.tensor.dtype, value: .tensor(type, [])))]
  }
  package var attributeText: [(name: String, value: String)] { [("labels", "\(labels.tensor.count)")] }
}
