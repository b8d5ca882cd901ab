import Diagnostics
import ModelGraph
import TensorCore

/// Attention and what belongs to it.
enum AttentionFamily {
  static let importers: [String: OnnxImporter] = [
    "Attention": { (s, c) throws(Diagnostic) in
      let op = Attention(
        queryHeads: try c.optionalInt("q_num_heads"), keyValueHeads: try c.optionalInt("kv_num_heads"),
        isCausal: try c.bool("is_causal"), scale: try c.optionalFloat("scale"), softcap: try c.float("softcap"),
        softmaxPrecision: try c.optionalDType("softmax_precision"),
        productMode: try c.int("qk_matmul_output_mode"), leftWindow: try c.optionalInt("left_window_size") ?? -1,
        rightWindow: try c.optionalInt("right_window_size") ?? -1)
      try s.apply(op, c.inputs, c)
    },
    "RotaryEmbedding": { (s, c) throws(Diagnostic) in
      let op = RotaryEmbedding(
        isInterleaved: try c.bool("interleaved"), heads: try c.int("num_heads"),
        rotaryDimension: try c.int("rotary_embedding_dim"))
      try s.apply(op, c.inputs, c)
    },
    "LinearAttention": { (s, c) throws(Diagnostic) in
      let text = try c.string("update_rule")
      guard let rule = LinearAttention.UpdateRule(rawValue: text) else {
        throw c.error("onnx.attribute-value", "update_rule is '\(text)'")
      }
      let op = LinearAttention(
        queryHeads: try c.int("q_num_heads"), keyValueHeads: try c.int("kv_num_heads"), updateRule: rule,
        scale: try c.float("scale"), chunkSize: try c.int("chunk_size"))
      try s.apply(op, c.inputs, c)
    },
    "CausalConvWithState": { (s, c) throws(Diagnostic) in
      let text = try c.string("activation")
      guard let a = CausalConvolution.Activation(rawValue: text) else {
        throw c.error("onnx.attribute-value", "activation is '\(text)'")
      }
      try s.apply(CausalConvolution(activation: a), c.inputs, c)
    },
    "SwiGLU": { (s, c) throws(Diagnostic) in
      // The function body: A · sigmoid(α · A) · B.
      let gate = try s.add(UnaryMap(.swish(beta: FloatBits(try c.float("alpha")))), [c.input(0)], "gate", c)
      try s.apply(BinaryMap(.multiply), [gate, c.input(1)], c)
    },
  ]
}

extension Attention: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var attributes: [(String, OnnxAttribute)] = [
      ("is_causal", .bool(isCausal)), ("kv_num_heads", .optional(keyValueHeads)),
      ("q_num_heads", .optional(queryHeads)), ("qk_matmul_output_mode", .int(productMode)),
      ("softcap", .float(softcap.value)),
      ("softmax_precision", .optional(softmaxPrecision.map { OnnxDType.number($0) })),
      ("left_window_size", .int(leftWindow)), ("right_window_size", .int(rightWindow)),
    ]
    if let scale { attributes.append(("scale", .float(scale.value))) }
    try e.put("Attention", e.inputs, e.outputs, attributes)
  }
}

extension RotaryEmbedding: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "RotaryEmbedding", e.inputs, e.outputs,
      [
        ("interleaved", .bool(isInterleaved)), ("num_heads", .int(heads)),
        ("rotary_embedding_dim", .int(rotaryDimension)),
      ])
  }
}

extension LinearAttention: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "LinearAttention", e.inputs, e.outputs,
      [
        ("chunk_size", .int(chunkSize)), ("kv_num_heads", .int(keyValueHeads)), ("q_num_heads", .int(queryHeads)),
        ("scale", .float(scale.value)), ("update_rule", .string(updateRule.rawValue)),
      ])
  }
}

extension CausalConvolution: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("CausalConvWithState", e.inputs, e.outputs, [("activation", .string(activation.rawValue))])
  }
}
