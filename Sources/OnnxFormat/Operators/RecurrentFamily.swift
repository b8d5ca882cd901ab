import Diagnostics
import ModelGraph
import TensorCore

/// RNN, GRU, LSTM.
enum RecurrentFamily {
  static let importers: [String: OnnxImporter] = [
    "RNN": { (s, c) throws(Diagnostic) in try read(.rnn, s, c) },
    "GRU": { (s, c) throws(Diagnostic) in try read(.gru, s, c) },
    "LSTM": { (s, c) throws(Diagnostic) in try read(.lstm, s, c) },
  ]

  private static func read(_ cell: Recurrent.Cell, _ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    // GRU-1 spells its default "foward".
    let text = try c.string("direction")
    guard let direction = Recurrent.Direction(rawValue: text == "foward" ? "forward" : text) else {
      throw c.error("onnx.attribute-value", "direction is '\(text)'")
    }
    var hidden = try c.optionalInt("hidden_size")
    if hidden == nil { hidden = s.type(c.input(2)).shape?.last?.value }
    guard let hidden else { throw c.error("onnx.attribute-missing", "hidden_size is not given") }
    let op = Recurrent(
      cell, hiddenSize: hidden, direction: direction, activations: try activations(c),
      clip: c.has("clip") ? try c.float("clip") : nil,
      couplesInputForget: try c.optionalInt("input_forget") ?? 0 != 0,
      isLinearBeforeReset: try c.optionalInt("linear_before_reset") ?? 0 != 0,
      isBatchFirst: try c.optionalInt("layout") ?? 0 != 0)
    try s.apply(op, c.inputs, c)
  }

  /// Defaults of the parameters: those of the ONNX operators of the same names.
  static func defaults(_ n: Recurrent.Activation.Name) -> (alpha: Float?, beta: Float?) {
    switch n {
    case .affine: (1, 0)
    case .leakyRelu: (0.01, nil)
    case .thresholdedRelu: (1, nil)
    case .scaledTanh: (1, 1)
    case .hardSigmoid: (0.2, 0.5)
    case .elu: (1, nil)
    default: (nil, nil)
    }
  }

  /// The parameters are consumed in order by the functions that have some.
  private static func activations(_ c: OnnxCall) throws(Diagnostic) -> [Recurrent.Activation] {
    var alphas = try c.floats("activation_alpha")[...]
    var betas = try c.floats("activation_beta")[...]
    var out: [Recurrent.Activation] = []
    for text in try c.strings("activations") {
      let known = Recurrent.Activation.Name.allCases.first { $0.rawValue.lowercased() == text.lowercased() }
      guard let name = known else { throw c.error("onnx.attribute-value", "activation '\(text)' is not known") }
      let (alpha, beta) = defaults(name)
      out.append(
        Recurrent.Activation(
          name, alpha: alpha == nil ? 0 : alphas.popFirst() ?? alpha ?? 0,
          beta: beta == nil ? 0 : betas.popFirst() ?? beta ?? 0))
    }
    return out
  }
}

extension Recurrent: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var attributes: [(String, OnnxAttribute)] = [
      ("direction", .string(direction.rawValue)), ("hidden_size", .int(hiddenSize)),
    ]
    if !activations.isEmpty {
      attributes.append(("activations", .strings(activations.map(\.name.rawValue))))
      let alphas = activations.filter { RecurrentFamily.defaults($0.name).alpha != nil }.map(\.alpha.value)
      let betas = activations.filter { RecurrentFamily.defaults($0.name).beta != nil }.map(\.beta.value)
      if !alphas.isEmpty { attributes.append(("activation_alpha", .floats(alphas))) }
      if !betas.isEmpty { attributes.append(("activation_beta", .floats(betas))) }
    }
    if let clip { attributes.append(("clip", .float(clip.value))) }
    if isBatchFirst { attributes.append(("layout", .int(1))) }
    let name =
      switch cell {
      case .rnn: "RNN"
      case .gru: "GRU"
      case .lstm: "LSTM"
      }
    if cell == .gru { attributes.append(("linear_before_reset", .bool(isLinearBeforeReset))) }
    if cell == .lstm { attributes.append(("input_forget", .bool(couplesInputForget))) }
    try e.put(name, e.inputs, e.outputs, attributes)
  }
}
