import Diagnostics
import ModelGraph
import TensorCore

/// Gather, Shape, ConstantOfShape, Constant.
enum IndexingFamily {
  static let importers: [String: OnnxImporter] = [
    "Gather": { (s, c) throws(Diagnostic) in try s.apply(Gather(axis: try c.int("axis")), c.inputs, c) },
    "Shape": { (s, c) throws(Diagnostic) in
      try s.apply(ShapeOf(start: try c.int("start"), end: try c.optionalInt("end")), c.inputs, c)
    },
    "Size": { (s, c) throws(Diagnostic) in try s.apply(ElementCount(), c.inputs, c) },
    "ConstantOfShape": { (s, c) throws(Diagnostic) in
      var value = try Tensor([Float(0)])
      if case .tensor(let t) = c.given("value") { value = try s.model.tensors.decode(t) }
      guard value.count == 1 else { throw c.error("onnx.attribute-value", "value has \(value.count) elements") }
      try s.apply(Fill(value), c.inputs, c)
    },
    "Constant": { (s, c) throws(Diagnostic) in try constant(s, c) },
  ]

  /// A constant of the graph instead of a node.
  private static func constant(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    guard c.node.attributes.count == 1, let a = c.node.attributes.first else {
      throw c.error("onnx.attribute-count", "a constant has \(c.node.attributes.count) values")
    }
    let tensor: Tensor
    switch a.value {
    case .tensor(var t):
      if t.name.isEmpty { t.name = c.name }
      tensor = try s.model.tensors.decode(t)
    case .sparseTensor(let t): tensor = try s.model.tensors.decode(t, name: c.name)
    case .float(let v): tensor = try Tensor(scalar: v)
    case .floats(let v): tensor = try Tensor(v)
    case .int(let v): tensor = try Tensor(scalar: v)
    case .ints(let v): tensor = try Tensor(v)
    case .string(let v): tensor = try Tensor(strings: [ByteString(v)], shape: [])
    case .strings(let v): tensor = try Tensor(strings: v.map { ByteString($0) }, shape: [v.count])
    default: throw c.error("onnx.attribute-kind", "a constant of kind \(a.value.kind)")
    }
    try s.bindConstant(tensor, c)
  }
}

extension Gather: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var a = axis
    if a < 0, e.opset < 11, let rank = e.type(0).shape?.count { a += rank }
    try e.put("Gather", e.inputs, e.outputs, [("axis", .int(a))])
  }
}

extension ShapeOf: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset >= 15 || (start == 0 && end == nil) {
      return try e.put("Shape", e.inputs, e.outputs, [("end", .optional(end)), ("start", .int(start))])
    }
    let whole = try e.step("Shape", e.inputs, "whole")
    let bounds = [[start], [end ?? Int(Int32.max)]]
    if e.opset >= 10 {
      return try e.put("Slice", [whole, try e.ints(bounds[0], "start"), try e.ints(bounds[1], "end")], e.outputs)
    }
    try e.put("Slice", [whole], e.outputs, [("ends", .ints(bounds[1])), ("starts", .ints(bounds[0]))])
  }
}

extension ElementCount: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("Size", e.inputs, e.outputs) }
}

extension Fill: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let one = try value.tensor.reshaped([1])
    try e.put("ConstantOfShape", e.inputs, e.outputs, [("value", .tensor(one))])
  }
}
