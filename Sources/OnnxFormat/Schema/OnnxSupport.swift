/// What modelconv makes of one ONNX operator.
package struct OnnxOperatorSupport: Sendable {
  package var domain: String
  package var name: String
  /// The operator sets that introduced its versions, deprecated ones left out.
  package var versions: [Int]
  /// The operator set that deprecated it.
  package var deprecatedIn: Int?
  /// Every version is read and has a meaning; otherwise the operator is kept as it is.
  package var isRead: Bool
  /// The lowest operator set of `ai.onnx` in which some form of it can be said; nil where it is written as it was read
  /// only, or in its own domain.
  package var writtenFrom: Int?
  /// What else there is to know.
  package var limits: [String]

  /// All operators of the standard domains, by domain and name.
  package static let all: [OnnxOperatorSupport] = OnnxCatalogue.names.map { domain, name in
    let versions = OnnxCatalogue.versions(domain: domain, name: name)
    let schemas = versions.compactMap { OnnxCatalogue.schema(domain: domain, name: name, opset: $0) }
    let live = schemas.filter { !$0.isDeprecated }.map(\.since)
    let isRead = OnnxOperators.importers["\(domain)|\(name)"] != nil
    return OnnxOperatorSupport(
      domain: domain, name: name, versions: live, deprecatedIn: schemas.first { $0.isDeprecated }?.since,
      isRead: isRead,
      writtenFrom: isRead && domain == "ai.onnx" ? lowered[name] ?? max(9, live.first ?? 9) : nil,
      limits: domain == "ai.onnx" ? limits.filter { $0.names.contains(name) }.map(\.text) : [])
  }

  /// Operators that are said with older ones below the operator set that introduced them.
  private static let lowered: [String: Int] = [
    "Attention": 9, "Bernoulli": 9, "BlackmanWindow": 11, "Celu": 9, "CastLike": 9, "CenterCropPad": 12, "Clip": 9,
    "Gelu": 9,
    "GreaterOrEqual": 9, "GroupNormalization": 9, "HammingWindow": 11, "HannWindow": 11, "HardSwish": 9,
    "LayerNormalization": 9, "LessOrEqual": 9, "Mish": 9, "Mod": 9, "RMSNormalization": 9, "Resize": 9,
    "RotaryEmbedding": 9, "ScatterElements": 9, "SequenceMap": 13, "SwiGLU": 9, "Swish": 9, "ThresholdedRelu": 9,
    "Trilu": 9,
  ]

  /// Forms that need a newer operator set than the operator itself.
  private static let limits: [(names: Set<String>, text: String)] = [
    (
      [
        "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
        "ReduceSumSquare",
      ], "axes that are computed while the model runs need operator set 18"
    ),
    (["ReduceSum", "Squeeze", "Unsqueeze", "Split"], "computed axes or sizes need operator set 13"),
    (["Slice"], "computed bounds and steps of unknown extents need operator set 10"),
    (["Pad"], "computed pads need operator set 11, pads of some axes of unknown rank 18, wrapping 19"),
    (["Mod"], "below operator set 10 unsigned integers, and int64 that is not negative"),
    (["Resize"], "antialiasing and aspect policies need operator set 18, other coordinates than asymmetric ones 11"),
    (["If"], "branches whose results differ in rank need operator set 11"),
    (["ScatterElements", "ScatterND"], "a reduction needs operator set 16, the largest or smallest 18"),
    (["RoiAlign"], "regions shifted by half an element need operator set 16"),
    (["Reshape"], "an extent of 0 needs operator set 14"),
    (["DFT"], "a computed axis needs operator set 20"),
    (["TopK"], "a computed number needs operator set 10"),
    (["Scan"], "lengths of sequences (version 8) are not supported"),
  ]
}
