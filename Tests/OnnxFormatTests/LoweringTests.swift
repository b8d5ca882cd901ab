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

  /// Before operator set 28 Mod took floats with fmod alone; the sign of the divisor is put on by other operators.
  @Test(arguments: [13, 27])
  func flooredModuloOfFloatsIsSaidByFmod(opset: Int) throws {
    let graph = try Build.read("Mod", opset: 28, inputs: [x, ("d", .tensor(.float32, sizes: [3, 1]))])
    let nodes = try graph.written(opset: opset).message.graph.nodes
    let mod = try #require(nodes.first { $0.type == "Mod" })
    #expect(mod.attributes.map(\.name) == ["fmod"])
    #expect(nodes.last?.type == "Where" && nodes.contains { $0.type == "Abs" })
    #expect(try graph.written(opset: 28).message.graph.nodes.map(\.type) == ["Mod"])
  }

  @Test func moduloOfIntegersStaysMod() throws {
    let a: (String, ValueType) = ("a", .tensor(.int32, sizes: [2, 3]))
    let graph = try Build.read("Mod", opset: 28, inputs: [a, ("b", .tensor(.int32, sizes: [3]))])
    #expect(try graph.written(opset: 13).message.graph.nodes.map(\.type) == ["Mod"])
  }

  @Test func aResultThatTheOperatorSetLacksIsRefused() throws {
    let graph = try Build.read(
      "Cast", opset: 23, inputs: [x], [("to", .int(Int64(OnnxDType.number(.float8e4m3fn))))])
    do {
      _ = try graph.written(opset: 13)
      Issue.record("Cast-13 does not give float8")
    } catch let error as Diagnostics {
      let first = try #require(error.items.first)
      #expect(first.code == "onnx.type-unsupported" && first.message.contains("float8e4m3fn"))
      #expect(first.help?.contains("--opset 19") == true)
    }
  }

  /// The fourth result of a lowered attention is the product after the step that its mode names.
  @Test(arguments: [(0, "MatMul"), (3, "Softmax")])
  func theShownProductOfAttentionFollowsItsMode(mode: Int, producer: String) throws {
    let inputs = ["q", "k", "v"].map { ($0, ValueType.tensor(.float32, sizes: [2, 3, 4, 8])) }
    let node = Build.node(
      "Attention", inputs.map(\.0), ["y", "", "", "shown"], [("qk_matmul_output_mode", .int(Int64(mode)))])
    let graph = try Build.read(
      Build.model(Build.graph([node], inputs: inputs, outputs: ["y", "shown"]), opset: 23))
    let nodes = try graph.written(opset: 13).message.graph.nodes
    var found = try #require(nodes.first { $0.outputs.contains("shown") })
    // A result that is used inside as well leaves by an Identity.
    while found.type == "Identity", let from = nodes.first(where: { $0.outputs.contains(found.inputs[0]) }) {
      found = from
    }
    #expect(found.type == producer)
  }
}
