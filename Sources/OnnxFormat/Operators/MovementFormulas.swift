import Diagnostics
import ModelGraph
import TensorCore

// Movement that an operator set lacks, said with operators that it has.
extension OnnxEmitter {
  /// Trilu before operator set 14: zero where column − row is on the other side of the diagonal.
  func triangle(isUpper: Bool) throws(Diagnostic) {
    guard let shape = type(0).shape, shape.count >= 2 else {
      throw refuse("onnx.unknown-rank", "its rank is not known", help: useOpset(14))
    }
    let k = has(1) ? input(1) : constant(try Tensor(scalar: Int64(0)), "diagonal")
    let distance: String
    if let h = shape[shape.count - 2].value, let w = shape[shape.count - 1].value, h <= 4096, w <= 4096 {
      let values = (0..<h).flatMap { row in (0..<w).map { Int64($0 - row) } }
      distance = constant(try Tensor(values, shape: [h, w]), "distance")
    } else {
      let sizes = try step("Shape", [input(0)], "shape")
      func positions(_ axis: Int, _ name: String) throws(Diagnostic) -> String {
        let n = try step("Gather", [sizes, constant(try Tensor(scalar: Int64(axis)), "\(name)_axis")], "\(name)_count")
        let ends = [
          constant(try Tensor(scalar: Int64(0)), "\(name)_zero"), n,
          constant(try Tensor(scalar: Int64(1)), "\(name)_one"),
        ]
        return try step("Range", ends, name)
      }
      let rows = try unsqueezed(try positions(shape.count - 2, "rows"), [1], "row_column")
      distance = try step("Sub", [try positions(shape.count - 1, "columns"), rows], "distance")
    }
    note(distance, .tensor(.int64, nil))
    let outside = try step(isUpper ? "Less" : "Greater", [distance, k], "outside")
    try put("Where", [outside, try scalar(0, "zero"), input(0)], outputs)
  }

  /// A value with axes of extent 1 inserted.
  func unsqueezed(_ x: String, _ axes: [Int], _ suffix: String) throws(Diagnostic) -> String {
    if opset >= 13 { return try step("Unsqueeze", [x, try ints(axes, "\(suffix)_axes")], suffix) }
    return try step("Unsqueeze", [x], suffix, [("axes", .ints(axes))])
  }

  /// CenterCropPad before operator set 18: padded to the larger extents, then cut to the wanted ones, both centred with
  /// the odd element at the end.
  func centerCropPad(axes given: [Int]) throws(Diagnostic) {
    guard opset >= 12, let rank = type(0).shape?.count else {
      throw refuse(
        "onnx.opset-too-low", "CenterCropPad came with operator set 18",
        help: "use --opset \(opset < 12 ? 12 : 18) or higher")
    }
    let axes = (given.isEmpty ? Array(0..<rank) : given).map { $0 < 0 ? $0 + rank : $0 }
    let two = constant(try Tensor(scalar: Int64(2)), "two")
    let wanted = input(1)
    let list = try ints(axes, "axes")
    let have = try step("Gather", [try step("Shape", [input(0)], "shape"), list], "have")
    let larger = try step("Max", [have, wanted], "larger")
    let amount = try step("Sub", [larger, have], "amount")
    let before = try step("Div", [amount, two], "before")
    let after = try step("Sub", [amount, before], "after")
    let places = try ints(axes + axes.map { $0 + rank }, "pad_places")
    let zeros = try ints([Int](repeating: 0, count: 2 * rank), "no_pads")
    let both = try step("Concat", [before, after], "both", [("axis", .int(0))])
    let pads = try step("ScatterElements", [zeros, places, both], "pads")
    let padded = try step("Pad", [input(0), pads], "padded")
    let start = try step("Div", [try step("Sub", [larger, wanted], "excess"), two], "start")
    try put("Slice", [padded, start, try step("Add", [start, wanted], "end"), list], outputs)
  }

  /// a₀ − a₁ cos(2πn/d) + a₂ cos(4πn/d) for n below the operand, before operator set 17.
  func signalWindow(_ kind: SignalWindow.Kind, _ dtype: DType, isPeriodic: Bool) throws(Diagnostic) {
    let (a0, a1, a2): (Double, Double, Double) =
      switch kind {
      case .hann: (0.5, 0.5, 0)
      case .hamming: (25.0 / 46, 21.0 / 46, 0)
      case .blackman: (0.42, 0.5, 0.08)
      }
    func number(_ v: Double, _ name: String) throws(Diagnostic) -> String { try scalar(v, name, type: .float32) }
    let size = try castStep(input(0), .float32, "size")
    let count = isPeriodic ? size : try step("Sub", [size, try number(1, "one_less")], "span")
    let n = try step("Range", [try number(0, "first"), size, try number(1, "step")], "n")
    let turn = try step("Div", [try step("Mul", [n, try number(2 * Double.pi, "turn")], "turns"), count], "angle")
    var value = try step("Mul", [try step("Cos", [turn], "cos"), try number(-a1, "a1")], "first_term")
    value = try step("Add", [value, try number(a0, "a0")], "raised")
    if a2 != 0 {
      let double = try step("Cos", [try step("Mul", [turn, try number(2, "twice")], "double")], "cos2")
      value = try step("Add", [value, try step("Mul", [double, try number(a2, "a2")], "second_term")], "window")
    }
    try put("Cast", [value], outputs, [("to", .int(OnnxDType.number(dtype)))])
  }
}
