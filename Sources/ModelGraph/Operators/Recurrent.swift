import TensorCore

/// A recurrent layer over a sequence.
///
/// Operands: input [T, B, I] (or [B, T, I] with `isBatchFirst`), weights W [D, g·H, I], R [D, g·H, H], bias [D,
/// 2·g·H]?, lengths [B]?, first hidden state [D, B, H]?, and for LSTM first cell state? and peepholes [D, 3·H]?.
/// Results: all hidden states [T, D, B, H], the last one [D, B, H], and for LSTM the last cell state. Gate order: iofc
/// (LSTM), zrh (GRU). Sources: ONNX RNN, GRU, LSTM.
package struct Recurrent: Operator {
  package static let operatorName = "Recurrent"
  package var cell: Cell
  package var hiddenSize: Int
  package var direction: Direction
  /// Names with parameters, one for each gate function and direction; empty for the cell's own.
  package var activations: [Activation]
  package var clip: FloatBits?
  /// LSTM: the forget gate is 1 − the input gate.
  package var couplesInputForget: Bool
  /// GRU: the recurrent product is taken before the reset gate.
  package var isLinearBeforeReset: Bool
  package var isBatchFirst: Bool

  package enum Cell: String, Hashable, Sendable {
    case rnn, gru, lstm
    /// Gates of the cell.
    package var gates: Int {
      switch self {
      case .rnn: 1
      case .gru: 3
      case .lstm: 4
      }
    }
    /// Activation functions for each direction.
    package var functions: Int {
      switch self {
      case .rnn: 1
      case .gru: 2
      case .lstm: 3
      }
    }
  }
  package enum Direction: String, Hashable, Sendable { case forward, reverse, bidirectional }
  package struct Activation: Hashable, Sendable {
    package var name: Name
    package var alpha: FloatBits
    package var beta: FloatBits
    package enum Name: String, Hashable, Sendable, CaseIterable {
      case relu = "Relu"
      case tanh = "Tanh"
      case sigmoid = "Sigmoid"
      case affine = "Affine"
      case leakyRelu = "LeakyRelu"
      case thresholdedRelu = "ThresholdedRelu"
      case scaledTanh = "ScaledTanh"
      case hardSigmoid = "HardSigmoid"
      case elu = "Elu"
      case softsign = "Softsign"
      case softplus = "Softplus"
    }
    package init(_ name: Name, alpha: Float, beta: Float) {
      self.name = name
      self.alpha = FloatBits(alpha)
      self.beta = FloatBits(beta)
    }
  }

  package init(
    _ cell: Cell, hiddenSize: Int, direction: Direction = .forward, activations: [Activation] = [],
    clip: Float? = nil, couplesInputForget: Bool = false, isLinearBeforeReset: Bool = false, isBatchFirst: Bool = false
  ) {
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.direction = direction
    self.activations = activations
    self.clip = clip.map { FloatBits($0) }
    self.couplesInputForget = couplesInputForget
    self.isLinearBeforeReset = isLinearBeforeReset
    self.isBatchFirst = isBatchFirst
  }

  package var directions: Int { direction == .bidirectional ? 2 : 1 }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let count = cell == .lstm ? 3 : 2
    guard hiddenSize >= 1 else { throw InferenceError("hidden size \(hiddenSize) is not positive") }
    guard let x = try inputs.shape(0) else { return Array(repeating: .tensor(type, nil), count: count) }
    guard x.count == 3 else { throw InferenceError("input \(shapeText(x)) is not [time, batch, features]", input: 0) }
    let (time, batch) = isBatchFirst ? (x[1], x[0]) : (x[0], x[1])
    if let w = try inputs.shape(1) {
      guard w.count == 3 else { throw InferenceError("weights \(shapeText(w)) are not three-dimensional", input: 1) }
      try ShapeRule.requireEqual(w[0], Dim(directions), "directions and weights")
      try ShapeRule.requireEqual(w[1], try Dim(hiddenSize).times(cell.gates), "gates × hidden size and weights")
      try ShapeRule.requireEqual(w[2], x[2], "features and weights")
    }
    if let r = try inputs.shape(2) {
      guard r.count == 3 else { throw InferenceError("weights \(shapeText(r)) are not three-dimensional", input: 2) }
      try ShapeRule.requireEqual(r[2], Dim(hiddenSize), "hidden size and recurrent weights")
    }
    let d = Dim(directions)
    let h = Dim(hiddenSize)
    let all = isBatchFirst ? [batch, time, d, h] : [time, d, batch, h]
    let last = isBatchFirst ? [batch, d, h] : [d, batch, h]
    return [.tensor(type, all)] + Array(repeating: .tensor(type, last), count: count - 1)
  }
}
