import Diagnostics
import ModelGraph
import TensorCore

/// What the recurrent layers share: bottoms x [T, N, …], cont [T, N], a static input [N, …]?, initial states? The network
/// is unrolled as Caffe unrolls it. Without exposed states the first step starts from zero, as a fresh net does; state
/// that Caffe carries from one forward pass to the next is not carried.
/// Source: recurrent_layer.cpp.
struct RecurrentFrame {
  let l: LayerBuilder
  let steps: Int
  let batch: Dim
  let outputs: Int
  let isExposed: Bool
  let staticInput: ValueID?
  /// cont of each step, [1, N].
  let cont: [ValueID]
  /// Initial states [1, N, outputs]; empty for zeros.
  let initial: [ValueID]
  private let weightFiller: Filler
  private let biasFiller: Filler

  init(_ l: LayerBuilder, states: Int) throws(Diagnostic) {
    self.l = l
    let p = l.parameters("recurrent_param")
    isExposed = p.bool("expose_hidden")
    outputs = p.int("num_output")
    guard outputs > 0 else {
      throw l.error("caffe.recurrent.num-output", "num_output must be positive", p, "num_output")
    }
    let exposed = isExposed ? states : 0
    let minimum = 2 + exposed
    guard l.bottoms.count == minimum || l.bottoms.count == minimum + 1, l.topCount == 1 + exposed else {
      throw l.error(
        "caffe.layer.bottom-count",
        "has \(l.bottoms.count) bottoms and \(l.topCount) tops, but takes \(minimum) or \(minimum + 1) and \(1 + exposed)"
      )
    }
    guard l.rank() >= 2, l.rank(1) == 2 else {
      throw l.error(
        "caffe.recurrent.rank",
        "bottoms of shapes \(shapeText(l.shape())) and \(shapeText(l.shape(1))) must be "
          + "[steps, streams, …] and [steps, streams]")
    }
    steps = try l.size(0, "the number of time steps")
    batch = l.shape()[1]
    guard steps >= 1, steps <= 1 << 14 else { throw l.error("caffe.recurrent.steps", "\(steps) time steps") }
    guard l.shape(1) == [Dim(steps), batch] else {
      throw l.error("caffe.recurrent.cont", "cont of shape \(shapeText(l.shape(1))) must be [\(steps),\(batch)]")
    }
    let hasStatic = l.bottoms.count > minimum
    if hasStatic {
      guard let n = l.shape(2).first, n == batch else {
        throw l.error(
          "caffe.recurrent.static", "the static input of shape \(shapeText(l.shape(2))) must be [\(batch),…]")
      }
    }
    staticInput = hasStatic ? try l.bottom(2) : nil
    cont = try l.pieces(try l.bottom(1), axis: 0, count: steps, "cont")
    var initial: [ValueID] = []
    for i in 0..<exposed {
      let at = 2 + (hasStatic ? 1 : 0) + i
      guard l.shape(at) == [1, batch, Dim(outputs)] else {
        throw l.error(
          "caffe.recurrent.state", "the state of shape \(shapeText(l.shape(at))) must be [1,\(batch),\(outputs)]")
      }
      initial.append(try l.bottom(at))
    }
    self.initial = initial
    weightFiller = try Filler(p.block("weight_filler"), layer: l.layer)
    biasFiller = try Filler(p.block("bias_filler"), layer: l.layer)
    if !isExposed {
      l.note("caffe.recurrent.state", "the state starts at 0; Caffe carries it over to the next forward pass")
    }
  }

  func weights(_ role: String, _ rows: Int, _ columns: Int) throws(Diagnostic) -> ValueID {
    try l.blob(role, shape: [rows, columns], filler: weightFiller)
  }

  func bias(_ role: String, _ rows: Int) throws(Diagnostic) -> ValueID {
    try l.blob(role, shape: [rows], filler: biasFiller)
  }

  /// Elements of x per step and stream.
  func inputWidth(_ i: Int, from axis: Int) throws(Diagnostic) -> Int {
    try l.number(l.count(l.shape(i)[axis...]), "the width of bottom \(i)")
  }

  /// W·x + b of all steps, cut into steps of [1, N, rows].
  func transformed(_ w: ValueID, _ b: ValueID) throws(Diagnostic) -> [ValueID] {
    let all = try l.add(InnerProduct(axis: 2), [try l.bottom(), w, b], "x_transform")
    return try l.pieces(all, axis: 0, count: steps, "x")
  }

  /// W·x_static as [1, N, rows]; nil without a static input.
  func transformedStatic(_ w: ValueID?, rows: Int) throws(Diagnostic) -> ValueID? {
    guard let w, let s = staticInput else { return nil }
    let y = try l.add(InnerProduct(axis: 1), [s, w], "static_transform")
    return try l.reshaped(y, to: [1, batch, Dim(rows)], "static")
  }

  /// cont_t · state.
  func continued(_ state: ValueID, _ t: Int) throws(Diagnostic) -> ValueID {
    try l.add(ScaleShift(axis: 0), [state, cont[t]], "continued\(t)")
  }

  func join(_ parts: [ValueID]) throws(Diagnostic) {
    if parts.count == 1 { return l.setTop(0, parts[0]) }
    try l.emit(Concat(axis: 0), parts)
  }
}

/// h_t = tanh(W_hh cont_t h_{t−1} + W_xh x_t + b_h), o_t = tanh(W_ho h_t + b_o). Source: rnn_layer.cpp.
enum RNNLayer: LayerTranslator {
  static var types: [String] { ["RNN"] }
  static var support: LayerSupport {
    .limited(
      "unrolled over known time steps; the state starts at 0 where Caffe carries it over from the pass before")
  }
  static var bottoms: ClosedRange<Int> { 2...4 }
  static var tops: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let f = try RecurrentFrame(l, states: 1)
    let n = f.outputs
    let wx = try f.weights("W_xh", n, f.inputWidth(0, from: 2))
    let bh = try f.bias("b_h", n)
    let ws = f.staticInput == nil ? nil : try f.weights("W_xh_static", n, f.inputWidth(2, from: 1))
    let wh = try f.weights("W_hh", n, n)
    let wo = try f.weights("W_ho", n, n)
    let bo = try f.bias("b_o", n)
    let x = try f.transformed(wx, bh)
    let fixed = try f.transformedStatic(ws, rows: n)
    var h = f.initial.first
    var out: [ValueID] = []
    for t in 0..<f.steps {
      var terms = [x[t]]
      if let previous = h {
        terms.insert(try l.add(InnerProduct(axis: 2), [try f.continued(previous, t), wh], "W_hh_h\(t)"), at: 0)
      }
      if let fixed { terms.append(fixed) }
      let sum = terms.count == 1 ? terms[0] : try l.add(VariadicMap(.sum), terms, "h_input\(t)")
      let state = try l.map(.tanh, sum, "h\(t)")
      h = state
      out.append(try l.map(.tanh, try l.add(InnerProduct(axis: 2), [state, wo, bo], "W_ho_h\(t)"), "o\(t)"))
    }
    try f.join(out)
    if f.isExposed, let h { l.setTop(1, h) }
  }
}

/// Long short-term memory with gates i, f, o, g; blobs W_xc, b_c, W_xc_static?, W_hc. Source: lstm_layer.cpp.
enum LSTMLayer: LayerTranslator {
  static var types: [String] { ["LSTM"] }
  static var support: LayerSupport {
    .limited(
      "unrolled over known time steps; the state starts at 0 where Caffe carries it over from the pass before")
  }
  static var bottoms: ClosedRange<Int> { 2...5 }
  static var tops: ClosedRange<Int> { 1...3 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let f = try RecurrentFrame(l, states: 2)
    let n = f.outputs
    let wx = try f.weights("W_xc", 4 * n, f.inputWidth(0, from: 2))
    let b = try f.bias("b_c", 4 * n)
    let ws = f.staticInput == nil ? nil : try f.weights("W_xc_static", 4 * n, f.inputWidth(2, from: 1))
    let wh = try f.weights("W_hc", 4 * n, n)
    let x = try f.transformed(wx, b)
    let fixed = try f.transformedStatic(ws, rows: 4 * n)
    var h = f.initial.first
    var c = f.initial.dropFirst().first
    var out: [ValueID] = []
    for t in 0..<f.steps {
      var terms = [x[t]]
      if let h { terms.insert(try l.add(InnerProduct(axis: 2), [try f.continued(h, t), wh], "W_hc_h\(t)"), at: 0) }
      if let fixed { terms.append(fixed) }
      let gates = terms.count == 1 ? terms[0] : try l.add(VariadicMap(.sum), terms, "gate_input\(t)")
      let previous = c.map { ($0, f.cont[t]) }
      let cell = try LSTMCell(l, gates: gates, previous: previous, size: n, suffix: "\(t)")
      c = cell.c
      h = cell.h
      out.append(cell.h)
    }
    try f.join(out)
    if f.isExposed, let h, let c {
      l.setTop(1, h)
      l.setTop(2, c)
    }
  }
}

/// One step of the cell alone: bottoms c_{t−1} [1, N, D], gate input [1, N, 4D], cont [1, N]; tops c_t, h_t.
/// Source: lstm_unit_layer.cpp.
enum LSTMUnitLayer: LayerTranslator {
  static var types: [String] { ["LSTMUnit"] }
  static var bottoms: ClosedRange<Int> { 3...3 }
  static var tops: ClosedRange<Int> { 2...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    guard l.rank() == 3, l.rank(1) == 3, l.rank(2) == 2 else {
      throw l.error("caffe.lstm-unit.rank", "bottoms must be [1, N, D], [1, N, 4 D] and [1, N]")
    }
    let d = try l.size(2, "the number of cells")
    let n = l.shape()[1]
    guard l.shape() == [1, n, Dim(d)], l.shape(1) == [1, n, Dim(4 * d)], l.shape(2) == [1, n] else {
      throw l.error(
        "caffe.lstm-unit.shape",
        "bottoms of shapes \(shapeText(l.shape())), \(shapeText(l.shape(1))) and "
          + "\(shapeText(l.shape(2))) must be [1, N, D], [1, N, 4 D] and [1, N]")
    }
    let cell = try LSTMCell(
      l, gates: try l.bottom(1), previous: (try l.bottom(0), try l.bottom(2)), size: d, suffix: "")
    l.setTop(0, cell.c)
    l.setTop(1, cell.h)
  }
}

/// c = cont · σ(f) · c' + σ(i) · tanh(g), h = σ(o) · tanh(c).
struct LSTMCell {
  let c: ValueID
  let h: ValueID

  /// - Parameter previous: the cell before and cont; nil for a cell of zeros.
  init(
    _ l: LayerBuilder, gates: ValueID, previous: (c: ValueID, cont: ValueID)?, size: Int, suffix t: String
  ) throws(Diagnostic) {
    let parts = try l.equalParts(gates, axis: 2, count: 4, of: size, "gates\(t)")
    let i = try l.map(.sigmoid, parts[0], "i\(t)")
    let o = try l.map(.sigmoid, parts[2], "o\(t)")
    let g = try l.map(.tanh, parts[3], "g\(t)")
    var c = try l.binary(.multiply, i, g, "new\(t)")
    if let previous {
      let f = try l.map(.sigmoid, parts[1], "f\(t)")
      let kept = try l.add(ScaleShift(axis: 0), [f, previous.cont], "f_continued\(t)")
      c = try l.binary(.add, try l.binary(.multiply, kept, previous.c, "kept\(t)"), c, "c\(t)")
    }
    self.c = c
    h = try l.binary(.multiply, o, try l.map(.tanh, c, "tanh_c\(t)"), "h\(t)")
  }
}
