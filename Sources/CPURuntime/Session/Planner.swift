import Diagnostics
import ModelGraph
import TensorCore

/// Makes plans: infers types for the given input shapes, folds what is constant, prepares kernels, lays out memory.
struct Planner {
  let graph: Graph
  let options: SessionOptions
  /// Values to copy out, by id.
  let wanted: Set<ValueID>
  /// The run whose memory the arena counts in, where that is a body's.
  var state: RunState?

  /// One node after preparation.
  struct Prepared {
    var node: PlanNode
    var kernel: PreparedKernel?
    var constantUse: [PlanContext.ConstantUse] = []
    var resultCount = 0
    /// Place in the scratch memory for a first result that nobody asked for.
    var discardOffset: Int?
  }

  var types: [ValueID: ValueType] = [:]
  var contents: [ValueID: [Dim]] = [:]
  var constants: [ValueID: Tensor] = [:]
  var prepared: [Prepared] = []

  init(graph: Graph, options: SessionOptions, wanted: Set<ValueID>) {
    self.graph = graph
    self.options = options
    self.wanted = wanted
  }

  /// Plans for inputs of these types (concrete tensors, or other values as they are).
  mutating func plan(inputTypes: [ValueID: ValueType]) throws(Diagnostic) -> Plan {
    types = inputTypes
    for v in graph.values {
      guard let c = v.constant else { continue }
      constants[v.id] = c
      types[v.id] = v.type
    }
    var nodes = PlanNode.live(in: graph, wanted: wanted)
    if options.exactness == .fast { nodes = Fusion.fuse(nodes, graph: graph, wanted: wanted) }
    for n in nodes { try prepare(n) }
    var memory = MemoryPlanner(self)
    return try memory.plan()
  }

  private mutating func prepare(_ node: PlanNode) throws(Diagnostic) {
    let known = typeInputs(node)
    let result: [ValueType]
    do throws(InferenceError) { result = try node.op.inferTypes(known) } catch {
      throw .error("run.shape", "layer '\(node.name)': \(error.message)", at: node.origin.location)
    }
    if try fold(node) { return }
    let inferred = node.op.inferContents(known)
    for (i, v) in node.outputs.enumerated() {
      guard let v else { continue }
      types[v] = i < result.count ? result[i] : .unknown
      if i < inferred.count, let c = inferred[i] { contents[v] = c }
    }
    prepared.append(try prepareKernel(node, known, result))
  }

  private func typeInputs(_ node: PlanNode) -> TypeInputs {
    TypeInputs(
      node.inputs.map { v in
        guard let v else { return nil }
        return TypeInputs.Operand(type: types[v] ?? .unknown, constant: constants[v], contents: contents[v])
      }, freshPrefix: node.layers.first.map { "\($0)" } ?? "p")
  }

  /// A kernel where all types are numeric; otherwise the node is evaluated at run time.
  private func prepareKernel(
    _ node: PlanNode, _ known: TypeInputs, _ result: [ValueType]
  ) throws(Diagnostic) -> Prepared {
    let evaluated = Prepared(node: node, kernel: nil)
    guard let op = node.op as? any PlannedKernel else { return evaluated }
    var operands: [PlanContext.Operand?] = []
    for (i, v) in node.inputs.enumerated() {
      guard let v else {
        operands.append(nil)
        continue
      }
      guard let o = concrete(known.operands[i]?.type ?? .unknown) else { return evaluated }
      operands.append(PlanContext.Operand(dtype: o.dtype, shape: o.shape, constant: constants[v]))
    }
    var results: [PlanContext.Operand?] = []
    for (i, t) in result.enumerated() {
      guard let r = concrete(t) else { return evaluated }
      try Checked.extents(r.shape, layer: node.name)
      results.append(i < node.outputs.count && node.outputs[i] != nil || i == 0 ? r : nil)
    }
    let context = PlanContext(
      name: node.name, operands: operands, results: results, known: known, options: options)
    do throws(Diagnostic) {
      var kernel = try Evaluator.prepare(op, context)
      var discard: Int?
      if node.outputs.first.flatMap({ $0 }) == nil, let r = results.first.flatMap({ $0 }) {
        discard = Checked.roundedUp(kernel.scratchBytes)
        kernel.scratchBytes =
          Checked.roundedUp(kernel.scratchBytes) + (try Checked.bytes(r.dtype, r.shape, layer: node.name))
      }
      return Prepared(
        node: node, kernel: kernel, constantUse: context.constantUse, resultCount: results.count, discardOffset: discard
      )
    } catch {
      if error.code == PlanContext.needsValueCode { return evaluated }
      var located = error
      located.location = node.origin.location
      throw located
    }
  }

  private func concrete(_ t: ValueType) -> PlanContext.Operand? {
    guard let d = t.dtype, d.byteWidth > 0, let s = t.sizes, s.allSatisfy({ $0 >= 0 }) else { return nil }
    return PlanContext.Operand(dtype: d, shape: s)
  }

  /// Evaluates a node whose operands are all known; its results become constants of the plan.
  private mutating func fold(_ node: PlanNode) throws(Diagnostic) -> Bool {
    guard !node.op.isNondeterministic, node.op.bodies.isEmpty else { return false }
    var operands: [RuntimeValue?] = []
    if let shapeOf = node.op as? ShapeOf, let v = node.inputs.first.flatMap({ $0 }), let s = types[v]?.sizes {
      guard let out = node.outputs.first.flatMap({ $0 }) else { return false }
      set(out, try Tensor(shapeOf.range(rank: s.count).map { Int64(s[$0]) }))
      return true
    }
    if node.op is ElementCount, let v = node.inputs.first.flatMap({ $0 }), let s = types[v]?.sizes {
      guard let out = node.outputs.first.flatMap({ $0 }) else { return false }
      guard let count = Tensor.count(of: s) else { return false }
      set(out, try Tensor(scalar: Int64(count)))
      return true
    }
    for v in node.inputs {
      guard let v else {
        operands.append(nil)
        continue
      }
      guard let t = constants[v] else { return false }
      operands.append(.tensor(t))
    }
    let known = typeInputs(node)
    let bytes = ((try? node.op.inferTypes(known)) ?? []).map { t -> Int in
      guard let d = t.dtype, let s = t.sizes else { return 0 }
      return (try? Checked.bytes(d, s)) ?? Int.max
    }
    guard bytes.allSatisfy({ $0 <= 1 << 28 }) else { return false }
    let results = try Evaluator.evaluate(node.op, operands, name: node.name, options: options)
    guard results.allSatisfy({ $0.tensor != nil }) else { return false }
    for (i, v) in node.outputs.enumerated() {
      if let v, i < results.count, let t = results[i].tensor { set(v, t) }
    }
    return true
  }

  private mutating func set(_ v: ValueID, _ t: Tensor) {
    constants[v] = t
    types[v] = .tensor(t.dtype, sizes: t.shape)
  }
}
