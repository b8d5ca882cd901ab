import Diagnostics
import ModelGraph
import TensorCore

extension EvaluationContext {
  /// Elements and element type of a sequence operand.
  func sequence(_ inputs: [RuntimeValue?], _ i: Int) throws(Diagnostic) -> (list: ValueList, element: ValueType) {
    switch try operand(inputs, i) {
    case .sequence(let list, let element): return (list, element)
    case .optional(.sequence(let list, let element)?, _): return (list, element)
    case let v: throw error("run.not-a-sequence", "operand \(i) is \(v.type), not a sequence")
    }
  }

  /// A place in a sequence of `count` elements; negative counts from the end.
  func place(_ t: Tensor, count: Int, inclusive: Bool = false) throws(Diagnostic) -> Int {
    guard t.count == 1, let given = try t.ints().first else { throw error("run.index", "a place is not one number") }
    let i = given < 0 ? given + Int64(count) : given
    guard i >= 0, i < Int64(count) + (inclusive ? 1 : 0) else {
      throw error("run.index", "place \(given) is outside a sequence of \(count)")
    }
    return Int(i)
  }
}

extension SequenceConstruct: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    var list: [RuntimeValue] = []
    var element = ValueType.unknown
    for i in inputs.indices {
      let v = try context.operand(inputs, i)
      element = BodyRule.common(element, v.type)
      list.append(v)
    }
    return [.sequence(ValueList(list), element: element)]
  }
}

extension SequenceEmpty: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    [.sequence([], element: .tensor(dtype, nil))]
  }
}

extension SequenceAt: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let s = try context.sequence(inputs, 0)
    return [s.list[try context.place(try context.tensor(inputs, 1), count: s.list.count)]]
  }
}

extension SequenceInsert: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    var s = try context.sequence(inputs, 0)
    let new = try context.operand(inputs, 1)
    let at =
      if let t = try context.optionalTensor(inputs, 2) {
        try context.place(t, count: s.list.count, inclusive: true)
      } else {
        s.list.count
      }
    s.list.insert(new, at: at)
    return [.sequence(s.list, element: BodyRule.common(s.element, new.type))]
  }
}

extension SequenceErase: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    var s = try context.sequence(inputs, 0)
    guard !s.list.isEmpty else { throw context.error("run.index", "the sequence is empty") }
    let at =
      if let t = try context.optionalTensor(inputs, 1) {
        try context.place(t, count: s.list.count)
      } else {
        s.list.count - 1
      }
    s.list.remove(at: at)
    return [.sequence(s.list, element: s.element)]
  }
}

extension SequenceLength: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    [.tensor(try Tensor(scalar: Int64(try context.sequence(inputs, 0).list.count)))]
  }
}

extension SequenceConcat: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let s = try context.sequence(inputs, 0)
    var parts: [RuntimeValue?] = []
    for v in s.list {
      let t = try v.requireTensor("an element of the sequence")
      guard addsAxis else {
        parts.append(v)
        continue
      }
      guard let a = try? ShapeRule.axis(axis, rank: t.rank + 1) else {
        throw context.error("run.shape", "axis \(axis) is outside a rank of \(t.rank + 1)")
      }
      var shape = t.shape
      shape.insert(1, at: a)
      parts.append(.tensor(try t.reshaped(shape)))
    }
    guard !parts.isEmpty else { throw context.error("run.index", "the sequence is empty: there is nothing to join") }
    return try Evaluator.evaluate(Concat(axis: axis), parts, context)
  }
}

extension SplitToSequence: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    guard let a = try? ShapeRule.axis(axis, rank: x.rank) else {
      throw context.error("run.shape", "axis \(axis) is outside \(x.shape)")
    }
    let extent = x.shape[a]
    var sizes: [Int] = []
    let given = try context.optionalTensor(inputs, 1)
    if let given {
      let numbers = try given.ints()
      guard numbers.allSatisfy({ $0 >= 0 && $0 <= Int64(extent) }) else {
        throw context.error("run.shape", "a part's size is outside an axis of \(extent)")
      }
      if given.rank == 0 {
        guard let size = numbers.first.map({ Int($0) }), size > 0 else {
          throw context.error("run.shape", "parts have no size")
        }
        var rest = extent
        while rest > 0 {
          sizes.append(min(size, rest))
          rest -= size
        }
      } else {
        sizes = numbers.map { Int($0) }
      }
    } else {
      sizes = Array(repeating: 1, count: extent)
    }
    guard sizes.reduce(0, +) == extent else {
      throw context.error("run.shape", "the parts do not make up axis \(axis)")
    }
    var list: [RuntimeValue] = []
    var start = 0
    for size in sizes {
      var part = try x.sliced(axis: a, start: start, length: size).contiguous()
      if given == nil, !keepsDimensions {
        var shape = part.shape
        shape.remove(at: a)
        part = try part.reshaped(shape)
      }
      list.append(.tensor(part))
      start += size
    }
    let element = list.reduce(ValueType.unknown) { BodyRule.common($0, $1.type) }
    return [.sequence(ValueList(list), element: list.isEmpty ? .tensor(x.dtype, nil) : element)]
  }
}

extension OptionalConstruct: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    if let v = inputs.first.flatMap({ $0 }) { return [.optional(v, element: v.type)] }
    return [.optional(nil, element: elementType ?? .unknown)]
  }
}

extension OptionalGet: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard case .optional(let held, _) = try context.operand(inputs, 0) else { return [try context.operand(inputs, 0)] }
    guard let held else { throw context.error("run.empty-optional", "the optional holds nothing") }
    return [held]
  }
}

extension OptionalHas: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    var has = false
    if let v = inputs.first.flatMap({ $0 }) {
      if case .optional(let held, _) = v { has = held != nil } else { has = true }
    }
    return [.tensor(try Tensor(scalar: has))]
  }
}
