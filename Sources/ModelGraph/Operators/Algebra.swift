import TensorCore

/// Determinants of the last two axes. Source: ONNX Det.
package struct Determinant: Operator {
  package static let operatorName = "Determinant"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard x.count >= 2 else { throw InferenceError("\(shapeText(x)) is not a matrix", input: 0) }
    try ShapeRule.requireEqual(x[x.count - 1], x[x.count - 2], "rows and columns")
    return [.tensor(type, Array(x.dropLast(2)))]
  }
}

/// Sums of products by index letters (`ij,jk->ik`, `...` for broadcast axes). Source: ONNX Einsum.
package struct Einsum: Operator {
  package static let operatorName = "Einsum"
  package var equation: String
  package init(_ equation: String) { self.equation = equation }

  /// The letters of each operand and of the result; "." stands for the broadcast axes.
  package struct Terms: Hashable, Sendable {
    package var operands: [[Character]]
    package var result: [Character]
  }

  /// The equation taken apart; an implicit result holds the letters that occur once, in alphabetical order.
  package func terms() throws(InferenceError) -> Terms {
    let text = equation.filter { $0 != " " }.replacing("...", with: ".")
    let sides = text.split(separator: "->", omittingEmptySubsequences: false)
    guard sides.count <= 2, let left = sides.first else { throw InferenceError("'\(equation)' is not an equation") }
    let operands = left.split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    for term in operands + sides.dropFirst().map({ Array($0) }) where term.filter({ $0 == "." }).count > 1 {
      throw InferenceError("a term of '\(equation)' has more than one ellipsis")
    }
    for c in operands.joined() where !(c.isLetter || c == ".") { throw InferenceError("'\(c)' in '\(equation)'") }
    if sides.count == 2, Set(sides[1]).count != sides[1].count {
      throw InferenceError("the result of '\(equation)' names an axis twice")
    }
    if sides.count == 2 { return Terms(operands: operands, result: Array(sides[1])) }
    var counts: [Character: Int] = [:]
    for c in operands.joined() { counts[c, default: 0] += 1 }
    let letters = counts.filter { $0.value == 1 && $0.key != "." }.keys.sorted()
    return Terms(operands: operands, result: (counts["."] != nil ? ["."] : []) + letters)
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let terms = try terms()
    guard terms.operands.count == inputs.count else {
      throw InferenceError("'\(equation)' has \(terms.operands.count) operands, not \(inputs.count)")
    }
    var extents: [Character: Dim] = [:]
    var batch: [Dim] = []
    for (i, letters) in terms.operands.enumerated() {
      guard let x = try inputs.shape(i) else { return [.tensor(type, nil)] }
      let named = letters.filter { $0 != "." }.count
      let open = letters.contains(".") ? x.count - named : 0
      guard open >= 0, named + open == x.count else {
        throw InferenceError("'\(String(letters))' does not fit \(shapeText(x))", input: i)
      }
      var at = 0
      for c in letters {
        if c == "." {
          batch = try ShapeRule.broadcast(batch, Array(x[at..<(at + open)]))
          at += open
        } else {
          if let have = extents[c], have.value != 1, x[at].value != 1 {
            try ShapeRule.requireEqual(have, x[at], "extents of '\(c)'")
          }
          if extents[c] == nil || extents[c]?.value == 1 { extents[c] = x[at] }
          at += 1
        }
      }
    }
    var out: [Dim] = []
    for c in terms.result {
      if c == "." {
        out += batch
      } else {
        guard let d = extents[c] else { throw InferenceError("'\(c)' of the result is in no operand") }
        out.append(d)
      }
    }
    return [.tensor(type, out)]
  }
}

/// The discrete Fourier transform along an axis. Operands: input […, 1 or 2] (real, or real and imaginary), length
/// (0-d)?, axis (0-d)?. Source: ONNX DFT-20.
package struct FourierTransform: Operator {
  package static let operatorName = "FourierTransform"
  package var isInverse: Bool
  /// Only the first ⌊n/2⌋ + 1 results.
  package var isOneSided: Bool
  package init(isInverse: Bool = false, isOneSided: Bool = false) {
    self.isInverse = isInverse
    self.isOneSided = isOneSided
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard var x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard x.count >= 2 else { throw InferenceError("\(shapeText(x)) has no signal axis", input: 0) }
    // A one-sided inverse makes real results.
    x[x.count - 1] = Dim(isInverse && isOneSided ? 1 : 2)
    guard let given = inputs.has(2) ? inputs.ints(2)?.first : -2 else {
      return [.tensor(type, x.indices.map { $0 == x.count - 1 ? x[$0] : inputs.fresh($0) })]
    }
    let a = try ShapeRule.axis(given, rank: x.count)
    guard a < x.count - 1 else { throw InferenceError("the axis is that of the parts") }
    var n = x[a]
    if inputs.has(1) { n = inputs.contents(1)?.first ?? inputs.fresh() }
    if let v = n.value, v < 1 || v > 1 << 40 { throw InferenceError("a transform of length \(v)") }
    if isInverse && isOneSided {
      x[a] = inputs.has(1) ? n : try x[a].minus(1).times(2)
    } else {
      x[a] = isOneSided ? try n.floorDiv(2).plus(1) : n
    }
    return [.tensor(type, x)]
  }
}

/// Short-time Fourier transform. Operands: signal [B, L, 1 or 2], step (0-d), window?, frame length (0-d)?.
/// Result: [B, frames, bins, 2]. Source: ONNX STFT.
package struct ShortTimeFourierTransform: Operator {
  package static let operatorName = "ShortTimeFourierTransform"
  package var isOneSided: Bool
  package init(isOneSided: Bool = true) { self.isOneSided = isOneSided }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard x.count >= 2 else { throw InferenceError("signal \(shapeText(x)) has no time axis", input: 0) }
    var frame: Dim?
    if inputs.has(3) { frame = inputs.contents(3)?.first } else if inputs.has(2) { frame = try inputs.shape(2)?.first }
    guard let step = inputs.ints(1)?.first, let frame else {
      return [.tensor(type, [x[0], inputs.fresh(0), inputs.fresh(1), Dim(2)])]
    }
    guard step >= 1 else { throw InferenceError("a step of \(step)", input: 1) }
    let frames = try x[1].minus(frame).floorDiv(step).plus(1)
    if let v = frames.value, v < 1 { throw InferenceError("the signal is shorter than a frame", input: 0) }
    return [.tensor(type, [x[0], frames, isOneSided ? try frame.floorDiv(2).plus(1) : frame, Dim(2)])]
  }
}

/// A window function of given length. Operand: length (0-d). Sources: ONNX HannWindow, HammingWindow, BlackmanWindow.
package struct SignalWindow: Operator {
  package static let operatorName = "SignalWindow"
  package var kind: Kind
  package var dtype: DType
  package var isPeriodic: Bool
  package enum Kind: String, Hashable, Sendable { case hann, hamming, blackman }
  package init(_ kind: Kind, dtype: DType = .float32, isPeriodic: Bool = true) {
    self.kind = kind
    self.dtype = dtype
    self.isPeriodic = isPeriodic
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let n = inputs.contents(0)?.first ?? inputs.fresh()
    if let v = n.value, v < 0 { throw InferenceError("length \(v) is negative", input: 0) }
    return [.tensor(dtype, [n])]
  }
}

/// Triangular filters from spectrum to mel bins. Operands: mel bins, DFT length, sample rate, lower and upper frequency
/// (0-d). Result: [⌊length/2⌋ + 1, bins]. Source: ONNX MelWeightMatrix.
package struct MelWeights: Operator {
  package static let operatorName = "MelWeights"
  package var dtype: DType
  package init(dtype: DType = .float32) { self.dtype = dtype }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let bins = inputs.contents(0)?.first ?? inputs.fresh(0)
    let spectrum: Dim
    if let n = inputs.contents(1)?.first { spectrum = try n.floorDiv(2).plus(1) } else { spectrum = inputs.fresh(1) }
    return [.tensor(dtype, [spectrum, bins])]
  }
}
