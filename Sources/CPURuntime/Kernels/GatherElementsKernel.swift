import Diagnostics
import ModelGraph
import TensorCore

extension PlanContext {
  /// Whether an index operand has 8-byte elements; other types than int32 and int64 are refused.
  func isWideIndex(_ i: Int) throws(Diagnostic) -> Bool {
    let t = try dtype(i)
    guard t == .int64 || t == .int32 else { throw error("run.unsupported-type", "indices are \(t.rawValue)") }
    return t == .int64
  }
}

/// Index values that are checked once before they address memory.
enum IndexCheck {
  /// Throws unless all of `count` indices lie in −extent ..< extent.
  static func all(
    _ p: UnsafeRawPointer, _ count: Int, wide: Bool, extent: Int, _ name: String
  ) throws(Diagnostic) {
    for i in 0..<count {
      let k = IndexLoop.load(p, i, wide: wide)
      guard k >= -extent, k < extent else {
        throw .error("run.index", "layer '\(name)': index \(k) is outside an axis of \(extent)")
      }
    }
  }
}

extension GatherElements: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let index = try context.operand(1)
    guard x.shape.count == index.shape.count, !x.shape.isEmpty else {
      throw context.error("run.shape", "input \(x.shape) and indices \(index.shape) differ in rank")
    }
    let a = try context.axis(axis, rank: x.shape.count)
    let wide = try context.isWideIndex(1)
    for i in x.shape.indices where i != a && index.shape[i] > x.shape[i] {
      throw context.error("run.shape", "indices \(index.shape) reach past input \(x.shape)")
    }
    let strides = StridedCopy.dense(x.shape)
    // Indices' own places on the other axes; the picked one comes on top.
    let others = StridedIndex(index.shape, strides.enumerated().map { $0.offset == a ? 0 : $0.element })
    let (extent, step, width, name) = (x.shape[a], strides[a], x.dtype.byteWidth, context.name)
    return PreparedKernel { (args) throws(Diagnostic) in
      let (source, indices, out) = (args.rawInput(0), args.rawInput(1), args.rawOutput(0))
      try IndexCheck.all(indices, others.count, wide: wide, extent: extent, name)
      Parallel.ranges(others.count, grain: 1 << 13) { r in
        for i in r {
          let k = IndexLoop.load(indices, i, wide: wide)
          let from = others[i] + (k < 0 ? k + extent : k) * step
          (out + i * width).copyMemory(from: source + from * width, byteCount: width)
        }
      }
    }
  }
}

/// Slices addressed by index tuples.
struct IndexTuples {
  let wide: Bool
  let length: Int
  /// Extents that a tuple addresses, and the elements of a step on each.
  let extents: [Int]
  let strides: [Int]
  let name: String

  // SAFETY: `p` holds a tuple of `length` integers from element `at` on.
  func offset(_ p: UnsafeRawPointer, _ at: Int) -> Int? {
    var o = 0
    for k in 0..<length {
      let i = IndexLoop.load(p, at + k, wide: wide)
      guard i >= -extents[k], i < extents[k] else { return nil }
      o += (i < 0 ? i + extents[k] : i) * strides[k]
    }
    return o
  }

  var outside: Diagnostic {
    .error("run.index", "layer '\(name)': an index tuple is outside \(extents)")
  }
}

extension GatherND: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let index = try context.operand(1)
    guard let k = index.shape.last, batchAxes >= 0, batchAxes + k <= x.shape.count, batchAxes < index.shape.count else {
      throw context.error("run.shape", "index tuples \(index.shape) do not fit \(x.shape)")
    }
    guard x.shape[..<batchAxes] == index.shape[..<batchAxes] else {
      throw context.error("run.shape", "the batches of \(x.shape) and of index tuples \(index.shape) differ")
    }
    let strides = StridedCopy.dense(x.shape)
    let addressed = batchAxes..<batchAxes + k
    let tuples = IndexTuples(
      wide: try context.isWideIndex(1), length: k, extents: Array(x.shape[addressed]),
      strides: Array(strides[addressed]), name: context.name)
    let batches = x.shape[..<batchAxes].reduce(1, *)
    let perBatch = x.shape[batchAxes...].reduce(1, *)
    let count = index.shape[batchAxes..<index.shape.count - 1].reduce(1, *)
    let width = x.dtype.byteWidth
    let bytes = x.shape[addressed.upperBound...].reduce(width, *)
    return PreparedKernel { (args) throws(Diagnostic) in
      let (source, indices, out) = (args.rawInput(0), args.rawInput(1), args.rawOutput(0))
      for b in 0..<batches {
        for i in 0..<count {
          let r = b * count + i
          guard let o = tuples.offset(indices, r * k) else { throw tuples.outside }
          (out + r * bytes).copyMemory(from: source + (b * perBatch + o) * width, byteCount: bytes)
        }
      }
    }
  }
}
