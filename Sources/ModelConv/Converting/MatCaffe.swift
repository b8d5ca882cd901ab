import Diagnostics
import ModelGraph
import TensorCore

/// Undoes what MATLAB's column-major arrays do to a net: one that was trained and fed through MatCaffe sees pictures with
/// height and width exchanged.
///
/// The result takes pictures as they are: R(x) = N(xᵀ), where ᵀ exchanges the last two of four axes, and outputs of four
/// axes are exchanged back. Kernels, strides and pads are exchanged and the columns of fully connected layers reordered, so
/// that nothing is added to most networks; a layer for which that is not known gets Transposes around it.
struct MatCaffe {
  static let order = [0, 1, 3, 2]

  /// How a value of the result relates to that of the source.
  enum State: Hashable {
    case same
    /// Four axes, the last two exchanged.
    case exchanged
    /// A picture of these channels, height and width in the source, flattened after the exchange.
    case flat([Int])
  }

  private var states: [ValueID: State] = [:]
  /// Values of the source, where Transposes made them.
  private var restored: [ValueID: ValueID] = [:]

  private init() {}

  /// The network for pictures as they are, and the values that took the place of others.
  ///
  /// - Throws: `matcaffe.no-image` where no input has the axes of a picture.
  static func repaired(_ graph: Graph) throws(Diagnostic) -> (graph: Graph, moved: [ValueID: ValueID]) {
    let images = graph.openInputs.filter { $0.type.shape?.count == 4 }
    guard !images.isEmpty else {
      throw .error(
        "matcaffe.no-image",
        "no input has the axes of a picture (N, C, H, W), whose height and width MatCaffe exchanges",
        help: "leave out --matcaffe", status: .usage)
    }
    var repair = MatCaffe()
    var editor = GraphEditor(graph)
    for v in images {
      if case .tensor(let t, .some(let s)) = v.type { editor.setType(v.id, .tensor(t, order.map { s[$0] })) }
      repair.states[v.id] = .exchanged
    }
    for id in graph.order { try repair.rewrite(id, &editor) }
    let moved = try repair.restoreOutputs(&editor)
    editor.eraseUnused()
    return (editor.finish(), moved)
  }

  private func state(_ v: ValueID?) -> State { v.flatMap { states[$0] } ?? .same }

  private mutating func rewrite(_ id: NodeID, _ editor: inout GraphEditor) throws(Diagnostic) {
    guard let node = editor.graph[id] else { return }
    guard node.inputs.contains(where: { state($0) != .same }) else { return }
    let operands = node.inputs.map { MatCaffeOperand(state: state($0), value: $0.flatMap { editor.graph[$0] }) }
    if let change = try MatCaffeRules.change(node, operands) {
      var inputs = node.inputs
      for (i, t) in change.constants {
        let name = inputs[i].flatMap { editor.graph[$0]?.name } ?? node.name
        inputs[i] = editor.addConstant("\(name)_exchanged", t)
      }
      try editor.update(id, op: change.op, inputs: inputs, pass: "MatCaffe")
      for v in node.outputs.compactMap({ $0 }) { states[v] = change.result }
      return
    }
    var inputs = node.inputs
    for (i, v) in node.inputs.enumerated() {
      inputs[i] = try v.map { v throws(Diagnostic) in try source(v, id, &editor) }
    }
    try editor.update(id, op: node.op, inputs: inputs, pass: "MatCaffe")
  }

  /// The value as the source has it.
  private mutating func source(
    _ v: ValueID, _ before: NodeID?, _ editor: inout GraphEditor
  ) throws(Diagnostic) -> ValueID {
    if let r = restored[v] { return r }
    let name = editor.graph[v]?.name ?? "value"
    var last = v
    func add(_ op: any Operator, _ role: String, _ editor: inout GraphEditor) throws(Diagnostic) {
      let made = try editor.insert(
        op, [last], name: "\(name)_\(role)", origin: Origin(layer: name, layerType: "MatCaffe"), before: before)
      last = (made.first ?? nil) ?? last
    }
    switch state(v) {
    case .same: return v
    case .exchanged: try add(Transpose(Self.order), "columns", &editor)
    case .flat(let s):
      try add(ReshapeAxes(dims: [s[0], s[2], s[1]], axis: 1), "picture", &editor)
      try add(Transpose(Self.order), "columns", &editor)
      try add(FlattenToMatrix(axis: 1), "flat", &editor)
    }
    restored[v] = last
    return last
  }

  /// Outputs of four axes are exchanged, others as the source has them; names stay.
  private mutating func restoreOutputs(_ editor: inout GraphEditor) throws(Diagnostic) -> [ValueID: ValueID] {
    var outputs = editor.graph.outputs
    var moved: [ValueID: ValueID] = [:]
    for (i, v) in editor.graph.outputs.enumerated() {
      let hasPlane = editor.graph[v]?.type.shape?.count == 4
      guard hasPlane ? state(v) == .same : state(v) != .same, let name = editor.graph[v]?.name else { continue }
      editor.rename(v, to: "\(name)_columns")
      var new: ValueID?
      if hasPlane {
        new = try editor.insert(Transpose(Self.order), [v], name: name).first ?? nil
      } else {
        let s = try source(v, nil, &editor)
        editor.rename(s, to: name)
        new = s
      }
      outputs[i] = new ?? v
      moved[v] = new
    }
    editor.setOutputs(outputs)
    return moved
  }
}

/// An operand of a node that is to be rewritten.
struct MatCaffeOperand {
  var state: MatCaffe.State
  var value: Value?

  var constant: Tensor? { value?.constant }
  var sizes: [Dim]? { value?.type.shape }
}
