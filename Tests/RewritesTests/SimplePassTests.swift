import Diagnostics
import ModelGraph
import Rewrites
import TensorCore
import Testing

@Suite struct RemoveIdentityTests {
  @Test func usersTakeTheOperand() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let same = try b.add(Identity(), [x], "same")
    let y = try b.add(UnaryMap(.relu), [same], "y")
    try expectRewrite(
      b.graph(y), RemoveIdentity(),
      gives: """
        graph g
          input x: float32[2,3]
          y: float32[2,3] = UnaryMap(x) {function=relu}
          return y
        """)
  }

  @Test func outputKeepsItsName() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let r = try b.add(UnaryMap(.relu), [x], "r")
    let y = try b.add(Identity(), [r], "y")
    try expectRewrite(
      b.graph(y), RemoveIdentity(),
      gives: """
        graph g
          input x: float32[2,3]
          y: float32[2,3] = UnaryMap(x) {function=relu} # r
          return y
        """)
  }

  @Test func inputThatIsAnOutputStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let y = try b.add(Identity(), [x], "y")
    try expectRewrite(b.graph(y), RemoveIdentity(), changes: 0)
  }

  @Test func twoNamesOfOneOutputStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let r = try b.add(UnaryMap(.relu), [x], "r")
    let y = try b.add(Identity(), [r], "y")
    try expectRewrite(b.graph(r, y), RemoveIdentity(), changes: 0)
  }

  @Test func shapePreservingMovesGo() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let flat = try b.add(Flatten(axis: 1), [x], "flat")
    let cast = try b.add(Cast(to: .float32), [flat], "cast")
    let t = try b.add(Transpose([0, 1]), [cast], "t")
    let y = try b.add(UnaryMap(.tanh), [t], "y")
    let g = try expectRewrite(b.graph(y), RemoveIdentity(), changes: 3)
    #expect(g.nodeCount == 1)
  }

  @Test func realCastsStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let cast = try b.add(Cast(to: .float16), [x], "cast")
    let y = try b.add(Cast(to: .float32), [cast], "y")
    try expectRewrite(b.graph(y), RemoveIdentity(), changes: 0)
  }
}

@Suite struct DeadCodeTests {
  @Test func unusedChainsAndConstantsGo() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let w = try b.weights("w", [4, 3])
    let dead = try b.add(InnerProduct(), [x, w], "dead")
    _ = try b.add(UnaryMap(.relu), [dead], "deader")
    let y = try b.add(UnaryMap(.tanh), [x], "y")
    try expectRewrite(
      b.graph(y), EliminateDeadCode(),
      gives: """
        graph g
          input x: float32[2,3]
          y: float32[2,3] = UnaryMap(x) {function=tanh}
          return y
        """)
  }
}

@Suite struct CommonSubexpressionTests {
  @Test func equalNodesMerge() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let a = try b.add(UnaryMap(.relu), [x], "a")
    let c = try b.add(UnaryMap(.relu), [x], "c")
    let y = try b.add(BinaryMap(.add), [a, c], "y")
    try expectRewrite(
      b.graph(y), EliminateCommonSubexpressions(),
      gives: """
        graph g
          input x: float32[2,3]
          a: float32[2,3] = UnaryMap(x) {function=relu}
          y: float32[2,3] = BinaryMap(a, a) {function=add}
          return y
        """)
  }

  @Test func differentAttributesStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let a = try b.add(UnaryMap(.leakyRelu(slope: 0.1)), [x], "a")
    let c = try b.add(UnaryMap(.leakyRelu(slope: 0.2)), [x], "c")
    let y = try b.add(BinaryMap(.add), [a, c], "y")
    try expectRewrite(b.graph(y), EliminateCommonSubexpressions(), changes: 0)
  }

  @Test func sharedPayloadsMerge() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let t = try Tensor([Float](repeating: 0.5, count: 3))
    let p = b.editor.addConstant("p", t)
    let q = b.editor.addConstant("q", t)
    let a = try b.add(BinaryMap(.multiply), [x, p], "a")
    let y = try b.add(BinaryMap(.multiply), [a, q], "y")
    let g = try expectRewrite(b.graph(y), EliminateCommonSubexpressions(), changes: 1)
    #expect(g.value(named: "q") == nil)
  }
}

@Suite struct FoldConstantsTests {
  @Test func knownShapesBecomeConstants() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5])
    let s = try b.add(ShapeOf(), [x], "s")
    let flat = b.input("flat", [30])
    let y = try b.add(Reshape(), [flat, s], "y")
    let g = try expectRewrite(b.graph(y), FoldConstants(), changes: 1)
    #expect(try g.value(named: "s")?.constant?.ints() == [2, 3, 5])
  }

  @Test func symbolsStay() throws {
    var b = GraphBuilder()
    let x = b.editor.addInput("x", .tensor(.float32, [.symbol("N"), 3]))
    let s = try b.add(ShapeOf(), [x], "s")
    let y = try b.add(Identity(), [s], "y")
    try expectRewrite(b.graph(y), FoldConstants(), changes: 0)
  }
}

@Suite struct PassManagerTests {
  @Test func everyPassHasItsOwnName() {
    let names = Pipelines.all.map(\.name)
    #expect(Set(names).count == names.count)
    for pass in Pipelines.all { #expect(!Swift.type(of: pass).summary.isEmpty) }
    for pass in Pipelines.standard { #expect(names.contains(pass.name)) }
    #expect(Pipelines.named("removeidentity")?.name == "RemoveIdentity")
    #expect(Pipelines.named("Frobnicate") == nil)
  }

  @Test func ordersAreConsistent() throws {
    try PassManager.checkOrder(Pipelines.all)
    try PassManager.checkOrder(Pipelines.standard)
  }

  @Test func observerSeesEachStep() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let same = try b.add(Identity(), [x], "same")
    let y = try b.add(UnaryMap(.relu), [same], "y")
    var seen: [String] = []
    let result = try PassManager(Pipelines.standard).run(b.graph(y)) { name, _ in seen.append(name) }
    #expect(seen == ["RemoveIdentity"])
    #expect(result.steps[0].before == ["Identity": 1, "relu": 1])
    #expect(result.steps[0].after == ["relu": 1])
  }

  struct LosesOutput: RewritePass {
    static let name = "LosesOutput"
    static let summary = "for this test"
    func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
      if let first = editor.graph.inputs.first { editor.setOutputs([first]) }
      return 1
    }
  }

  @Test func brokenPassIsNamed() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let y = try b.add(UnaryMap(.relu), [x], "y")
    let g = b.graph(y)
    let error = #expect(throws: Diagnostics.self) { try PassManager([LosesOutput()]).run(g) }
    #expect(error?.items.first?.message.contains("LosesOutput") == true)
    #expect(error?.status == .software)
  }
}

/// Folds nothing but sums, with the definition.
private struct Adder: ConstantEvaluator {
  func evaluate(_ node: Node, in graph: Graph) throws(Diagnostic) -> [Tensor?]? {
    guard let op = node.op as? BinaryMap, op.function == .add, let a = node.inputs[0].flatMap({ graph[$0]?.constant }),
      let b = node.inputs[1].flatMap({ graph[$0]?.constant })
    else { return nil }
    return [try Tensor(zip(try a.floats(), try b.floats()).map { $0 + $1 }, shape: a.shape)]
  }
}

@Suite struct EvaluatedConstantTests {
  func sum(_ limit: Int) throws -> (Graph, RewriteContext) {
    var b = GraphBuilder()
    let x = b.input("x", [3, 4])
    let p = try b.weights("p", [3, 4])
    let q = try b.weights("q", [3, 4])
    let s = try b.add(BinaryMap(.add), [p, q], "s")
    let y = try b.add(BinaryMap(.multiply), [x, s], "y")
    return (b.graph(y), RewriteContext(evaluator: Adder(), foldingLimit: limit))
  }

  @Test func smallResultsBecomeConstants() throws {
    let (g, context) = try sum(1 << 10)
    let folded = try expectRewrite(g, FoldConstants(), changes: 1, context: context)
    #expect(folded.value(named: "s")?.constant != nil)
    #expect(folded.value(named: "p") == nil)
  }

  @Test func largeResultsStay() throws {
    let (g, context) = try sum(40)
    try expectRewrite(g, FoldConstants(), changes: 0, context: context)
  }
}
