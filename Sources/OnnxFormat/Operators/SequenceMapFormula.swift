import Diagnostics
import ModelGraph
import TensorCore

extension OnnxEmitter {
  /// SequenceMap before operator set 17: a loop over the elements that inserts the body's results into sequences.
  ///
  /// - Parameter message: the body, whose inputs are elements of the operands.
  func sequenceMap(_ op: SequenceMap, _ message: GraphMessage) throws(Diagnostic) {
    guard opset >= 13 else {
      throw refuse(
        "onnx.opset-too-low", "SequenceMap is said by a loop over sequences, which came with operator set 13",
        help: "use --opset 13 or higher")
    }
    var body = GraphMessage()
    body.name = message.name
    let (index, go, goOn) = (temporary("index"), temporary("go"), temporary("go_on"))
    let scalar: [DimensionMessage] = []
    body.inputs = [
      ValueInfoMessage(name: index, type: .tensor(OnnxDType.number(.int64), scalar)),
      ValueInfoMessage(name: go, type: .tensor(OnnxDType.number(.bool), scalar)),
    ]
    body.initializers = message.initializers
    body.valueInfo = message.valueInfo
    func add(_ type: String, _ inputs: [String], _ output: String) {
      var m = NodeMessage()
      m.type = type
      m.name = uniqueNodeName(output)
      m.inputs = inputs
      m.outputs = [output]
      body.nodes.append(m)
    }
    for (k, element) in message.inputs.enumerated() where k < op.operands {
      if case .sequence = type(k) {
        add("SequenceAt", [input(k), index], element.name)
      } else {
        add("Identity", [input(k)], element.name)
      }
    }
    body.nodes += message.nodes
    add("Identity", [go], goOn)
    body.outputs = [ValueInfoMessage(name: goOn, type: .tensor(OnnxDType.number(.bool), scalar))]
    var starts: [String] = []
    for (k, result) in message.outputs.enumerated() {
      guard case .sequence(let element) = outputType(k), let dtype = element.dtype else {
        throw refuse("onnx.unknown-type", "the type of its result \(k) is not known", help: useOpset(17))
      }
      let (have, grown) = (temporary("have\(k)"), temporary("grown\(k)"))
      let type = OnnxTypes.message(.sequence(.tensor(dtype, nil)))
      body.inputs.append(ValueInfoMessage(name: have, type: type))
      add("SequenceInsert", [have, result.name], grown)
      body.outputs.append(ValueInfoMessage(name: grown, type: type))
      starts.append(try step("SequenceEmpty", [], "empty\(k)", [("dtype", .int(OnnxDType.number(dtype)))]))
    }
    let count = try step("SequenceLength", [input(0)], "count")
    try put("Loop", [count, ""] + starts, outputs(all: true), [("body", .graph(body))])
  }
}
