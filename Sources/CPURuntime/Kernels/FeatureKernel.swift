import Diagnostics
import ModelGraph
import TensorCore

extension Imputer: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let n = x.shape.last ?? 1
    let count = substitutes.tensor.count
    guard count == 1 || count == n else {
      throw context.error("run.shape", "\(count) substitutes for \(n) features")
    }
    if substitutes.tensor.dtype.isFloat {
      let (given, old) = (try substitutes.tensor.doubles(), try replaced.tensor.doubles().first ?? 0)
      let out = try x.doubles().enumerated().map { i, v -> Double in
        v == old || (v.isNaN && old.isNaN) ? given[count == 1 ? 0 : i % n] : v
      }
      return [.tensor(try QuantizedRange.cast(try Tensor(out, shape: x.shape), to: x.dtype, context))]
    }
    let (given, old) = (try substitutes.tensor.ints(), try replaced.tensor.ints().first ?? 0)
    let out = try x.ints().enumerated().map { i, v in v == old ? given[count == 1 ? 0 : i % n] : v }
    return [.tensor(try QuantizedRange.cast(try Tensor(out, shape: x.shape), to: x.dtype, context))]
  }
}

extension CategoryIndicator: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let n = categories.tensor.count
    let places: [Int?]
    if categories.tensor.dtype == .string {
      let table = Self.table(try categories.tensor.strings())
      places = try x.strings().map { table[$0] }
    } else {
      // Categories are whole numbers, and so floats are cut off.
      let table = Self.table(try categories.tensor.ints())
      places =
        x.dtype.isFloat
        ? try x.doubles().map { table[NumberLoop.integer($0)] } : try x.ints().map { table[$0] }
    }
    guard try Checked.bytes(.float32, [places.count, n], layer: context.name) <= context.limits.memory else {
      throw context.error("run.memory-limit", "\(places.count) elements of \(n) categories are too large")
    }
    var out = [Float](repeating: 0, count: places.count * n)
    for (i, p) in places.enumerated() {
      if let p {
        out[i * n + p] = 1
      } else if !allowsUnknown {
        throw context.error("run.index", "element \(i) is none of its \(n) categories")
      }
    }
    return [.tensor(try Tensor(out, shape: x.shape + [n]))]
  }

  private static func table<K: Hashable>(_ keys: [K]) -> [K: Int] {
    Dictionary(keys.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
  }
}

extension FeatureConcat: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    var parts: [FeatureRows] = []
    for i in inputs.indices { parts.append(try FeatureRows(try context.tensor(inputs, i), context)) }
    let rows = parts.first?.count ?? 0
    guard widths.count == parts.count, parts.allSatisfy({ $0.count == rows }) else {
      throw context.error("run.shape", "its operands differ in rows")
    }
    let total = widths.reduce(0, +)
    guard try Checked.bytes(.float32, [rows, total], layer: context.name) <= context.limits.memory else {
      throw context.error("run.memory-limit", "rows of \(total) features are too large")
    }
    var out: [Float] = []
    for r in 0..<rows {
      for (part, width) in zip(parts, widths) {
        let row = part[r].prefix(width)
        out += row.map { Float($0) }
        out += [Float](repeating: 0, count: width - row.count)
      }
    }
    return [.tensor(try Tensor(out, shape: [rows, total]))]
  }
}

extension EvaluationContext {
  func map(_ inputs: [RuntimeValue?], _ i: Int) throws(Diagnostic) -> [RuntimeValue.MapEntry] {
    let v = try operand(inputs, i)
    guard case .map(let entries, _, _) = v else {
      throw error("run.not-a-map", "operand \(i) is \(v.type), not a map")
    }
    return entries
  }
}

extension MapVectorizer: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let entries = try context.map(inputs, 0)
    guard case .map(_, _, let type) = try context.operand(inputs, 0), let dtype = type.dtype else {
      throw context.error("run.not-a-map", "operand 0 is no map of numbers or strings")
    }
    var table: [RuntimeValue.MapEntry.Key: Tensor] = [:]
    for e in entries { table[e.key] = try e.value.requireTensor("a map's value") }
    let keys: [RuntimeValue.MapEntry.Key] =
      vocabulary.tensor.dtype == .string
      ? try vocabulary.tensor.strings().map { .string($0) } : try vocabulary.tensor.ints().map { .int($0) }
    let shape = [1, keys.count]
    if dtype == .string {
      var out: [ByteString] = []
      for k in keys { out.append(try table[k]?.strings().first ?? ByteString("")) }
      return [.tensor(try Tensor(strings: out, shape: shape))]
    }
    if dtype.isInteger {
      var out: [Int64] = []
      for k in keys { out.append(try table[k]?.ints().first ?? 0) }
      return [.tensor(try QuantizedRange.cast(try Tensor(out, shape: shape), to: dtype, context))]
    }
    var out: [Double] = []
    for k in keys { out.append(try table[k]?.doubles().first ?? 0) }
    return [.tensor(try QuantizedRange.cast(try Tensor(out, shape: shape), to: dtype, context))]
  }
}

extension MapToRow: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    var places: [(key: Int64, value: Tensor)] = []
    for e in try context.map(inputs, 0) {
      guard case .int(let key) = e.key else { throw context.error("run.not-a-map", "a key is no integer") }
      places.append((key, try e.value.requireTensor("a map's value")))
    }
    places.sort { $0.key < $1.key }
    if let width {
      guard places.allSatisfy({ $0.key >= 0 && $0.key < Int64(width) }) else {
        throw context.error("run.index", "a key is outside a row of \(width)")
      }
    }
    let count = width ?? places.count
    var texts = [ByteString](repeating: ByteString(dtype == .string ? "" : "0"), count: count)
    for (i, p) in places.enumerated() {
      let cast = try Evaluator.evaluate(Cast(to: .string), [.tensor(p.value)], context)
      texts[width == nil ? i : Int(p.key)] = try cast.first?.tensor?.strings().first ?? ByteString("")
    }
    let row = try Tensor(strings: texts, shape: [1, count])
    return dtype == .string ? [.tensor(row)] : try Evaluator.evaluate(Cast(to: dtype), [.tensor(row)], context)
  }
}

extension RowsToMaps: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let rows = try FeatureRows(x, context)
    let n = labels.tensor.count
    guard rows.width == n || rows.count == 0 else {
      throw context.error("run.shape", "rows of \(rows.width) scores for \(n) labels")
    }
    let keys: [RuntimeValue.MapEntry.Key] =
      labels.tensor.dtype == .string
      ? try labels.tensor.strings().map { .string($0) } : try labels.tensor.ints().map { .int($0) }
    let value = ValueType.tensor(x.dtype, [])
    let type = ValueType.map(key: labels.tensor.dtype, value: value)
    var list: [RuntimeValue] = []
    for r in 0..<rows.count {
      var entries: [RuntimeValue.MapEntry] = []
      for (k, v) in zip(keys, rows[r]) {
        let number = try QuantizedRange.cast(try Tensor([v], shape: []), to: x.dtype, context)
        entries.append(RuntimeValue.MapEntry(key: k, value: .tensor(number)))
      }
      list.append(.map(entries, key: labels.tensor.dtype, value: value))
    }
    return [.sequence(ValueList(list), element: type)]
  }
}
