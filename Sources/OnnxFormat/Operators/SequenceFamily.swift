import Diagnostics
import ModelGraph
import TensorCore

/// Sequences and optionals.
enum SequenceFamily {
  static let importers: [String: OnnxImporter] = [
    "SequenceConstruct": { (s, c) throws(Diagnostic) in try s.apply(SequenceConstruct(), c.inputs, c) },
    "SequenceEmpty": { (s, c) throws(Diagnostic) in
      try s.apply(SequenceEmpty(dtype: try c.optionalDType("dtype") ?? .float32), c.inputs, c)
    },
    "SequenceAt": { (s, c) throws(Diagnostic) in try s.apply(SequenceAt(), c.inputs, c) },
    "SequenceInsert": { (s, c) throws(Diagnostic) in try s.apply(SequenceInsert(), c.inputs, c) },
    "SequenceErase": { (s, c) throws(Diagnostic) in try s.apply(SequenceErase(), c.inputs, c) },
    "SequenceLength": { (s, c) throws(Diagnostic) in try s.apply(SequenceLength(), c.inputs, c) },
    "ConcatFromSequence": { (s, c) throws(Diagnostic) in
      try s.apply(SequenceConcat(axis: try c.int("axis"), addsAxis: try c.bool("new_axis")), c.inputs, c)
    },
    "SplitToSequence": { (s, c) throws(Diagnostic) in
      try s.apply(SplitToSequence(axis: try c.int("axis"), keepsDimensions: try c.bool("keepdims")), c.inputs, c)
    },
    "Optional": { (s, c) throws(Diagnostic) in
      var type: ValueType?
      if case .type(let t) = c.given("type") { type = OnnxTypes.type(t, prefix: c.name) }
      try s.apply(OptionalConstruct(elementType: type), c.inputs, c)
    },
    "OptionalGetElement": { (s, c) throws(Diagnostic) in try s.apply(OptionalGet(), c.inputs, c) },
    "OptionalHasElement": { (s, c) throws(Diagnostic) in try s.apply(OptionalHas(), c.inputs, c) },
  ]
}

extension SequenceConstruct: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("SequenceConstruct", e.inputs, e.outputs) }
}

extension SequenceEmpty: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("SequenceEmpty", [], e.outputs, [("dtype", .int(OnnxDType.number(dtype)))])
  }
}

extension SequenceAt: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("SequenceAt", e.inputs, e.outputs) }
}

extension SequenceInsert: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("SequenceInsert", e.inputs, e.outputs) }
}

extension SequenceErase: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("SequenceErase", e.inputs, e.outputs) }
}

extension SequenceLength: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("SequenceLength", e.inputs, e.outputs) }
}

extension SequenceConcat: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("ConcatFromSequence", e.inputs, e.outputs, [("axis", .int(axis)), ("new_axis", .bool(addsAxis))])
  }
}

extension SplitToSequence: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("SplitToSequence", e.inputs, e.outputs, [("axis", .int(axis)), ("keepdims", .bool(keepsDimensions))])
  }
}

extension OptionalConstruct: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("Optional", e.inputs, e.outputs, [("type", elementType.map { .type($0) } ?? .omit)])
  }
}

extension OptionalGet: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("OptionalGetElement", e.inputs, e.outputs) }
}

extension OptionalHas: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("OptionalHasElement", e.inputs, e.outputs) }
}
