import TensorCore
import Testing

@testable import ModelGraph

private func tensor(_ shape: [Dim]?, _ t: DType = .float32) -> TypeInputs.Operand {
  TypeInputs.Operand(type: .tensor(t, shape))
}

private func ints(_ v: [Int]) throws -> TypeInputs.Operand {
  let t = try Tensor(v.map { Int64($0) })
  return TypeInputs.Operand(type: .tensor(.int64, sizes: t.shape), constant: t)
}

private func infer(_ op: any Operator, _ operands: [TypeInputs.Operand?]) throws -> [String] {
  try op.inferTypes(TypeInputs(operands, freshPrefix: "t")).map(\.description)
}

@Suite struct InferenceTests {
  let n = Dim.symbol("N")

  @Test func convolution() throws {
    let g = WindowGeometry(strides: [2, 1], dilations: [1, 2], padding: .explicit(begin: [1, 0], end: [1, 2]))
    let op = Convolution(geometry: g, groups: 2)
    #expect(
      try infer(op, [tensor([n, 6, 9, 11]), tensor([8, 3, 3, 4]), tensor([8])]) == ["float32[N,8,5,7]"])
    #expect(throws: InferenceError.self) { try infer(op, [tensor([n, 5, 9, 11]), tensor([8, 3, 3, 4])]) }
    #expect(throws: InferenceError.self) { try infer(op, [tensor([n, 6, 9]), tensor([8, 3, 3, 4])]) }
    #expect(throws: InferenceError.self) { try infer(op, [tensor([n, 6, 9, 11]), tensor([7, 3, 3, 4])]) }
  }

  @Test func transposedConvolution() throws {
    let op = TransposedConvolution(
      geometry: WindowGeometry(strides: [2, 3], padding: .explicit(begin: [1, 1], end: [1, 1])), groups: 3,
      outputPadding: [1, 0])
    #expect(try infer(op, [tensor([n, 6, 5, 7]), tensor([6, 2, 4, 5])]) == ["float32[N,6,11,21]"])
    let same = TransposedConvolution(geometry: WindowGeometry(strides: [2]), outputShape: [10])
    #expect(try same.pads(input: 5, kernel: 4, axis: 0) == (1, 1))
  }

  @Test func reshapeResolvesSymbols() throws {
    let op = Reshape()
    #expect(try infer(op, [tensor([n, 3, 4, 5]), ints([0, -1])]) == ["float32[N,60]"])
    #expect(try infer(op, [tensor([n, 3, 4, 5]), ints([-1, 15, 4])]) == ["float32[N,15,4]"])
    #expect(try infer(op, [tensor([2, 0, 4]), ints([-1, 4])]) == ["float32[0,4]"])
    #expect(throws: InferenceError.self) { try infer(op, [tensor([2, 3]), ints([4, -1])]) }
    #expect(throws: InferenceError.self) { try infer(op, [tensor([2, 3]), ints([-1, -1])]) }
  }

  @Test func caffeReshapeCountsFromItsAxis() throws {
    #expect(try infer(ReshapeAxes(dims: [0, -1], axis: 1), [tensor([n, 3, 4, 5])]) == ["float32[N,3,20]"])
    #expect(try infer(ReshapeAxes(dims: [1, 1], axis: 1, axisCount: 0), [tensor([n, 3])]) == ["float32[N,1,1,3]"])
  }

  @Test(arguments: [
    (0, 5, 1, 5), (-3, Int(Int32.max), 1, 3), (1, -1, 2, 3), (-1, -9, -1, 7), (6, 0, -4, 2), (3, 3, 1, 0),
    (9, 20, 1, 0),
  ])
  func sliceBounds(_ c: (start: Int, end: Int, step: Int, count: Int)) {
    #expect(Slice.bounds(extent: 7, start: c.start, end: c.end, step: c.step)?.count == c.count)
  }

  @Test func shapeArithmeticCarriesSymbols() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, [n, 3, 8, 9]))
    let s = try e.insert(ShapeOf(), [x], name: "s")[0]
    let zero = e.addConstant("zero", try Tensor([Int64(0)]))
    let rest = e.addConstant("rest", try Tensor([Int64(-1)]))
    let batch = try e.insert(Gather(), [s, zero], name: "b")[0]
    let shape = try e.insert(Concat(axis: 0), [batch, rest], name: "c")[0]
    let y = try e.insert(Reshape(), [x, shape], name: "y")[0]
    e.setOutputs([try #require(y)])
    let g = e.finish()
    #expect(g.value(named: "y")?.type.description == "float32[N,216]")
    try GraphVerifier.verify(g)
  }

  @Test func broadcasting() throws {
    #expect(try infer(BinaryMap(.add), [tensor([n, 1, 5]), tensor([4, 1])]) == ["float32[N,4,5]"])
    #expect(try infer(BinaryMap(.less), [tensor([2, 3]), tensor([])]) == ["bool[2,3]"])
    #expect(throws: InferenceError.self) { try infer(BinaryMap(.add), [tensor([2, 3]), tensor([2])]) }
  }

  @Test func concatAndSplit() throws {
    #expect(try infer(Concat(axis: 1), [tensor([n, 2, 5]), tensor([n, 3, 5])]) == ["float32[N,5,5]"])
    #expect(
      try infer(Split(axis: 1, count: 3), [tensor([n, 7])]) == ["float32[N,3]", "float32[N,3]", "float32[N,1]"])
    #expect(throws: InferenceError.self) { try infer(Concat(axis: 1), [tensor([n, 2, 5]), tensor([n, 3, 4])]) }
  }
}
