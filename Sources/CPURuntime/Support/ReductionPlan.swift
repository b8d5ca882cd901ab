import TensorCore

/// Which elements each result of a reduction combines: `kept` results, each over `rows` runs of `length` elements.
struct ReductionPlan {
  /// First element of each result.
  private let kept: StridedIndex
  /// First element of each run, counted from the result's first element.
  private let rows: StridedIndex
  let length: Int
  let step: Int
  /// Elements of each result.
  let reducedCount: Int

  init(_ shape: [Int], axes: Set<Int>) {
    let strides = StridedCopy.dense(shape)
    let keptAxes = shape.indices.filter { !axes.contains($0) }
    // Neighbouring axes join, so that runs are long.
    var extents: [Int] = []
    var steps: [Int] = []
    for a in shape.indices where axes.contains(a) && shape[a] != 1 {
      if let last = extents.indices.last, steps[last] == shape[a] * strides[a] {
        extents[last] *= shape[a]
        steps[last] = strides[a]
      } else {
        extents.append(shape[a])
        steps.append(strides[a])
      }
    }
    kept = StridedIndex(keptAxes.map { shape[$0] }, keptAxes.map { strides[$0] })
    rows = StridedIndex(Array(extents.dropLast()), Array(steps.dropLast()))
    length = extents.last ?? 1
    step = steps.last ?? 1
    reducedCount = axes.reduce(1) { $0 * shape[$1] }
  }

  var resultCount: Int { kept.count }

  /// Calls `body` with each result's number and first element, in parallel.
  func forEachResult(_ body: (_ result: Int, _ first: Int) -> Void) {
    Parallel.ranges(kept.count, grain: max(1, (1 << 14) / max(reducedCount, 1))) { range in
      for i in range { body(i, kept[i]) }
    }
  }

  /// Calls `body` with the first element of each run of the result that starts at `first`.
  @inline(__always)
  func forEachRun(from first: Int, _ body: (Int) -> Void) {
    if reducedCount == 0 { return }
    for r in 0..<rows.count { body(first + rows[r]) }
  }
}

/// Element offsets of the places of a strided shape.
struct StridedIndex {
  let shape: [Int]
  let strides: [Int]
  let count: Int

  init(_ shape: [Int], _ strides: [Int]) {
    self.shape = shape
    self.strides = strides
    count = shape.reduce(1, *)
  }

  subscript(_ flat: Int) -> Int {
    var rest = flat
    var offset = 0
    for a in shape.indices.reversed() {
      offset += rest % shape[a] * strides[a]
      rest /= shape[a]
    }
    return offset
  }
}
