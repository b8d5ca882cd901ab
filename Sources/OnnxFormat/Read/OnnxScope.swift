import Diagnostics
import ModelGraph
import TensorCore

/// Turns one call of a file into nodes of the neutral graph.
typealias OnnxImporter = @Sendable (OnnxScope, OnnxCall) throws(Diagnostic) -> Void

/// The closure itself. The compiler cannot store a closure that captures and throws a typed error into a dictionary.
func importer(_ f: @escaping OnnxImporter) -> OnnxImporter { f }

/// A graph that is being read: the model's own, or the closed body of a control-flow node.
final class OnnxScope {
  let model: OnnxModelContext
  var editor: GraphEditor
  private let parent: OnnxScope?
  private var values: [String: ValueID] = [:]
  /// Names that nodes of this graph will define: temporaries keep clear of them.
  private var reserved: Set<String> = []
  /// Types that the file declares.
  private var declared: [String: ValueType] = [:]
  /// Values of enclosing graphs that this body uses, with the body's inputs that stand for them.
  private(set) var captures: [(outer: ValueID, inner: ValueID)] = []
  let depth: Int
  /// What is put before names: the call path of an inlined function.
  private(set) var prefix = ""
  /// Inside a function: the names that its results get in the graph.
  private var resultNames: [String: String] = [:]
  /// Inside a function: parameters that the call leaves out.
  private var absent: Set<String> = []

  /// True in a branch, which need not run.
  let isConditional: Bool

  init(_ model: OnnxModelContext, name: String, parent: OnnxScope? = nil, isConditional: Bool = false) {
    self.isConditional = isConditional || (parent?.isConditional ?? false)
    self.model = model
    self.parent = parent
    depth = (parent?.depth ?? 0) + 1
    editor = GraphEditor(name: name)
  }

  var graph: Graph { editor.graph }

  // MARK: Names

  func reserve(_ names: some Sequence<String>) { reserved.formUnion(names) }

  func declare(_ name: String, _ type: ValueType) { declared[name] = type }

  func declaredType(_ name: String) -> ValueType? { declared[name] }

  func bind(_ name: String, _ id: ValueID) { values[name] = id }

  func isBound(_ name: String) -> Bool { values[name] != nil }

  /// The value of a name in this graph or an enclosing one, which becomes an input of this body.
  func lookup(_ name: String) -> ValueID? {
    if let v = values[name] { return v }
    guard let parent, let outer = parent.lookup(name), let value = parent.graph[outer] else { return nil }
    let inner: ValueID
    if let t = value.constant {
      inner = editor.addConstant(freeName(name), t)
    } else {
      inner = editor.addInput(freeName(name), value.type)
      captures.append((outer, inner))
    }
    values[name] = inner
    return inner
  }

  func freeName(_ wanted: String) -> String {
    guard reserved.contains(wanted) else { return editor.freeName(wanted) }
    var k = 1
    while reserved.contains("\(wanted)/\(k)") { k += 1 }
    return editor.freeName("\(wanted)/\(k)")
  }

  // MARK: Functions

  /// What a function hides while it is inlined.
  struct Frame {
    fileprivate var values: [String: ValueID]
    fileprivate var declared: [String: ValueType]
    fileprivate var prefix: String
    fileprivate var resultNames: [String: String]
    fileprivate var absent: Set<String>
  }

  /// Starts a function's own name space.
  ///
  /// - Parameter results: the names that its results have at the call.
  func enterFunction(_ call: String, results: [String: String]) -> Frame {
    let frame = Frame(
      values: values, declared: declared, prefix: prefix, resultNames: resultNames, absent: absent)
    let names = results.mapValues { finalName($0) }
    prefix += call + "/"
    resultNames = names
    values = [:]
    declared = [:]
    absent = []
    return frame
  }

  func leaveFunction(_ frame: Frame) {
    values = frame.values
    declared = frame.declared
    prefix = frame.prefix
    resultNames = frame.resultNames
    absent = frame.absent
  }

  func bindAbsent(_ name: String) { absent.insert(name) }

  func isAbsent(_ name: String) -> Bool { absent.contains(name) }

  /// The graph-wide name of a result.
  private func finalName(_ local: String) -> String {
    if local.isEmpty { return "" }
    return resultNames[local] ?? (prefix.isEmpty ? local : freeName(prefix + local))
  }

  // MARK: Types

  func type(_ id: ValueID?) -> ValueType { id.flatMap { editor.graph[$0]?.type } ?? .unknown }

  func dtype(_ id: ValueID?) -> DType? { type(id).dtype }

  func rank(_ id: ValueID?) -> Int? { type(id).shape?.count }

  func constant(_ id: ValueID?) -> Tensor? { id.flatMap { editor.graph[$0]?.constant } }

  // MARK: Nodes

  /// Inserts an operator whose results are those of the call.
  func apply(_ op: any Operator, _ inputs: [ValueID?], _ call: OnnxCall) throws(Diagnostic) {
    try bindResults(call, insert(op, inputs, name: call.name, outputs: call.node.outputs, call))
  }

  /// Binds the call's result names to values.
  func bindResults(_ call: OnnxCall, _ results: [ValueID?]) throws(Diagnostic) {
    for (i, name) in call.node.outputs.enumerated() where !name.isEmpty {
      guard i < results.count, let v = results[i] else {
        throw call.error("onnx.output-count", "there is no output \(i)")
      }
      values[name] = v
    }
  }

  /// Makes values that already exist the results of the call, under the names that the file gives them.
  func finish(_ call: OnnxCall, _ results: [ValueID?]) throws(Diagnostic) {
    try bindResults(call, results)
    for (name, v) in zip(call.node.outputs, results) where !name.isEmpty {
      if let v, editor.graph[v]?.producer != nil { editor.rename(v, to: finalName(name)) }
    }
  }

  /// Makes a constant the result of the call.
  func bindConstant(_ t: Tensor, _ call: OnnxCall) throws(Diagnostic) {
    guard let name = call.node.outputs.first, !name.isEmpty else { return }
    values[name] = editor.addConstant(finalName(name), t)
  }

  /// Inserts an operator inside the call and gives its first result.
  func add(_ op: any Operator, _ inputs: [ValueID?], _ suffix: String, _ call: OnnxCall) throws(Diagnostic) -> ValueID {
    try addAll(op, inputs, [suffix], call)[0]
  }

  /// Inserts an operator inside the call and gives its results, one for each suffix.
  func addAll(
    _ op: any Operator, _ inputs: [ValueID?], _ suffixes: [String], _ call: OnnxCall
  ) throws(Diagnostic) -> [ValueID] {
    let names = suffixes.map { freeName("\(prefix)\(call.name)/\($0)") }
    let made = try insert(op, inputs, name: names[0], outputs: names, call).compactMap { $0 }
    guard made.count >= suffixes.count else { throw call.error("onnx.output-count", "a result is missing") }
    return made
  }

  private func insert(
    _ op: any Operator, _ inputs: [ValueID?], name: String, outputs: [String], _ call: OnnxCall
  ) throws(Diagnostic) -> [ValueID?] {
    let isTemporary = outputs.first.map { !call.node.outputs.contains($0) } ?? false
    let wanted = isTemporary ? outputs : outputs.map { finalName($0) }
    let nodeName = isTemporary ? name : prefix + name
    // Nothing can be inferred from a value of which nothing is known; the file may declare the result.
    if op is ForeignOperator || inputs.contains(where: { $0 != nil && type($0) == .unknown }) {
      let types = outputs.map { declared[$0] ?? .unknown }
      return editor.insertUnchecked(op, inputs, types: types, name: nodeName, outputNames: wanted, origin: call.origin)
    }
    let made: [ValueID?]
    do throws(Diagnostic) {
      made = try editor.insert(op, inputs, name: nodeName, outputNames: wanted, origin: call.origin)
    } catch {
      // A branch may hold what cannot work for the present shapes, because it is not the one that runs.
      guard isConditional else { throw error }
      return editor.insertUnchecked(
        op, inputs, types: outputs.map { declared[$0] ?? .unknown }, name: nodeName, outputNames: wanted,
        origin: call.origin)
    }
    for (i, v) in made.enumerated() where i < outputs.count {
      if let v, let d = declared[outputs[i]] { refine(v, with: d) }
    }
    return made
  }

  /// Takes over what the file declares where inference knows less.
  func refine(_ id: ValueID, with declared: ValueType) {
    switch (type(id), declared) {
    case (.unknown, _): editor.setType(id, declared)
    // A loop may carry an optional value in and its element out.
    case (.optional(.sequence), .sequence), (.optional(.tensor), .tensor): editor.setType(id, declared)
    case (.tensor(let t, .none), .tensor(let u, .some)) where t == u: editor.setType(id, declared)
    case (.tensor(let t, .some(let have)), .tensor(let u, .some(let said))) where t == u && have.count == said.count:
      // What the file says of sizes holds only for the inputs that it declares.
      let merged = zip(have, said).map { h, s in
        if h.value == nil, s.value != nil { return model.notes.isReshaped ? h : s }
        return h.isAnonymous && !s.isAnonymous ? s : h
      }
      if merged != have { editor.setType(id, .tensor(t, merged)) }
    // A loop may begin with nothing and end with a sequence.
    case (.optional, .sequence), (.optional, .tensor): editor.setType(id, declared)
    default: break
    }
  }

  // MARK: Constants

  func constant(_ t: Tensor, _ suffix: String, _ call: OnnxCall) -> ValueID {
    editor.addConstant(freeName("\(prefix)\(call.name)/\(suffix)"), t)
  }

  /// A 1-d int64 constant.
  func ints(_ v: [Int], _ suffix: String, _ call: OnnxCall) throws(Diagnostic) -> ValueID {
    constant(try Tensor(v.map { Int64($0) }), suffix, call)
  }

  /// A 0-d constant in the element type of `like`.
  func scalar(_ v: Double, like: ValueID?, _ suffix: String, _ call: OnnxCall) throws(Diagnostic) -> ValueID {
    constant(try Tensor.splat(v, dtype(like) ?? .float32), suffix, call)
  }

  /// The integers of a constant operand.
  func knownInts(_ id: ValueID?) -> [Int]? {
    guard let t = constant(id), t.dtype.isInteger, t.count <= 1 << 16, let v = try? t.ints() else { return nil }
    return v.map { Int($0) }
  }
}
