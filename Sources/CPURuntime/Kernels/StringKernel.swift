import Diagnostics
import ModelGraph
import TensorCore

extension StringConcat: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let (a, b) = (try context.tensor(inputs, 0), try context.tensor(inputs, 1))
    let known = TypeInputs([a, b].map { TypeInputs.Operand(type: .tensor(.string, sizes: $0.shape)) })
    guard let shape = (try? inferTypes(known))?.first?.sizes else {
      throw context.error("run.shape", "\(a.shape) and \(b.shape) do not broadcast")
    }
    let (x, y) = (try a.strings(), try b.strings())
    let (i, j) = (
      StridedIndex(shape, StridedCopy.broadcast(a.shape, to: shape)),
      StridedIndex(shape, StridedCopy.broadcast(b.shape, to: shape))
    )
    var bytes = 0
    for k in 0..<i.count { bytes += 64 + x[i[k]].bytes.count + y[j[k]].bytes.count }
    guard bytes <= context.limits.memory / 4 else {
      throw context.error("run.memory-limit", "strings of \(bytes) bytes are larger than the memory limit allows")
    }
    let out = (0..<i.count).map { ByteString(x[i[$0]].bytes + y[j[$0]].bytes) }
    return [.tensor(try Tensor(strings: out, shape: shape))]
  }
}

extension StringSplit: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let parts = try x.strings().map { split($0.bytes) }
    let longest = parts.map(\.count).max() ?? 0
    _ = try Checked.bytes(.int64, x.shape + [longest], layer: context.name)
    var out: [ByteString] = []
    for p in parts { out += p.map { ByteString($0) } + Array(repeating: ByteString([]), count: longest - p.count) }
    return [
      .tensor(try Tensor(strings: out, shape: x.shape + [longest])),
      .tensor(try Tensor(parts.map { Int64($0.count) }, shape: x.shape)),
    ]
  }

  private func split(_ text: [UInt8]) -> [[UInt8]] {
    let most = limit.map { $0 < 0 ? Int.max : $0 } ?? Int.max
    guard let d = delimiter.map({ Array($0.utf8) }), !d.isEmpty else { return splitAtSpaces(text, most) }
    var out: [[UInt8]] = []
    var part: [UInt8] = []
    var i = 0
    while i < text.count {
      if out.count < most, text[i...].starts(with: d) {
        out.append(part)
        part = []
        i += d.count
      } else {
        part.append(text[i])
        i += 1
      }
    }
    return out + [part]
  }

  /// Runs of white space separate; leading and trailing ones do not count.
  private func splitAtSpaces(_ text: [UInt8], _ most: Int) -> [[UInt8]] {
    func isSpace(_ c: UInt8) -> Bool { c == 32 || (c >= 9 && c <= 13) || (c >= 28 && c <= 31) }
    var out: [[UInt8]] = []
    var i = 0
    while true {
      while i < text.count, isSpace(text[i]) { i += 1 }
      guard i < text.count else { return out }
      if out.count >= most {
        // The rest is one part, without its trailing white space.
        var rest = Array(text[i...])
        while let c = rest.last, isSpace(c) { rest.removeLast() }
        return out + [rest]
      }
      let start = i
      while i < text.count, !isSpace(text[i]) { i += 1 }
      out.append(Array(text[start..<i]))
    }
  }
}

extension StringNormalizer: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    guard x.rank == 1 || (x.rank == 2 && x.shape[0] == 1) else {
      throw context.error("run.shape", "\(x.shape) is not a list of strings")
    }
    func cased(_ s: String) -> String {
      switch casing {
      case .LOWER: s.lowercased()
      case .UPPER: s.uppercased()
      case .NONE: s
      }
    }
    let stops = Set(stopWords.map { isCaseSensitive ? $0.string : $0.string.lowercased() })
    var out: [ByteString] = []
    for s in try x.strings() {
      let text = s.string
      if stops.contains(isCaseSensitive ? text : text.lowercased()) { continue }
      out.append(casing == .NONE ? s : ByteString(cased(text)))
    }
    if out.isEmpty { out = [""] }
    return [.tensor(try Tensor(strings: out, shape: x.rank == 1 ? [out.count] : [1, out.count]))]
  }
}

extension RegexFullMatch: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let matcher: PatternMatcher
    do throws(PatternError) { matcher = try PatternMatcher(pattern) } catch {
      throw context.error("run.pattern", "the pattern '\(pattern.prefix(80))' cannot be used: \(error.message)")
    }
    var out: [Bool] = []
    for s in try x.strings() { out.append(matcher.matchesWhole(s.string)) }
    return [.tensor(try Tensor(out, shape: x.shape))]
  }
}

extension NGramCounts: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    guard columns.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }), let width = columns.max().map({ $0 + 1 }), x.rank <= 2 else {
      throw context.error("run.shape", "the columns of the n-grams are not given")
    }
    let rows = x.rank == 2 ? x.shape[0] : 1
    let length = x.rank == 2 ? x.shape[1] : x.count
    guard try Checked.bytes(.float32, [rows, width], layer: context.name) <= context.limits.memory else {
      throw context.error("run.memory-limit", "a result of \(rows)×\(width) is larger than the memory limit")
    }
    // Words as numbers: the place of a string in the pool.
    var words: [Int64] = []
    var pool = poolIntegers.map { Int64($0) }
    if x.dtype == .string {
      var numbers: [ByteString: Int64] = [:]
      pool = poolStrings.map { s in
        let n = numbers[s] ?? Int64(numbers.count)
        numbers[s] = n
        return n
      }
      words = try x.strings().map { numbers[$0] ?? -1 }
    } else {
      words = try x.ints()
    }
    let known = try grams(pool, context)
    var counts = [Float](repeating: 0, count: rows * width)
    // Longer n-grams and wider gaps than a row has words find nothing.
    let shortest = max(minimumLength, 1)
    let longest = min(max(maximumLength, shortest), max(length, 1))
    let widest = min(max(maximumSkips, 0), length) + 1
    for r in 0..<rows where shortest <= longest {
      let line = Array(words[r * length..<(r + 1) * length])
      for n in shortest...longest {
        // Words of one-grams have no distance.
        for step in 1...(n == 1 ? 1 : widest) {
          var start = 0
          while start + step * (n - 1) < length {
            let gram = (0..<n).map { line[start + $0 * step] }
            if let k = known[gram] { counts[r * width + columns[k]] += 1 }
            start += 1
          }
        }
      }
    }
    // Weights stand by column.
    func weight(_ column: Int) -> Float { column < weights.count ? weights[column].value : 1 }
    for i in counts.indices {
      switch mode {
      case .TF: break
      case .IDF: counts[i] = counts[i] > 0 ? weight(i % width) : 0
      case .TFIDF: counts[i] *= weight(i % width)
      }
    }
    return [.tensor(try Tensor(counts, shape: x.rank == 2 ? [rows, width] : [width]))]
  }

  /// The number of each n-gram of the wanted lengths; numbers run through the whole pool.
  private func grams(_ pool: [Int64], _ context: EvaluationContext) throws(Diagnostic) -> [[Int64]: Int] {
    var out: [[Int64]: Int] = [:]
    var number = 0
    for (i, start) in poolStarts.enumerated() {
      let n = i + 1
      let end = i + 1 < poolStarts.count ? poolStarts[i + 1] : pool.count
      guard start >= 0, start <= end, end <= pool.count else {
        throw context.error("run.shape", "the pool of n-grams has no place \(start)")
      }
      for g in 0..<(end - start) / n {
        if n >= minimumLength, n <= maximumLength, number < columns.count {
          out[Array(pool[start + g * n..<start + (g + 1) * n])] = number
        }
        number += 1
      }
    }
    return out
  }
}
