import Diagnostics
import ModelGraph
import TensorCore

extension NonZero: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let isSet: [Bool]
    if x.dtype == .string {
      isSet = try x.strings().map { !$0.bytes.isEmpty }
    } else if x.dtype.isInteger || x.dtype == .bool {
      isSet = try x.ints().map { $0 != 0 }
    } else {
      isSet = try x.doubles().map { $0 != 0 }
    }
    let shape = x.shape
    var columns: [[Int64]] = Array(repeating: [], count: shape.count)
    var place = [Int](repeating: 0, count: shape.count)
    var count = 0
    for (i, s) in isSet.enumerated() where s {
      PatchGather.unravel(i, shape, into: &place)
      for a in shape.indices { columns[a].append(Int64(place[a])) }
      count += 1
    }
    return [.tensor(try Tensor(columns.flatMap { $0 }, shape: [shape.count, count]))]
  }
}

extension Unique: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    var a = 0
    var base = x
    if let axis {
      guard let found = try? ShapeRule.axis(axis, rank: x.rank) else {
        throw context.error("run.shape", "axis \(axis) is outside \(x.shape)")
      }
      a = found
    } else {
      base = try x.reshaped([x.count])
    }
    let extent = base.shape[a]
    let rows = try UniqueRows(base, axis: a)
    var order = Array(0..<extent)
    order.sort { rows.compare($0, $1) < 0 || (rows.compare($0, $1) == 0 && $0 < $1) }
    var groups: [[Int]] = []
    for i in order {
      if let last = groups.last?.first, rows.compare(last, i) == 0 {
        groups[groups.count - 1].append(i)
      } else {
        groups.append([i])
      }
    }
    if !isSorted { groups.sort { ($0.min() ?? 0) < ($1.min() ?? 0) } }
    var inverse = [Int64](repeating: 0, count: extent)
    for (g, members) in groups.enumerated() { for i in members { inverse[i] = Int64(g) } }
    let first = groups.map { Int64($0.min() ?? 0) }
    let values = try Evaluator.evaluate(Gather(axis: a), [.tensor(base), .tensor(try Tensor(first))], context)
    guard let picked = values.first else { throw context.error("run.result-missing", "nothing was picked") }
    return [
      picked, .tensor(try Tensor(first)), .tensor(try Tensor(inverse)),
      .tensor(try Tensor(groups.map { Int64($0.count) })),
    ]
  }
}

/// Slices along an axis that can be compared.
private struct UniqueRows {
  private let keys: [[Key]]

  private enum Key: Comparable {
    case int(Int64)
    case number(Double)
    case text([UInt8])
    static func < (a: Key, b: Key) -> Bool {
      switch (a, b) {
      case (.int(let x), .int(let y)): x < y
      // NaN comes last, as NumPy sorts.
      case (.number(let x), .number(let y)): x < y || (!x.isNaN && y.isNaN)
      case (.text(let x), .text(let y)): x.lexicographicallyPrecedes(y)
      default: false
      }
    }
    static func == (a: Key, b: Key) -> Bool { !(a < b) && !(b < a) }
  }

  init(_ t: Tensor, axis: Int) throws(Diagnostic) {
    let all: [Key] =
      if t.dtype == .string {
        try t.strings().map { .text($0.bytes) }
      } else if t.dtype.isInteger || t.dtype == .bool {
        try t.ints().map { .int($0) }
      } else {
        try t.doubles().map { .number($0) }
      }
    let extent = t.shape[axis]
    let inner = t.shape[(axis + 1)...].reduce(1, *)
    let outer = t.shape[..<axis].reduce(1, *)
    var keys: [[Key]] = []
    for i in 0..<extent {
      var key: [Key] = []
      for o in 0..<outer {
        let start = (o * extent + i) * inner
        key.append(contentsOf: all[start..<start + inner])
      }
      keys.append(key)
    }
    self.keys = keys
  }

  func compare(_ i: Int, _ j: Int) -> Int {
    for (a, b) in zip(keys[i], keys[j]) {
      if a < b { return -1 }
      if b < a { return 1 }
    }
    return 0
  }
}

extension OneHot: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let depthTensor = try context.tensor(inputs, 1)
    let values = try context.tensor(inputs, 2)
    guard let d = try depthTensor.doubles().first, let depth = Int(exactly: d.rounded(.towardZero)), depth >= 0,
      depthTensor.count == 1, values.count == 2, let a = try? ShapeRule.axis(axis, rank: x.rank + 1)
    else { throw context.error("run.shape", "the depth or the values do not fit") }
    var shape = x.shape
    shape.insert(depth, at: a)
    guard try Checked.bytes(.int64, shape, layer: context.name) <= context.limits.memory else {
      throw context.error("run.memory-limit", "a result of shape \(shape) is larger than the memory limit")
    }
    let indices = try x.doubles()
    let inner = x.shape[a...].reduce(1, *)
    var picks = [Int64](repeating: 0, count: shape.reduce(1, *))
    for (i, v) in indices.enumerated() {
      guard let k = Int(exactly: v.rounded(.towardZero)) else { continue }
      let place = k < 0 ? k &+ depth : k
      if place >= 0, place < depth { picks[(i / inner * depth + place) * inner + i % inner] = 1 }
    }
    return try Evaluator.evaluate(
      Gather(axis: 0), [.tensor(try values.reshaped([2])), .tensor(try Tensor(picks, shape: shape))], context)
  }
}

extension NumberRange: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    var operands: [Tensor] = []
    for i in 0..<3 { operands.append(try context.tensor(inputs, i)) }
    let known = TypeInputs(
      operands.map { TypeInputs.Operand(type: .tensor($0.dtype, sizes: $0.shape), constant: $0) })
    guard let count = (try? inferTypes(known))?.first?.sizes?.first, operands.allSatisfy({ $0.count == 1 }) else {
      throw context.error("run.range", "start, limit and step make no range")
    }
    guard count <= context.limits.memory / 8 else {
      throw context.error("run.memory-limit", "a range of \(count) numbers is larger than the memory limit")
    }
    let type = operands[0].dtype
    if type.isInteger {
      guard let s = try operands[0].ints().first, let d = try operands[2].ints().first else { return [] }
      let list = try Tensor((0..<count).map { s &+ Int64($0) &* d })
      return try Evaluator.evaluate(Cast(to: type), [.tensor(list)], context)
    }
    guard let s = try operands[0].doubles().first, let d = try operands[2].doubles().first else { return [] }
    let list = try Tensor((0..<count).map { s + Double($0) * d })
    return try Evaluator.evaluate(Cast(to: type), [.tensor(list)], context)
  }
}
