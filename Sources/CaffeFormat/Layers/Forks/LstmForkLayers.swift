import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// LSTM over a batch of rows, time outside: bottom [T·N, …], continuation [T·N]?; result [T·N, H]. Blobs: W [4H, I],
/// U [4H, H], bias [4H]; gates i, f, o, g. Without a continuation bottom the state starts at 0 in each pass.
/// Source: caffe-lstm (junhyukoh) lstm_layer.cpp.
enum LstmForkLayer: LayerTranslator {
  static var types: [String] { ["Lstm"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("lstm_param")
    let h = p.int("num_output")
    let n = p.int("batch_size", default: 1)
    let rows = try l.size(0, "the number of rows")
    guard h > 0, h <= 1 << 16, n > 0, rows > 0, rows % n == 0, rows / n <= 1 << 14 else {
      throw l.error(
        "caffe.lstm.size", "\(rows) rows do not divide into a batch of \(n), or num_output \(h) is wrong", p)
    }
    let t = rows / n
    let width = try l.number(l.count(l.shape().dropFirst()), "the width of a row")
    let (wf, bf) = (
      try Filler(p.block("weight_filler"), layer: l.layer), try Filler(p.block("bias_filler"), layer: l.layer)
    )
    let w = try l.blob("W", shape: [4 * h, width], filler: wf)
    let u = try l.blob("U", shape: [4 * h, h], filler: wf)
    let b = try l.blob("bias", shape: [4 * h], filler: bf)
    let x = try l.reshaped(try l.bottom(), to: [Dim(rows), Dim(width)], "rows")
    let gates = try l.reshaped(
      try l.add(InnerProduct(axis: 1), [x, w, b], "x_transform"), to: [Dim(t), Dim(n), Dim(4 * h)], "x_gates")
    let steps = try l.pieces(gates, axis: 0, count: t, "x")
    var cont: [ValueID] = []
    if l.bottoms.count == 2 {
      guard try l.number(l.count(l.shape(1)), "the continuation's size") == rows else {
        throw l.error("caffe.lstm.cont", "the continuation of shape \(shapeText(l.shape(1))) must be [\(rows)]", p)
      }
      // What is not 0 continues.
      let marks = try l.reshaped(try l.bottom(1), to: [Dim(t), Dim(n)], "cont")
      let isStart = try l.binary(.equal, marks, try l.constant("zero", scalar: 0), "is_start")
      cont = try l.pieces(
        try l.cast(try l.map(.not, isStart, "continues"), .float32, "continued"), axis: 0, count: t, "cont_step")
      l.note("caffe.recurrent.state", "the state starts at 0; the layer carries it over to the next forward pass")
    }
    let ones = cont.isEmpty ? l.constant("always", try Tensor([Float](repeating: 1, count: n), shape: [1, n])) : nil
    var state: (c: ValueID, h: ValueID)?
    var out: [ValueID] = []
    for i in 0..<t {
      var sum = steps[i]
      let mark = ones ?? cont[i]
      if let state {
        let kept = try l.add(ScaleShift(axis: 0), [state.h, mark, nil], "h_continued\(i)")
        sum = try l.binary(.add, sum, try l.add(InnerProduct(axis: 2), [kept, u], "U_h\(i)"), "gate_input\(i)")
      }
      let cell = try LSTMCell(l, gates: sum, previous: state.map { ($0.c, mark) }, size: h, suffix: "\(i)")
      state = (cell.c, cell.h)
      out.append(cell.h)
    }
    let all = out.count == 1 ? out[0] : try l.add(Concat(axis: 0), out, "hidden")
    try l.emitReshaped(all, to: [Dim(rows), Dim(h)])
  }
}

/// Marks of continuing sequences [T, N]: 0 at the first step, then 1. Source: caffe-ctc forks' continuation_indicator_layer.
enum ContinuationIndicatorLayer: LayerTranslator {
  static var types: [String] { ["ContinuationIndicator"] }
  static var bottoms: ClosedRange<Int> { 0...0 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("continuation_indicator_param")
    let (t, n) = (p.int("time_step"), p.int("batch_size"))
    guard t > 0, n > 0, let count = checkedProduct([t, n]), count <= 1 << 24 else {
      throw l.error("caffe.continuation.size", "time_step and batch_size must be positive", p)
    }
    l.setTop(0, l.constant("marks", try Tensor((0..<count).map { Float($0 < n ? 0 : 1) }, shape: [t, n])))
  }
}
