import Diagnostics
import ModelGraph
import TensorCore

extension Pad: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.result().dtype.byteWidth {
    case 1: return try kernel(context, UInt8.self)
    case 2: return try kernel(context, UInt16.self)
    case 4: return try kernel(context, UInt32.self)
    case 8: return try kernel(context, UInt64.self)
    default: return try kernel(context, SIMD2<UInt64>.self)
    }
  }

  /// Source index of each place of an axis; −1 where the value stands.
  private func map(_ extent: Int, _ begin: Int, _ out: Int, _ context: PlanContext) throws(Diagnostic) -> [Int] {
    if extent == 0, mode != .constant, out > 0 { throw context.error("run.shape", "an empty axis cannot be padded") }
    return (0..<out).map { o in
      let i = o &- begin
      if i >= 0, i < extent { return i }
      switch mode {
      case .constant: return -1
      case .edge: return i < 0 ? 0 : extent - 1
      case .wrap: return ((i % extent) + extent) % extent
      case .reflect:
        if extent == 1 { return 0 }
        let period = 2 * (extent - 1)
        let r = ((i % period) + period) % period
        return r < extent ? r : period - r
      }
    }
  }

  private func kernel<T: ElementUnit>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let out = try context.result().shape
    let pads = try context.requireInts(1)
    let axes = try context.optionalInts(3) ?? Array(x.indices)
    guard pads.count == 2 * axes.count else {
      throw context.error("run.shape", "\(pads.count) pads for \(axes.count) axes")
    }
    var begin = [Int](repeating: 0, count: x.count)
    for (k, a) in axes.enumerated() { begin[try context.axis(a, rank: x.count)] = pads[k] }
    guard out.allSatisfy({ $0 <= context.options.limits.memory / 64 }) else {
      throw context.error("run.memory-limit", "shape \(out) has a longer axis than the memory limit allows")
    }
    var maps: [[Int]] = []
    for a in x.indices { maps.append(try map(x[a], begin[a], out[a], context)) }
    let hasValue = context.has(2)
    try context.requireType(2)
    try context.require(2, count: 1, what: "the padding value")
    let strides = StridedCopy.dense(x)
    guard let inner = out.last, let innerMap = maps.last else {
      return PreparedKernel { (args) throws(Diagnostic) in args.output(0, T.self)[0] = args.input(0, T.self)[0] }
    }
    let outer = Array(out.dropLast())
    let first = innerMap.firstIndex { $0 >= 0 } ?? inner
    let length = innerMap.count { $0 >= 0 }
    let isRun = mode == .constant
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      let value: T = hasValue ? args.input(2, T.self)[0] : T.zero
      guard inner > 0 else { return }
      Parallel.ranges(outer.reduce(1, *), grain: max(1, (1 << 14) / inner)) { rows in
        var place = [Int](repeating: 0, count: outer.count)
        for r in rows {
          PatchGather.unravel(r, outer, into: &place)
          let line = y + r * inner
          var from = 0
          var inside = true
          for a in place.indices {
            let i = maps[a][place[a]]
            if i < 0 { inside = false } else { from += i * strides[a] }
          }
          if !inside {
            line.update(repeating: value, count: inner)
          } else if isRun {
            line.update(repeating: value, count: first)
            if length > 0 {
              (line + first).update(from: x + from + innerMap[first], count: length)
              (line + first + length).update(repeating: value, count: inner - first - length)
            }
          } else {
            for i in 0..<inner { line[i] = x[from + innerMap[i]] }
          }
        }
      }
    }
  }
}
