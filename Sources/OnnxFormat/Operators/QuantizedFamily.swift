import Diagnostics
import ModelGraph
import TensorCore

/// Quantised arithmetic.
enum QuantizedFamily {
  static let importers: [String: OnnxImporter] = [
    "QuantizeLinear": { (s, c) throws(Diagnostic) in
      let op = QuantizeLinear(
        axis: try c.optionalInt("axis") ?? 1, blockSize: try c.int("block_size"),
        saturates: try c.optionalInt("saturate") ?? 1 != 0, outputType: try c.optionalDType("output_dtype"),
        precision: try c.optionalDType("precision"))
      try s.apply(op, c.inputs, c)
    },
    "DequantizeLinear": { (s, c) throws(Diagnostic) in
      let op = DequantizeLinear(
        axis: try c.optionalInt("axis") ?? 1, blockSize: try c.int("block_size"),
        outputType: try c.optionalDType("output_dtype"))
      try s.apply(op, c.inputs, c)
    },
    "DynamicQuantizeLinear": { (s, c) throws(Diagnostic) in try s.apply(DynamicQuantizeLinear(), c.inputs, c) },
    "MatMulInteger": { (s, c) throws(Diagnostic) in try s.apply(IntegerMatMul(), c.inputs, c) },
    "ConvInteger": { (s, c) throws(Diagnostic) in
      try s.apply(IntegerConvolution(geometry: try WindowGeometry(c), groups: try c.int("group")), c.inputs, c)
    },
    "QLinearMatMul": { (s, c) throws(Diagnostic) in try s.apply(QuantizedMatMul(), c.inputs, c) },
    "QLinearConv": { (s, c) throws(Diagnostic) in
      try s.apply(QuantizedConvolution(geometry: try WindowGeometry(c), groups: try c.int("group")), c.inputs, c)
    },
  ]
}

extension QuantizeLinear: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "QuantizeLinear", e.inputs, e.outputs,
      [
        ("axis", .int(axis)), ("block_size", .int(blockSize)), ("saturate", .bool(saturates)),
        ("output_dtype", .optional(outputType.map { OnnxDType.number($0) })),
        ("precision", .optional(precision.map { OnnxDType.number($0) })),
      ])
  }
}

extension DequantizeLinear: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "DequantizeLinear", e.inputs, e.outputs,
      [
        ("axis", .int(axis)), ("block_size", .int(blockSize)),
        ("output_dtype", .optional(outputType.map { OnnxDType.number($0) })),
      ])
  }
}

extension DynamicQuantizeLinear: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var outputs = e.outputs
    while outputs.count < 3 { outputs.append("") }
    for i in outputs.indices where outputs[i].isEmpty { outputs[i] = e.temporary("result\(i)") }
    try e.put("DynamicQuantizeLinear", e.inputs, outputs)
  }
}

extension IntegerMatMul: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("MatMulInteger", e.inputs, e.outputs) }
}

extension OnnxEmitter {
  fileprivate func windowAttributes(
    _ g: WindowGeometry, groups: Int, weights: Int
  ) -> [(String, OnnxAttribute)] {
    let kernel = type(weights).sizes.map { Array($0.dropFirst(2)) } ?? g.kernel
    return g.attributes(kernel: kernel, axes: max(kernel.count, g.strides.count)) + [("group", .int(groups))]
  }
}

extension IntegerConvolution: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("ConvInteger", e.inputs, e.outputs, e.windowAttributes(geometry, groups: groups, weights: 1))
  }
}

extension QuantizedMatMul: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("QLinearMatMul", e.inputs, e.outputs) }
}

extension QuantizedConvolution: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("QLinearConv", e.inputs, e.outputs, e.windowAttributes(geometry, groups: groups, weights: 3))
  }
}
