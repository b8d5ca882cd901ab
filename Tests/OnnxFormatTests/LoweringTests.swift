import Diagnostics
import ModelGraph
import TensorCore
import Testing

@testable import OnnxFormat

/// Operators that are younger than the operator set that is written.
struct LoweringTests {
  private let x: (String, ValueType) = ("x", .tensor(.float32, sizes: [2, 3, 5]))

  @Test(arguments: [9, 11, 13])
  func trianglesAreSelectedByPosition(opset: Int) throws {
    let graph = try Build.read("Trilu", opset: 14, inputs: [x])
    let types = try graph.written(opset: opset).message.graph.nodes.map(\.type)
    #expect(types.contains("Where") && !types.contains("Trilu"))
  }

  @Test func attentionIsItsFormula() throws {
    let inputs = ["q", "k", "v"].map { ($0, ValueType.tensor(.float32, sizes: [2, 3, 4, 8])) }
    let graph = try Build.read("Attention", opset: 23, inputs: inputs)
    let types = try graph.written(opset: 13).message.graph.nodes.map(\.type)
    #expect(types.filter { $0 == "MatMul" }.count == 2)
    #expect(types.contains("Softmax") && !types.contains("Attention"))
  }

  @Test func narrowIntegersAreAddedInAWiderType() throws {
    let a: (String, ValueType) = ("a", .tensor(.uint8, sizes: [3]))
    let b: (String, ValueType) = ("b", .tensor(.uint8, sizes: [3]))
    let graph = try Build.read("Add", opset: 14, inputs: [a, b])
    let nodes = try graph.written(opset: 13).message.graph.nodes
    #expect(nodes.map(\.type) == ["Cast", "Cast", "Add", "Cast"])
    #expect(try graph.written(opset: 14).message.graph.nodes.map(\.type) == ["Add"])
  }

  @Test func aRefusalNamesTheOperatorSetThatTakesTheTypeToo() throws {
    let flags: (String, ValueType) = ("x", .tensor(.bool, sizes: [2, 3]))
    let axes: (String, ValueType) = ("axes", .tensor(.int64, sizes: [1]))
    let graph = try Build.read("ReduceMax", opset: 20, inputs: [flags, axes])
    do {
      _ = try graph.written(opset: 13)
      Issue.record("axes that are computed cannot be said at operator set 13")
    } catch let error as Diagnostics {
      #expect(error.items.first?.help?.contains("--opset 20") == true)
    }
  }
}
