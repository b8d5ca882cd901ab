import TensorCore

/// Strings joined element by element, with broadcasting. Source: ONNX StringConcat.
package struct StringConcat: Operator {
  package static let operatorName = "StringConcat"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard let a = try inputs.shape(0), let b = try inputs.shape(1) else { return [.tensor(.string, nil)] }
    return [.tensor(.string, try ShapeRule.broadcast(a, b))]
  }
}

/// Strings cut at a delimiter (nil or empty: runs of white space). Results: parts […, longest], counts. Source: ONNX
/// StringSplit.
package struct StringSplit: Operator {
  package static let operatorName = "StringSplit"
  package var delimiter: String?
  /// Most cuts a string; nil: any.
  package var limit: Int?
  package init(delimiter: String? = nil, limit: Int? = nil) {
    self.delimiter = delimiter
    self.limit = limit
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    return [.tensor(.string, x.map { $0 + [inputs.fresh()] }), .tensor(.int64, x)]
  }
}

/// Strings without stop words, in another case. Source: ONNX StringNormalizer.
package struct StringNormalizer: Operator {
  package static let operatorName = "StringNormalizer"
  package var casing: Casing
  package var isCaseSensitive: Bool
  package var locale: String?
  package var stopWords: [ByteString]
  package enum Casing: String, Hashable, Sendable { case LOWER, UPPER, NONE }
  package init(
    casing: Casing = .NONE, isCaseSensitive: Bool = false, locale: String? = nil, stopWords: [ByteString] = []
  ) {
    self.casing = casing
    self.isCaseSensitive = isCaseSensitive
    self.locale = locale
    self.stopWords = stopWords
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard var x = try inputs.shape(0) else { return [.tensor(.string, nil)] }
    guard x.count == 1 || x.count == 2 else {
      throw InferenceError("\(shapeText(x)) is not a list of strings", input: 0)
    }
    if !stopWords.isEmpty { x[x.count - 1] = inputs.fresh() }
    return [.tensor(.string, x)]
  }
}

/// Whether each string matches a pattern (RE2) as a whole. Source: ONNX RegexFullMatch.
package struct RegexFullMatch: Operator {
  package static let operatorName = "RegexFullMatch"
  package var pattern: String
  package init(_ pattern: String) { self.pattern = pattern }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.tensor(.bool, try inputs.shape(0))]
  }
}

/// Counts of n-grams, weighted. Operand: [C] or [N, C] integers or strings. Result: [size] or [N, size].
/// Source: ONNX TfIdfVectorizer.
package struct NGramCounts: Operator {
  package static let operatorName = "NGramCounts"
  package var mode: Mode
  package var minimumLength: Int
  package var maximumLength: Int
  package var maximumSkips: Int
  /// Start in the pool of the n-grams of each length.
  package var poolStarts: [Int]
  package var poolIntegers: [Int]
  package var poolStrings: [ByteString]
  /// Column of each n-gram.
  package var columns: [Int]
  package var weights: [FloatBits]
  package enum Mode: String, Hashable, Sendable { case TF, IDF, TFIDF }
  package init(
    mode: Mode, minimumLength: Int, maximumLength: Int, maximumSkips: Int, poolStarts: [Int], poolIntegers: [Int],
    poolStrings: [ByteString], columns: [Int], weights: [FloatBits]
  ) {
    self.mode = mode
    self.minimumLength = minimumLength
    self.maximumLength = maximumLength
    self.maximumSkips = maximumSkips
    self.poolStarts = poolStarts
    self.poolIntegers = poolIntegers
    self.poolStrings = poolStrings
    self.columns = columns
    self.weights = weights
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard let largest = columns.max(), largest >= 0, columns.allSatisfy({ $0 >= 0 }), largest < 1 << 40 else {
      throw InferenceError("the columns of the n-grams are not given")
    }
    let size = Dim(largest + 1)
    guard let x = try inputs.shape(0) else { return [.tensor(.float32, nil)] }
    guard x.count <= 2 else { throw InferenceError("\(shapeText(x)) is not a list", input: 0) }
    return [.tensor(.float32, x.count == 2 ? [x[0], size] : [size])]
  }
}
