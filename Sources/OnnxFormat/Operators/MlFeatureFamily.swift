import Diagnostics
import ModelGraph
import TensorCore

/// Encoders and maps of the ai.onnx.ml domain.
enum MlFeatureFamily {
  static let importers: [String: OnnxImporter] = [
    "ai.onnx.ml|Imputer": { (s, c) throws(Diagnostic) in
      let floats = try c.floats("imputed_value_floats")
      let isFloat = s.dtype(c.input(0)).map { $0.isFloat } ?? !floats.isEmpty
      let op =
        isFloat
        ? Imputer(substitutes: try Tensor(floats), replaced: try Tensor([try c.float("replaced_value_float")]))
        : Imputer(
          substitutes: try Tensor(try c.ints("imputed_value_int64s").map { Int64($0) }),
          replaced: try Tensor([Int64(try c.int("replaced_value_int64"))]))
      guard op.substitutes.tensor.count > 0 else {
        throw c.error("onnx.attribute-missing", "its substitutes are not given for this element type")
      }
      try s.apply(op, c.inputs, c)
    },
    "ai.onnx.ml|OneHotEncoder": { (s, c) throws(Diagnostic) in
      let texts = try c.textTensor("cats_strings")
      let isText = s.dtype(c.input(0)).map { $0 == .string } ?? (texts.count > 0)
      let categories = isText ? texts : try Tensor(try c.ints("cats_int64s").map { Int64($0) })
      try s.apply(CategoryIndicator(categories: categories, allowsUnknown: try c.bool("zeros")), c.inputs, c)
    },
    "ai.onnx.ml|FeatureVectorizer": { (s, c) throws(Diagnostic) in
      try s.apply(FeatureConcat(widths: try c.ints("inputdimensions")), c.inputs, c)
    },
    "ai.onnx.ml|DictVectorizer": { (s, c) throws(Diagnostic) in
      let texts = try c.textTensor("string_vocabulary")
      let vocabulary = texts.count > 0 ? texts : try Tensor(try c.ints("int64_vocabulary").map { Int64($0) })
      try s.apply(MapVectorizer(vocabulary: vocabulary), c.inputs, c)
    },
    "ai.onnx.ml|CastMap": { (s, c) throws(Diagnostic) in
      let type: DType = try c.choice("cast_to", ["TO_FLOAT": .float32, "TO_STRING": .string, "TO_INT64": .int64])
      let isSparse: Bool = try c.choice("map_form", ["DENSE": false, "SPARSE": true])
      try s.apply(MapToRow(type, width: isSparse ? try c.int("max_map") : nil), c.inputs, c)
    },
    "ai.onnx.ml|ZipMap": { (s, c) throws(Diagnostic) in
      try s.apply(RowsToMaps(labels: try c.classLabels("classlabels_int64s")), c.inputs, c)
    },
  ]
}

extension Imputer: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let attributes: [(String, OnnxAttribute)] =
      substitutes.tensor.dtype.isFloat
      ? [
        ("imputed_value_floats", .floats(try substitutes.tensor.floats())),
        ("replaced_value_float", .float(try replaced.tensor.floats().first ?? 0)),
      ]
      : [
        ("imputed_value_int64s", .ints(try substitutes.tensor.ints().map { Int($0) })),
        ("replaced_value_int64", .int(Int(try replaced.tensor.ints().first ?? 0))),
      ]
    try e.put("Imputer", e.inputs, e.outputs, attributes, domain: MlFamily.domain)
  }
}

extension CategoryIndicator: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "OneHotEncoder", e.inputs, e.outputs,
      [
        try categories.tensor.labelAttribute(strings: "cats_strings", integers: "cats_int64s"),
        ("zeros", .int(allowsUnknown ? 1 : 0)),
      ], domain: MlFamily.domain)
  }
}

extension FeatureConcat: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "FeatureVectorizer", e.inputs, e.outputs, [("inputdimensions", .ints(widths))], domain: MlFamily.domain)
  }
}

extension MapVectorizer: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "DictVectorizer", e.inputs, e.outputs,
      [try vocabulary.tensor.labelAttribute(strings: "string_vocabulary", integers: "int64_vocabulary")],
      domain: MlFamily.domain)
  }
}

extension MapToRow: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let names: [DType: String] = [.float32: "TO_FLOAT", .string: "TO_STRING", .int64: "TO_INT64"]
    guard let name = names[dtype] else { throw e.refuse("onnx.element-type", "CastMap makes no \(dtype.rawValue)") }
    try e.put(
      "CastMap", e.inputs, e.outputs,
      [
        ("cast_to", .string(name)), ("map_form", .string(width == nil ? "DENSE" : "SPARSE")),
        ("max_map", width.map { .int($0) } ?? .omit),
      ], domain: MlFamily.domain)
  }
}

extension RowsToMaps: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "ZipMap", e.inputs, e.outputs, [try labels.tensor.classLabelAttribute("classlabels_int64s")],
      domain: MlFamily.domain)
  }
}
