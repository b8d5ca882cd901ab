import Diagnostics
import ModelGraph
import TensorCore

extension EvaluationContext {
  /// Runs body `index` of the node on values in the order of its inputs; gives its outputs in order.
  func run(_ index: Int, _ body: Graph, _ values: [RuntimeValue?]) throws(Diagnostic) -> [RuntimeValue] {
    guard state.depth < limits.depth else {
      throw error("run.depth-limit", "bodies are nested more than \(limits.depth) deep")
    }
    guard values.count == body.inputs.count else {
      throw error("run.body", "\(values.count) values are given to a body of \(body.inputs.count) inputs")
    }
    let session = try bodySessions.session(index, body, options: options)
    state.depth += 1
    defer { state.depth -= 1 }
    let results: [RuntimeValue?]
    do throws(Diagnostic) { results = try session.run(values, state: state) } catch {
      // What grows is found in some layer of the body; the loop around it is to be named as well.
      guard error.code == "run.memory-limit", state.depth == 1 else { throw error }
      throw .error(error.code, "layer '\(name)': in its body, \(error.message)", help: error.help)
    }
    try state.reserve(0, name)
    var out: [RuntimeValue] = []
    for v in results {
      guard let v else { throw error("run.body", "a body has no value for one of its outputs") }
      out.append(v)
    }
    return out
  }

  /// The one boolean of a tensor.
  func flag(_ v: RuntimeValue?, _ what: String) throws(Diagnostic) -> Bool {
    guard let t = v?.tensor, t.count == 1, let x = try t.ints().first else {
      throw error("run.not-a-flag", "\(what) is not one boolean")
    }
    return x != 0
  }

  func operand(_ inputs: [RuntimeValue?], _ i: Int) throws(Diagnostic) -> RuntimeValue {
    guard i < inputs.count, let v = inputs[i] else { throw error("run.operand-missing", "operand \(i) is missing") }
    return v
  }

  func tensor(_ inputs: [RuntimeValue?], _ i: Int) throws(Diagnostic) -> Tensor {
    try operand(inputs, i).requireTensor("operand \(i) of layer '\(name)'")
  }

  func optionalTensor(_ inputs: [RuntimeValue?], _ i: Int) throws(Diagnostic) -> Tensor? {
    guard i < inputs.count, inputs[i] != nil else { return nil }
    return try tensor(inputs, i)
  }
}

extension If: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let split = 1 + thenBody.inputs.count
    guard inputs.count == split + elseBody.inputs.count else {
      throw context.error("run.body", "\(inputs.count) operands do not fit the branches")
    }
    return try context.flag(inputs[0], "the condition")
      ? try context.run(0, thenBody, Array(inputs[1..<split])) : try context.run(1, elseBody, Array(inputs[split...]))
  }
}

extension Loop: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard carried >= 0, inputs.count == body.inputs.count, inputs.count >= 2 + carried,
      body.outputs.count >= 1 + carried
    else { throw context.error("run.body", "\(inputs.count) operands do not fit the body") }
    let limit = try context.optionalTensor(inputs, 0).flatMap { (t) throws(Diagnostic) in try t.ints().first }
    var goes = inputs[1] == nil ? true : try context.flag(inputs[1], "the condition")
    var values = Array(inputs[2..<2 + carried])
    let captures = Array(inputs[(2 + carried)...])
    var stacks: [[Tensor]] = Array(repeating: [], count: body.outputs.count - 1 - carried)
    var i: Int64 = 0
    // The iteration number has the shape that the body declares.
    let shape = body.inputs.first.flatMap { body[$0]?.type.sizes } ?? []
    let condition = body.inputs.dropFirst().first.flatMap { body[$0]?.type.sizes } ?? []
    while goes, i < limit ?? Int64.max {
      try context.state.step()
      let number = try Tensor([i], shape: shape.reduce(1, *) == 1 ? shape : [])
      let flag = try Tensor([goes], shape: condition.reduce(1, *) == 1 ? condition : [])
      let out = try context.run(0, body, [.tensor(number), .tensor(flag)] + values + captures)
      goes = try context.flag(out.first, "the body's condition")
      values = Array(out[1..<1 + carried])
      for (k, v) in out[(1 + carried)...].enumerated() {
        stacks[k].append(try v.requireTensor("a stacked result of layer '\(context.name)'"))
      }
      i += 1
    }
    var results: [RuntimeValue] = []
    for v in values {
      guard let v else { throw context.error("run.operand-missing", "a carried value is missing") }
      results.append(v)
    }
    for (k, s) in stacks.enumerated() {
      results.append(.tensor(try context.stack(s, body[body.outputs[1 + carried + k]]?.type)))
    }
    return results
  }
}

extension Scan: EvaluatedKernel {
  package func evaluate(_ operands: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue]
  {
    guard states >= 0, operands.count == body.inputs.count, operands.count >= states + inputs.count,
      body.outputs.count == states + outputs.count
    else { throw context.error("run.body", "\(operands.count) operands do not fit the body") }
    var values = Array(operands[..<states])
    let captures = Array(operands[(states + inputs.count)...])
    var scanned: [(tensor: Tensor, axis: Int, isReverse: Bool)] = []
    for (k, walk) in inputs.enumerated() {
      let t = try context.tensor(operands, states + k)
      guard let a = try? ShapeRule.axis(walk.axis, rank: t.rank) else {
        throw context.error("run.shape", "axis \(walk.axis) is outside \(t.shape)")
      }
      scanned.append((t, a, walk.isReverse))
    }
    let length = scanned.first.map { $0.tensor.shape[$0.axis] } ?? 0
    guard scanned.allSatisfy({ $0.tensor.shape[$0.axis] == length }) else {
      throw context.error("run.shape", "the scanned inputs differ in length")
    }
    var stacks: [[Tensor]] = Array(repeating: [], count: outputs.count)
    for i in 0..<length {
      try context.state.step()
      var slices: [RuntimeValue?] = []
      for s in scanned {
        let part = try s.tensor.sliced(axis: s.axis, start: s.isReverse ? length - 1 - i : i, length: 1)
        var shape = part.shape
        shape.remove(at: s.axis)
        slices.append(.tensor(try part.reshaped(shape)))
      }
      let out = try context.run(0, body, values + slices + captures)
      values = Array(out[..<states])
      for (k, v) in out[states...].enumerated() {
        stacks[k].append(try v.requireTensor("a scanned result of layer '\(context.name)'"))
      }
    }
    var results: [RuntimeValue] = []
    for v in values {
      guard let v else { throw context.error("run.operand-missing", "a state is missing") }
      results.append(v)
    }
    for (k, walk) in outputs.enumerated() {
      let list = walk.isReverse ? stacks[k].reversed() : stacks[k]
      let stacked = try context.stack(list, body[body.outputs[states + k]]?.type)
      guard let a = try? ShapeRule.axis(walk.axis, rank: stacked.rank) else {
        throw context.error("run.shape", "axis \(walk.axis) is outside \(stacked.shape)")
      }
      var order = Array(1..<max(stacked.rank, 1))
      order.insert(0, at: a)
      results.append(.tensor(try stacked.permuted(order).contiguous()))
    }
    return results
  }
}

extension SequenceMap: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard case .sequence(let first, _) = try context.operand(inputs, 0) else {
      throw context.error("run.not-a-sequence", "operand 0 is not a sequence")
    }
    var lists: [[RuntimeValue]] = Array(repeating: [], count: body.outputs.count)
    for i in first.indices {
      try context.state.step()
      var values: [RuntimeValue?] = []
      for (k, v) in inputs.enumerated() {
        if k < operands, case .sequence(let s, _) = v {
          guard i < s.count else { throw context.error("run.index", "sequences differ in length") }
          values.append(s[i])
        } else {
          values.append(v)
        }
      }
      for (k, v) in try context.run(0, body, values).enumerated() { lists[k].append(v) }
    }
    return lists.enumerated().map { k, list in
      .sequence(ValueList(list), element: body[body.outputs[k]]?.type ?? .unknown)
    }
  }
}

extension EvaluationContext {
  /// Stacks the results of a body's runs, where the whole fits into the run's memory.
  func stack(_ list: [Tensor], _ element: ValueType?) throws(Diagnostic) -> Tensor {
    var bytes = 0
    for t in list { bytes += t.byteCount }
    try state.reserve(bytes, name)
    return try Stacking.stack(list, element)
  }
}

/// Tensors of one shape on a new first axis.
enum Stacking {
  /// - Parameter element: the type of one, for an empty stack.
  static func stack(_ list: [Tensor], _ element: ValueType?) throws(Diagnostic) -> Tensor {
    guard let first = list.first else {
      let shape = [0] + (element?.shape ?? []).map { $0.value ?? 0 }
      if element?.dtype == .string { return try Tensor(strings: [], shape: shape) }
      return try Tensor.make(dtype: element?.dtype ?? .float32, shape: shape) { (_) throws(Diagnostic) in }
    }
    guard list.allSatisfy({ $0.shape == first.shape && $0.dtype == first.dtype }) else {
      throw .error("run.shape", "results of different iterations differ in shape and cannot be stacked")
    }
    let shape = [list.count] + first.shape
    if first.dtype == .string {
      var all: [ByteString] = []
      for t in list { all += try t.strings() }
      return try Tensor(strings: all, shape: shape)
    }
    guard !first.dtype.isSubByte else {
      var codes: [UInt8] = []
      for t in list { codes += try t.unpackedCodes() }
      return try Tensor(codes: codes, dtype: first.dtype, shape: shape)
    }
    return try Tensor.make(dtype: first.dtype, shape: shape) { (out) throws(Diagnostic) in
      var at = 0
      for t in list {
        try t.withBytes { (b) throws(Diagnostic) in
          // SAFETY: every part has the same size, and `out` holds all of them.
          if let from = b.baseAddress, let base = out.baseAddress, at + b.count <= out.count {
            (base + at).copyMemory(from: from, byteCount: b.count)
          }
        }
        at += t.byteCount
      }
    }
  }
}
