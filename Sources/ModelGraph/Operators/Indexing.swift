import TensorCore

/// Rows of `axis` picked by an index tensor; negative indices count from the end. Operands: input, indices.
/// Source: ONNX Gather.
package struct Gather: Operator {
  package static let operatorName = "Gather"
  package var axis: Int
  package init(axis: Int = 0) { self.axis = axis }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let i = try inputs.shape(1) else { return [.tensor(type, nil)] }
    let a = try ShapeRule.axis(axis, rank: x.count)
    return [.tensor(type, x[..<a] + i + x[(a + 1)...])]
  }

  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let c = inputs.contents(0), (try? inputs.shape(0))??.count == 1, let i = inputs.ints(1) else { return [] }
    var out: [Dim] = []
    for k in i {
      let j = k < 0 ? k + c.count : k
      guard j >= 0, j < c.count else { return [] }
      out.append(c[j])
    }
    return [out]
  }
}

/// A tensor's extents `start ..< end` as 1-d int64. Source: ONNX Shape.
package struct ShapeOf: Operator {
  package static let operatorName = "ShapeOf"
  package var start: Int
  package var end: Int?
  package init(start: Int = 0, end: Int? = nil) {
    self.start = start
    self.end = end
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard let x = try inputs.shape(0) else { return [.tensor(.int64, [inputs.fresh()])] }
    return [.tensor(.int64, sizes: [range(rank: x.count).count])]
  }
  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let x = (try? inputs.shape(0)) ?? nil else { return [] }
    return [Array(x[range(rank: x.count)])]
  }
  /// The axes taken, clamped as ONNX clamps.
  package func range(rank: Int) -> Range<Int> {
    func place(_ i: Int) -> Int { min(max(i < 0 ? i + rank : i, 0), rank) }
    let s = place(max(start, -rank - 1))
    let e = place(max(end ?? rank, -rank - 1))
    return s..<max(s, e)
  }
}

/// The number of a tensor's elements, as an int64 scalar. Source: ONNX Size.
package struct ElementCount: Operator {
  package static let operatorName = "ElementCount"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] { [.tensor(.int64, sizes: [])] }
  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let x = (try? inputs.shape(0)) ?? nil else { return [] }
    var count = Dim(1)
    for d in x {
      guard let next = try? count.times(d) else { return [] }
      count = next
    }
    return [[count]]
  }
}

/// A tensor of one value. Operand: shape (1-d int64). Source: ONNX ConstantOfShape.
package struct Fill: Operator {
  package static let operatorName = "Fill"
  /// One element: the value.
  package var value: ForeignTensor
  package init(_ value: Tensor) { self.value = ForeignTensor(value) }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = value.tensor.dtype
    if let s = inputs.contents(0) {
      if let bad = s.first(where: { ($0.value ?? 0) < 0 }) {
        throw InferenceError("extent \(bad) is negative", input: 0)
      }
      return [.tensor(type, s)]
    }
    guard let rank = try inputs.shape(0)?.first?.value, rank >= 0, rank <= 64 else { return [.tensor(type, nil)] }
    return [.tensor(type, (0..<rank).map { inputs.fresh($0) })]
  }
  package var attributeText: [(name: String, value: String)] {
    [("value", ((try? value.tensor.doubles()) ?? []).first.map { "\($0)" } ?? "?")]
  }
}
