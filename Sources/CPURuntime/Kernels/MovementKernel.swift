import Diagnostics
import ModelGraph
import TensorCore

// Operators whose result is a strided view of the operand, made dense.

extension PlannedKernel {
  /// A kernel that copies a strided view of operand 0.
  func stridedKernel(
    _ context: PlanContext, strides: [Int], offset: Int = 0, result: Int = 0
  ) throws(Diagnostic) -> PreparedKernel {
    let out = try context.result(result)
    let copy = StridedCopy(shape: out.shape, strides: strides, offset: offset, width: out.dtype.byteWidth)
    return PreparedKernel { (args) throws(Diagnostic) in copy.run(args.rawInput(0), args.rawOutput(result)) }
  }
}

extension Transpose: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let p = order.isEmpty ? Array(x.indices.reversed()) : order
    // Moving axes of one element moves nothing.
    if p.filter({ x[$0] != 1 }) == x.indices.filter({ x[$0] != 1 }) { return .alias(input: 0) }
    let strides = StridedCopy.dense(x)
    return try stridedKernel(context, strides: p.map { strides[$0] })
  }
}

extension Expand: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(1, .consumed)
    let x = try context.shape(0)
    return try stridedKernel(context, strides: StridedCopy.broadcast(x, to: try context.result().shape))
  }
}

extension Slice: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let starts = try context.requireInts(1)
    let ends = try context.requireInts(2)
    let axes = try context.optionalInts(3) ?? Array(starts.indices)
    let steps = try context.optionalInts(4) ?? Array(repeating: 1, count: starts.count)
    var strides = StridedCopy.dense(x)
    var offset = 0
    var seen: Set<Int> = []
    for (k, given) in axes.enumerated() where k < starts.count && k < ends.count && k < steps.count {
      let a = try context.axis(given, rank: x.count)
      guard seen.insert(a).inserted else { throw context.error("run.shape", "axis \(a) is given twice") }
      guard let b = Slice.bounds(extent: x[a], start: starts[k], end: ends[k], step: steps[k]) else {
        throw context.error("run.shape", "the slice of axis \(a) is out of range")
      }
      if b.count > 0 { offset += b.start * strides[a] }
      // The stride of a single element is never used, and its product may not fit.
      strides[a] = b.count > 1 ? strides[a] * steps[k] : 0
    }
    return try stridedKernel(context, strides: strides, offset: offset)
  }
}

extension CropLike: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(1, .consumed)
    let x = try context.shape(0)
    let a = try context.axis(axis, rank: x.count)
    let strides = StridedCopy.dense(x)
    let start = (a..<x.count).reduce(0) { $0 + offset($1 - a) * strides[$1] }
    return try stridedKernel(context, strides: strides, offset: start)
  }
}

extension Tile: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let repeats = try context.requireInts(1)
    let out = try context.result()
    guard repeats.count == x.count else { throw context.error("run.shape", "\(repeats.count) repeats for shape \(x)") }
    let own = StridedCopy.dense(x)
    // Each axis is one of repeats around one of elements.
    let shape = x.indices.flatMap { [repeats[$0], x[$0]] }
    let copy = StridedCopy(shape: shape, strides: own.flatMap { [0, $0] }, width: out.dtype.byteWidth)
    return PreparedKernel { (args) throws(Diagnostic) in copy.run(args.rawInput(0), args.rawOutput(0)) }
  }
}

extension Split: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    context.use(1, .consumed)
    let a = try context.axis(axis, rank: x.shape.count)
    let strides = StridedCopy.dense(x.shape)
    var copies: [(result: Int, copy: StridedCopy)] = []
    var start = 0
    let sizes = try partSizes(context, extent: x.shape[a])
    for (i, size) in sizes.enumerated() {
      if i < context.results.count, let r = context.results[i] {
        copies.append(
          (i, StridedCopy(shape: r.shape, strides: strides, offset: start * strides[a], width: r.dtype.byteWidth)))
      }
      start += size
    }
    return PreparedKernel { (args) throws(Diagnostic) in
      for c in copies { c.copy.run(args.rawInput(0), args.rawOutput(c.result)) }
    }
  }

  private func partSizes(_ context: PlanContext, extent: Int) throws(Diagnostic) -> [Int] {
    if let given = try context.optionalInts(1) { return given }
    let part = (extent + count - 1) / count
    return (0..<count).map { min(part, extent - $0 * part) }
  }
}
