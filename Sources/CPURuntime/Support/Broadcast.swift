import Diagnostics
import TensorCore

/// Element-by-element loops over operands that are broadcast to one shape.
struct Broadcast {
  /// Joined axes, outermost first.
  private(set) var shape: [Int] = []
  /// Per operand, its strides over `shape`.
  private(set) var strides: [[Int]]

  init(_ operands: [[Int]], to out: [Int]) {
    let full = operands.map { StridedCopy.broadcast($0, to: out) }
    strides = operands.map { _ in [] }
    for (axis, n) in out.enumerated() where n != 1 {
      if let last = shape.indices.last,
        full.indices.allSatisfy({ strides[$0][last] == full[$0][axis] * n })
      {
        shape[last] *= n
        for i in full.indices { strides[i][last] = full[i][axis] }
      } else {
        shape.append(n)
        for i in full.indices { strides[i].append(full[i][axis]) }
      }
    }
  }

  var count: Int { shape.reduce(1, *) }

  /// Calls `body` for runs along the last axis: (first result element, length, first element of each operand).
  /// The operands' strides within a run are `innerStride`.
  func forEachRun(_ body: (_ at: Int, _ count: Int, _ operands: [Int]) -> Void) {
    guard count > 0 else { return }
    guard let inner = shape.last else { return body(0, 1, strides.map { _ in 0 }) }
    if shape.count == 1 {
      return Parallel.ranges(inner, grain: 1 << 14) { r in
        body(r.lowerBound, r.count, strides.map { $0[0] * r.lowerBound })
      }
    }
    let outer = Array(shape.dropLast())
    Parallel.ranges(outer.reduce(1, *), grain: max(1, (1 << 14) / inner)) { range in
      var place = [Int](repeating: 0, count: outer.count)
      PatchGather.unravel(range.lowerBound, outer, into: &place)
      var at = strides.map { s in zip(place, s).reduce(0) { $0 + $1.0 * $1.1 } }
      for row in range {
        body(row * inner, inner, at)
        var a = outer.count - 1
        while a >= 0 {
          place[a] += 1
          for i in at.indices { at[i] += strides[i][a] }
          if place[a] < outer[a] { break }
          for i in at.indices { at[i] -= strides[i][a] * outer[a] }
          place[a] = 0
          a -= 1
        }
      }
    }
  }

  /// Stride of operand `i` within a run.
  func innerStride(_ i: Int) -> Int { strides[i].last ?? 0 }

  /// result[i] = f(a[i], b[i]) with both operands broadcast.
  // SAFETY: a, b and y hold the operands and the result of the shapes this was made for.
  @inline(__always)
  func map<A, B, R>(
    _ a: UnsafePointer<A>, _ b: UnsafePointer<B>, _ y: UnsafeMutablePointer<R>, _ f: (A, B) -> R
  ) {
    let (sa, sb) = (innerStride(0), innerStride(1))
    forEachRun { at, n, from in
      let (p, q, r) = (a + from[0], b + from[1], y + at)
      if sa == 1, sb == 1 {
        for i in 0..<n { r[i] = f(p[i], q[i]) }
      } else if sa == 1, sb == 0 {
        let v = q[0]
        for i in 0..<n { r[i] = f(p[i], v) }
      } else if sa == 0, sb == 1 {
        let v = p[0]
        for i in 0..<n { r[i] = f(v, q[i]) }
      } else {
        for i in 0..<n { r[i] = f(p[i * sa], q[i * sb]) }
      }
    }
  }
}
