import Diagnostics
import ModelGraph
import TensorCore

/// Gemm and MatMul.
enum LinearFamily {
  static let importers: [String: OnnxImporter] = [
    "Gemm": { (s, c) throws(Diagnostic) in
      let op = Gemm(
        alpha: try c.float("alpha"), beta: try c.float("beta"), transposesA: try c.bool("transA"),
        transposesB: try c.bool("transB"))
      try s.apply(op, c.inputs, c)
    },
    "MatMul": { (s, c) throws(Diagnostic) in try s.apply(MatMul(), c.inputs, c) },
  ]
}

extension Gemm: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var operands = e.inputs
    if operands.count < 3, e.opset < 11 { operands.append(try e.scalar(0, "zero", shape: [1])) }
    try e.put(
      "Gemm", operands, e.outputs,
      [
        ("alpha", .float(alpha.value)), ("beta", .float(beta.value)), ("transA", .bool(transposesA)),
        ("transB", .bool(transposesB)),
      ])
  }
}

extension MatMul: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("MatMul", e.inputs, e.outputs) }
}
