import Diagnostics
import ModelGraph
import TensorCore

/// How an update meets the element that is there.
enum ScatterStep {
  @inline(__always)
  static func combine<T: ArithmeticElement>(_ r: ScatterReduction, _ old: T, _ new: T) -> T {
    switch r {
    case .none: new
    case .add: T.sum(old, new)
    case .mul: T.product(old, new)
    case .max: old.isNotANumber || old > new ? old : new
    case .min: old.isNotANumber || old < new ? old : new
    }
  }
}

extension KernelArguments {
  /// Puts operand 0 into result 0 unless they are one memory already.
  func copyThrough(_ bytes: Int) {
    guard bytes > 0, rawInput(0) != UnsafeRawPointer(rawOutput(0)) else { return }
    rawOutput(0).copyMemory(from: rawInput(0), byteCount: bytes)
  }
}

extension ScatterElements: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let index = try context.operand(1)
    guard x.shape.count == index.shape.count, try context.shape(2) == index.shape, !x.shape.isEmpty else {
      throw context.error("run.shape", "input \(x.shape), indices \(index.shape) and updates do not fit")
    }
    try context.requireType(2)
    let a = try context.axis(axis, rank: x.shape.count)
    for i in x.shape.indices where i != a && index.shape[i] > x.shape[i] {
      throw context.error("run.shape", "indices \(index.shape) reach past input \(x.shape)")
    }
    let strides = StridedCopy.dense(x.shape)
    let places = ScatterPlaces(
      others: StridedIndex(index.shape, strides.enumerated().map { $0.offset == a ? 0 : $0.element }),
      extent: x.shape[a], step: strides[a], wide: try context.isWideIndex(1), name: context.name)
    if reduction == .none { return places.moving(x.count * x.dtype.byteWidth, width: x.dtype.byteWidth) }
    return try context.dispatch(x.dtype, places.reducing(reduction, count: x.count))
  }
}

/// Where the updates of a ScatterElements go.
struct ScatterPlaces {
  let others: StridedIndex
  let extent: Int
  let step: Int
  let wide: Bool
  let name: String

  @inline(__always)
  func target(_ indices: UnsafeRawPointer, _ i: Int) -> Int {
    let k = IndexLoop.load(indices, i, wide: wide)
    return others[i] + (k < 0 ? k + extent : k) * step
  }

  func moving(_ bytes: Int, width: Int) -> PreparedKernel {
    PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let (indices, updates, out) = (args.rawInput(1), args.rawInput(2), args.rawOutput(0))
      try IndexCheck.all(indices, others.count, wide: wide, extent: extent, name)
      args.copyThrough(bytes)
      for i in 0..<others.count {
        (out + target(indices, i) * width).copyMemory(from: updates + i * width, byteCount: width)
      }
    }
  }

  func reducing(_ reduction: ScatterReduction, count: Int) -> Reducing {
    Reducing(places: self, reduction: reduction, count: count)
  }

  struct Reducing: NumberVisitor {
    let places: ScatterPlaces
    let reduction: ScatterReduction
    let count: Int
    func visit<T: ArithmeticElement>(_: T.Type) throws(Diagnostic) -> PreparedKernel {
      PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
        let (indices, y) = (args.rawInput(1), args.output(0, T.self))
        let updates: UnsafePointer<T> = args.input(2)
        try IndexCheck.all(indices, places.others.count, wide: places.wide, extent: places.extent, places.name)
        args.copyThrough(count * MemoryLayout<T>.size)
        for i in 0..<places.others.count {
          let at = places.target(indices, i)
          y[at] = ScatterStep.combine(reduction, y[at], updates[i])
        }
      }
    }
  }
}

extension ScatterND: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let index = try context.operand(1)
    guard let k = index.shape.last, k <= x.shape.count else {
      throw context.error("run.shape", "index tuples \(index.shape) do not fit \(x.shape)")
    }
    let slice = x.shape[k...].reduce(1, *)
    let count = index.shape.dropLast().reduce(1, *)
    guard context.has(2) else { throw context.error("run.operand-missing", "updates are missing") }
    try context.requireType(2)
    try context.require(2, count: count, slice, what: "updates")
    let tuples = IndexTuples(
      wide: try context.isWideIndex(1), length: k, extents: Array(x.shape[..<k]),
      strides: Array(StridedCopy.dense(x.shape)[..<k]), name: context.name)
    if reduction == .none {
      let width = x.dtype.byteWidth
      let total = x.count * width
      return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
        let (indices, updates, out) = (args.rawInput(1), args.rawInput(2), args.rawOutput(0))
        args.copyThrough(total)
        for i in 0..<count {
          guard let o = tuples.offset(indices, i * k) else { throw tuples.outside }
          (out + o * width).copyMemory(from: updates + i * slice * width, byteCount: slice * width)
        }
      }
    }
    return try context.dispatch(
      x.dtype, Reducing(tuples: tuples, reduction: reduction, count: count, slice: slice, total: x.count))
  }

  private struct Reducing: NumberVisitor {
    let tuples: IndexTuples
    let reduction: ScatterReduction
    let count: Int
    let slice: Int
    let total: Int
    func visit<T: ArithmeticElement>(_: T.Type) throws(Diagnostic) -> PreparedKernel {
      PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
        let (indices, y) = (args.rawInput(1), args.output(0, T.self))
        let updates: UnsafePointer<T> = args.input(2)
        args.copyThrough(total * MemoryLayout<T>.size)
        for i in 0..<count {
          guard let o = tuples.offset(indices, i * tuples.length) else { throw tuples.outside }
          for j in 0..<slice { y[o + j] = ScatterStep.combine(reduction, y[o + j], updates[i * slice + j]) }
        }
      }
    }
  }
}

extension CacheScatter: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let update = try context.operand(1)
    guard x.shape.count == update.shape.count, let batch = x.shape.first, batch == update.shape.first else {
      throw context.error("run.shape", "cache \(x.shape) and update \(update.shape) do not fit")
    }
    let a = try context.axis(axis, rank: x.shape.count)
    guard a > 0 else { throw context.error("run.shape", "the axis is that of the batch") }
    for i in x.shape.indices where i != a && x.shape[i] != update.shape[i] {
      throw context.error("run.shape", "cache \(x.shape) and update \(update.shape) differ on axis \(i)")
    }
    try context.requireType(1)
    try context.require(2, count: batch, what: "places")
    let wide = context.has(2) ? try context.isWideIndex(2) : true
    let hasIndex = context.has(2)
    let middle = x.shape[1..<a].reduce(1, *)
    let bytes = x.shape[(a + 1)...].reduce(x.dtype.byteWidth, *)
    let (extent, length) = (x.shape[a], update.shape[a])
    let (wraps, name, total) = (isCircular, context.name, x.count * x.dtype.byteWidth)
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      args.copyThrough(total)
      for b in 0..<batch {
        let start = hasIndex ? IndexLoop.load(args.rawInput(2), b, wide: wide) : 0
        for j in 0..<length {
          var at = start &+ j
          if wraps, extent > 0 { at = ((at % extent) + extent) % extent }
          guard at >= 0, at < extent else {
            throw .error("run.index", "layer '\(name)': place \(at) is outside a cache of \(extent)")
          }
          for m in 0..<middle {
            let row = b * middle + m
            (args.rawOutput(0) + (row * extent + at) * bytes).copyMemory(
              from: args.rawInput(1) + (row * length + j) * bytes, byteCount: bytes)
          }
        }
      }
    }
  }
}
