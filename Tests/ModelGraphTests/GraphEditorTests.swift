import Diagnostics
import TensorCore
import Testing

@testable import ModelGraph

@Suite struct GraphEditorTests {
  /// x → relu → add(relu, x) → y
  private func sample() throws -> Graph {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, sizes: [2, 3]))
    let r = try e.insert(UnaryMap(.relu), [x], name: "r")[0]
    let y = try e.insert(BinaryMap(.add), [r, x], name: "y")[0]
    e.setOutputs([try #require(y)])
    return e.finish()
  }

  @Test func buildsAVerifiedGraph() throws {
    let g = try sample()
    try GraphVerifier.verify(g)
    #expect(g.consumers(of: g.inputs[0]).map(\.name) == ["r", "y"])
    #expect(g.dump().contains("y: float32[2,3] = BinaryMap(r, x) {function=add}"))
  }

  @Test func copiesAreIndependent() throws {
    let g = try sample()
    let changed = try g.edited { (e) throws(Diagnostic) in e.rename(g.inputs[0], to: "input") }
    #expect(g.value(named: "x") != nil)
    #expect(changed.value(named: "input") != nil)
    #expect(changed.value(named: "x") == nil)
  }

  @Test func namesStayUnique() throws {
    var e = GraphEditor(name: "g")
    e.addInput("x", .tensor(.float32, []))
    let second = e.addInput("x", .tensor(.float32, []))
    #expect(e.graph[second]?.name == "x_1")
  }

  @Test func replacingAndErasing() throws {
    let g = try sample()
    let relu = try #require(g.node(named: "r"))
    let out = try #require(relu.outputs[0])
    let edited = try g.edited { (e) throws(Diagnostic) in
      e.replaceUses(of: out, with: g.inputs[0])
      try e.erase(relu.id)
    }
    try GraphVerifier.verify(edited)
    #expect(edited.nodeCount == 1)
    #expect(edited.consumers(of: g.inputs[0]).count == 2)
    #expect(throws: Diagnostic.self) { try g.edited { (e) throws(Diagnostic) in try e.erase(relu.id) } }
  }

  @Test func unusedNodesGo() throws {
    let g = try sample()
    let edited = try g.edited { (e) throws(Diagnostic) in
      e.setOutputs([g.inputs[0]])
      e.eraseUnused()
    }
    #expect(edited.nodeCount == 0)
    try GraphVerifier.verify(edited)
  }

  @Test func wrongOperandsNameTheLayer() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, sizes: [2, 3]))
    let y = e.addInput("y", .tensor(.float32, sizes: [4, 5]))
    do {
      _ = try e.insert(BinaryMap(.add), [x, y], name: "sum", origin: Origin(layer: "sum", layerType: "Eltwise"))
      Issue.record("the operands do not broadcast")
    } catch { #expect(error.message.contains("layer 'sum' (Eltwise)")) }
  }

  @Test func sortingFindsCycles() throws {
    let g = try sample()
    let relu = try #require(g.node(named: "r"))
    let add = try #require(g.node(named: "y"))
    #expect(throws: Diagnostic.self) {
      try g.edited { (e) throws(Diagnostic) in
        e.setInput(relu.id, 0, add.outputs[0])
        try e.sortTopologically()
      }
    }
  }

  @Test func theVerifierSeesBrokenLinks() throws {
    var g = try sample()
    g.valueSlots[0]?.consumers = []
    #expect(throws: Diagnostics.self) { try GraphVerifier.verify(g) }
    var h = try sample()
    h.valueSlots[1]?.type = .tensor(.float32, sizes: [9, 9])
    #expect(throws: Diagnostics.self) { try GraphVerifier.verify(h) }
  }
}
