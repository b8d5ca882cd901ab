import CKernels
import Diagnostics
import ModelGraph
import TensorCore

#if canImport(Glibc)
  import Glibc
#endif

extension Softmax: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    switch x.dtype {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: BinaryFloatingPoint>(
    _ context: PlanContext, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    let shape = try context.shape(0)
    let a: Int
    if shape.isEmpty {
      a = 0
    } else if coerced, axis == shape.count {
      a = axis
    } else {
      a = try context.axis(axis, rank: shape.count)
    }
    let outer = shape.prefix(a).reduce(1, *)
    let extent = coerced ? shape.dropFirst(a).reduce(1, *) : a < shape.count ? shape[a] : 1
    let inner = coerced ? 1 : shape.dropFirst(a + 1).reduce(1, *)
    let kind = kind
    if let narrow = NarrowArithmetic(context.narrowType), kind == .softmax, extent > 0 {
      return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
        let x: UnsafePointer<Float> = args.input(0)
        let y: UnsafeMutablePointer<Float> = args.output(0)
        for line in 0..<outer * inner {
          let at = line / inner * extent * inner + line % inner
          var top = x[at]
          for k in 0..<extent {
            let v = x[at + k * inner]
            if v > top || v.isNaN { top = v }
            y[at + k * inner] = v
          }
          narrow.softmax(y + at, inner, extent, top: top)
        }
      }
    }
    if T.self == Float.self, kind != .hardmax {
      let logarithm: Int32 = kind == .logSoftmax ? 1 : 0
      return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
        mc_softmax(outer, extent, inner, logarithm, args.input(0), args.output(0))
      }
    }
    guard extent > 0 else { return PreparedKernel(inPlace: [0]) { (_) throws(Diagnostic) in } }
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(outer, grain: max(1, 4096 / max(extent * inner, 1))) { rows in
        for o in rows {
          for i in 0..<inner {
            let base = o * extent * inner + i
            line(kind, x + base, y + base, extent, inner)
          }
        }
      }
    }
  }

  // SAFETY: x and y hold `extent` elements `step` apart.
  private func line<T: BinaryFloatingPoint>(
    _ kind: Kind, _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, _ extent: Int, _ step: Int
  ) {
    var top = x[0]
    var place = 0
    var hasNaN = top.isNaN
    for k in 1..<max(extent, 1) {
      let v = x[k * step]
      if v > top {
        top = v
        place = k
      }
      if v.isNaN { hasNaN = true }
    }
    if hasNaN { top = .nan }
    switch kind {
    case .hardmax:
      for k in 0..<extent { y[k * step] = k == place ? 1 : 0 }
    case .softmax:
      var sum = 0.0
      for k in 0..<extent {
        let e = T(exp(Double(x[k * step] - top)))
        y[k * step] = e
        sum += Double(e)
      }
      for k in 0..<extent { y[k * step] = T(Double(y[k * step]) / sum) }
    case .logSoftmax:
      var sum = 0.0
      for k in 0..<extent { sum += exp(Double(x[k * step] - top)) }
      let l = log(sum)
      for k in 0..<extent { y[k * step] = T(Double(x[k * step] - top) - l) }
    }
  }
}
