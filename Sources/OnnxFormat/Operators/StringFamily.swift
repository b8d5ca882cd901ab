import Diagnostics
import ModelGraph
import TensorCore

/// Strings.
enum StringFamily {
  static let importers: [String: OnnxImporter] = [
    "StringConcat": { (s, c) throws(Diagnostic) in try s.apply(StringConcat(), c.inputs, c) },
    "StringSplit": { (s, c) throws(Diagnostic) in
      try s.apply(
        StringSplit(delimiter: try c.optionalString("delimiter"), limit: try c.optionalInt("maxsplit")), c.inputs, c)
    },
    "StringNormalizer": { (s, c) throws(Diagnostic) in
      let text = try c.string("case_change_action")
      guard let casing = StringNormalizer.Casing(rawValue: text) else {
        throw c.error("onnx.attribute-value", "case_change_action is '\(text)'")
      }
      let op = StringNormalizer(
        casing: casing, isCaseSensitive: try c.bool("is_case_sensitive"), locale: try c.optionalString("locale"),
        stopWords: try c.byteStrings("stopwords"))
      try s.apply(op, c.inputs, c)
    },
    "RegexFullMatch": { (s, c) throws(Diagnostic) in
      try s.apply(RegexFullMatch(try c.string("pattern")), c.inputs, c)
    },
    "TfIdfVectorizer": { (s, c) throws(Diagnostic) in
      let text = try c.string("mode")
      guard let mode = NGramCounts.Mode(rawValue: text) else {
        throw c.error("onnx.attribute-value", "mode is '\(text)'")
      }
      let op = NGramCounts(
        mode: mode, minimumLength: try c.int("min_gram_length"), maximumLength: try c.int("max_gram_length"),
        maximumSkips: try c.int("max_skip_count"), poolStarts: try c.ints("ngram_counts"),
        poolIntegers: try c.ints("pool_int64s"), poolStrings: try c.byteStrings("pool_strings"),
        columns: try c.ints("ngram_indexes"), weights: try c.floats("weights").map { FloatBits($0) })
      try s.apply(op, c.inputs, c)
    },
  ]
}

extension StringConcat: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("StringConcat", e.inputs, e.outputs) }
}

extension StringSplit: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "StringSplit", e.inputs, e.outputs,
      [("delimiter", delimiter.map { .string($0) } ?? .omit), ("maxsplit", .optional(limit))])
  }
}

extension StringNormalizer: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "StringNormalizer", e.inputs, e.outputs,
      [
        ("case_change_action", .string(casing.rawValue)), ("is_case_sensitive", .bool(isCaseSensitive)),
        ("locale", locale.map { .string($0) } ?? .omit),
        ("stopwords", stopWords.isEmpty ? .omit : .byteStrings(stopWords)),
      ])
  }
}

extension RegexFullMatch: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("RegexFullMatch", e.inputs, e.outputs, [("pattern", .string(pattern))])
  }
}

extension NGramCounts: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "TfIdfVectorizer", e.inputs, e.outputs,
      [
        ("max_gram_length", .int(maximumLength)), ("max_skip_count", .int(maximumSkips)),
        ("min_gram_length", .int(minimumLength)), ("mode", .string(mode.rawValue)), ("ngram_counts", .ints(poolStarts)),
        ("ngram_indexes", .ints(columns)), ("pool_int64s", poolIntegers.isEmpty ? .omit : .ints(poolIntegers)),
        ("pool_strings", poolStrings.isEmpty ? .omit : .byteStrings(poolStrings)),
        ("weights", weights.isEmpty ? .omit : .floats(weights.map(\.value))),
      ])
  }
}
