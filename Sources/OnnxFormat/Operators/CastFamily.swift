import Diagnostics
import ModelGraph
import TensorCore

/// Cast and CastLike.
enum CastFamily {
  static let importers: [String: OnnxImporter] = [
    "Cast": { (s, c) throws(Diagnostic) in try s.apply(try cast(c, to: try target(c)), [c.input(0)], c) },
    "CastLike": { (s, c) throws(Diagnostic) in
      guard let to = s.dtype(c.input(1)) else {
        throw c.error("onnx.unknown-type", "the type of its second operand is not known")
      }
      try s.apply(try cast(c, to: to), [c.input(0)], c)
    },
  ]

  private static func cast(_ c: OnnxCall, to: DType) throws(Diagnostic) -> Cast {
    let saturates = try c.optionalInt("saturate") ?? 1 != 0
    let mode = try c.optionalString("round_mode") ?? "up"
    guard let round = Cast.RoundMode(rawValue: mode) else {
      throw c.error("onnx.attribute-value", "round_mode is '\(mode)'")
    }
    return Cast(to: to, saturates: saturates, roundMode: round)
  }

  /// The target type: a name in the first version, a number since.
  private static func target(_ c: OnnxCall) throws(Diagnostic) -> DType {
    if case .string(let s) = c.given("to") {
      let name = String(decoding: s, as: UTF8.self).lowercased()
      if let t = DType.allCases.first(where: { OnnxDType.name($0) == name }) { return t }
      throw c.error("onnx.attribute-value", "element type '\(name)' is not known")
    }
    let number = try c.int("to")
    guard let t = OnnxDType.dtype(number) else {
      throw c.error("onnx.attribute-value", "element type \(number) is not known")
    }
    return t
  }
}

extension Cast: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var attributes: [(String, OnnxAttribute)] = [("to", .int(OnnxDType.number(to)))]
    if !saturates { attributes.append(("saturate", .int(0))) }
    if roundMode != .up { attributes.append(("round_mode", .string(roundMode.rawValue))) }
    try e.put("Cast", e.inputs, e.outputs, attributes)
  }
}
