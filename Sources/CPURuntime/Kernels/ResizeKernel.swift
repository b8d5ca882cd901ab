import Diagnostics
import ModelGraph
import TensorCore

/// The source elements and weights of each place of one resized axis.
struct ResizeAxis {
  /// Per result place: first tap in `taps`, and how many.
  var spans: [(start: Int, count: Int)] = []
  var indices: [Int] = []
  var weights: [Double] = []
  /// Places whose source lies outside a cropped region take the extrapolation value.
  var isOutside: [Bool] = []
  /// Each place is its own source.
  var isIdentity = false

  init(_ op: Resize, input n: Int, output m: Int, scale: Double, region: (start: Double, end: Double)?) {
    isOutside = Array(repeating: false, count: m)
    if op.coordinates != .tfCropAndResize, n == m, scale == 1 { isIdentity = true }
    // The length that the scale stands for, which may differ from the whole number of places.
    let length = scale * Double(n)
    for o in 0..<m {
      // The choice of a nearest element must fall as ONNX Runtime's, which computes places in single precision.
      let x =
        op.mode == .nearest
        ? Double(
          Self.source(
            op, Float(o), n: Float(n), m: Float(m), Float(scale), Float(scale) * Float(n),
            region.map { (Float($0.start), Float($0.end)) }))
        : Self.source(op, Double(o), n: Double(n), m: Double(m), scale, length, region)
      if op.coordinates == .tfCropAndResize, x < 0 || x > Double(n - 1) { isOutside[o] = true }
      let taps = Self.taps(op, x, scale)
      spans.append((indices.count, taps.count))
      var sum = 0.0
      for t in taps {
        let inside = t.index >= 0 && t.index < n
        let w = op.excludesOutside && !inside ? 0 : t.weight
        indices.append(min(max(t.index, 0), n - 1))
        weights.append(w)
        sum += w
      }
      if op.excludesOutside, sum != 0 { for i in weights.indices.suffix(taps.count) { weights[i] /= sum } }
    }
  }

  private static func source<R: BinaryFloatingPoint>(
    _ op: Resize, _ o: R, n: R, m: R, _ scale: R, _ length: R, _ region: (start: R, end: R)?
  ) -> R {
    switch op.coordinates {
    case .alignCorners: return length == 1 ? 0 : o * (n - 1) / (length - 1)
    case .asymmetric: return o / scale
    case .halfPixel: return (o + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return length == 1 ? -0.5 : (o + 0.5) / scale - 0.5
    case .tfHalfPixelForNearest: return (o + 0.5) / scale
    case .halfPixelSymmetric:
      let offset = n / 2 * (1 - m / length)
      return offset + (o + 0.5) / scale - 0.5
    case .tfCropAndResize:
      let (start, end) = region ?? (0, 1)
      let x = length == 1 ? (end - start) * (n - 1) / 2 : o * (end - start) * (n - 1) / (length - 1)
      return x + start * (n - 1)
    }
  }

  private static func taps(_ op: Resize, _ x: Double, _ scale: Double) -> [(index: Int, weight: Double)] {
    let floor = x.rounded(.down)
    // A cropped region may lie anywhere; what is this far out is clamped to the edge or counts as outside.
    let base: Int = NumberLoop.integer(min(max(floor, -1e12), 1e12))
    let ratio = x.isFinite ? x - floor : 0
    switch op.mode {
    case .nearest:
      if ratio == 0 { return [(base, 1)] }
      switch op.nearest {
      case .roundPreferFloor: return [(ratio <= 0.5 ? base : base + 1, 1)]
      case .roundPreferCeil: return [(ratio < 0.5 ? base : base + 1, 1)]
      case .floor: return [(base, 1)]
      case .ceil: return [(base + 1, 1)]
      case .simple: return [(scale < 1 ? base + 1 : base, 1)]
      }
    case .linear:
      let s = op.antialiases ? min(scale, 1) : 1
      if s == 1 { return ratio == 0 ? [(base, 1)] : [(base, 1 - ratio), (base + 1, ratio)] }
      return spread(x, reach: 1 / s) { max(0, 1 - ($0 * s).magnitude) }
    case .cubic:
      let a = Double(op.cubicA.value)
      func cubic(_ t: Double) -> Double {
        let d = t.magnitude
        if d <= 1 { return ((a + 2) * d - (a + 3)) * d * d + 1 }
        return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0
      }
      let s = op.antialiases ? min(scale, 1) : 1
      if s == 1 { return (-1...2).map { (base + $0, cubic(Double($0) - ratio)) } }
      return spread(x, reach: 2 / s) { cubic($0 * s) }
    }
  }

  /// Taps within `reach` of x, their weights made to sum up to 1.
  private static func spread(
    _ x: Double, reach: Double, _ weight: (Double) -> Double
  ) -> [(index: Int, weight: Double)] {
    let low: Int = NumberLoop.integer((x - reach).rounded(.up))
    let high: Int = NumberLoop.integer((x + reach).rounded(.down))
    var out: [(index: Int, weight: Double)] = []
    var sum = 0.0
    for i in low...max(low, high) {
      let w = weight(Double(i) - x)
      out.append((i, w))
      sum += w
    }
    return sum == 0 ? out : out.map { ($0.index, $0.weight / sum) }
  }
}

extension Resize: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let out = try context.result().shape
    var list: [Int] = []
    for a in axes.isEmpty ? Array(x.shape.indices) : axes { list.append(try context.axis(a, rank: x.shape.count)) }
    guard Set(list).count == list.count else { throw context.error("run.shape", "an axis is given twice") }
    let region = coordinates == .tfCropAndResize && context.has(1) ? try context.requireDoubles(1) : []
    context.use(1, .consumed)
    let sizeCount = context.has(3) ? try context.operand(3).count : 0
    let usesSizes = sizeCount > 0
    let given = !usesSizes && context.has(2) ? try context.requireDoubles(2) : []
    context.use(2, .consumed)
    let sizes = usesSizes ? try context.requireInts(3) : []
    // With a kept aspect ratio one scale holds for all axes.
    var common: Double?
    if usesSizes, aspect != .stretch {
      let ratios = list.enumerated().map { Double(sizes[$0.offset]) / Double(max(x.shape[$0.element], 1)) }
      common = aspect == .notLarger ? ratios.min() : ratios.max()
    }
    var plans: [(axis: Int, plan: ResizeAxis)] = []
    for (k, a) in list.enumerated() {
      let (n, m) = (x.shape[a], out[a])
      guard n > 0 || m == 0 else { throw context.error("run.shape", "an empty axis cannot be resized") }
      if m == 0 { continue }
      // A place's taps take more than the element itself.
      guard m <= context.options.limits.memory / 64 else {
        throw context.error("run.memory-limit", "an axis of \(m) places is larger than the memory limit allows")
      }
      let scale = common ?? (given.isEmpty ? Double(m) / Double(n) : given[k])
      let part = region.count == 2 * list.count ? (region[k], region[list.count + k]) : nil
      let plan = ResizeAxis(self, input: n, output: m, scale: scale, region: part)
      if !plan.isIdentity { plans.append((a, plan)) }
    }
    // Nothing to compute, and an empty axis would leave the passes between without a size.
    if out.contains(0) { return PreparedKernel { (_) throws(Diagnostic) in } }
    if movesElements, x.dtype.byteWidth > 0 { return try moving(context, plans) }
    switch x.dtype {
    case .float32: return try kernel(context, plans, Float.self)
    case .float64: return try kernel(context, plans, Double.self)
    default: break
    }
    guard NumberLoop.isSupported(x.dtype), !x.dtype.isNarrowFloat else { throw context.unsupportedType(x.dtype) }
    return try throughDouble(context, plans)
  }

  package var movesElements: Bool { mode == .nearest && coordinates != .tfCropAndResize }

  /// Elements of any type, copied from where each place has its source.
  private func moving(
    _ context: PlanContext, _ plans: [(axis: Int, plan: ResizeAxis)]
  ) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let steps = ResizeSteps(x.shape + [x.dtype.byteWidth], plans)
    return PreparedKernel(scratchBytes: 2 * steps.largest) { (args) throws(Diagnostic) in
      let buffers = args.scratch.assumingMemoryBound(to: UInt8.self)
      let y = args.rawOutput(0).assumingMemoryBound(to: UInt8.self)
      steps.move(args.rawInput(0).assumingMemoryBound(to: UInt8.self), y, buffers, buffers + steps.largest)
    }
  }

  /// Axis by axis, the result of one being the operand of the next.
  private func kernel<T: RealMath>(
    _ context: PlanContext, _ plans: [(axis: Int, plan: ResizeAxis)], _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let steps = ResizeSteps(x.shape, plans)
    let outside = OutsidePlaces(try context.result().shape, plans)
    let fill = T(extrapolation.value)
    let size = MemoryLayout<T>.stride
    return PreparedKernel(scratchBytes: 2 * steps.largest * size) { (args) throws(Diagnostic) in
      let buffers = args.scratch.assumingMemoryBound(to: T.self)
      steps.run(args.input(0), args.output(0), buffers, buffers + steps.largest)
      outside.fill(args.output(0, T.self), fill)
    }
  }

  /// Integers: in double precision, rounded as a conversion rounds.
  private func throughDouble(
    _ context: PlanContext, _ plans: [(axis: Int, plan: ResizeAxis)]
  ) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let out = try context.result()
    let steps = ResizeSteps(x.shape, plans)
    let outside = OutsidePlaces(out.shape, plans)
    let fill = Double(extrapolation.value)
    let count = 2 * steps.largest + x.count + out.count
    return PreparedKernel(scratchBytes: count * 8) { (args) throws(Diagnostic) in
      let buffers = args.scratch.assumingMemoryBound(to: Double.self)
      let source = buffers + 2 * steps.largest
      let target = source + x.count
      for i in 0..<x.count { source[i] = NumberLoop.load(x.dtype, args.rawInput(0), i) }
      steps.run(source, target, buffers, buffers + steps.largest)
      outside.fill(target, fill)
      for i in 0..<out.count {
        NumberLoop.store(out.dtype, args.rawOutput(0), i, target[i])
      }
    }
  }
}

/// The passes of a resize over its axes.
private struct ResizeSteps {
  private let passes: [Pass]
  private let count: Int
  /// Elements of the largest result between passes.
  let largest: Int

  private struct Pass {
    var outer, input, output, inner: Int
    var plan: ResizeAxis
  }

  init(_ shape: [Int], _ plans: [(axis: Int, plan: ResizeAxis)]) {
    var s = shape
    var list: [Pass] = []
    var most = 0
    // Shrinking axes first keeps what lies between small.
    let order = plans.sorted {
      Double($0.plan.spans.count) / Double(max(shape[$0.axis], 1))
        < Double($1.plan.spans.count) / Double(max(shape[$1.axis], 1))
    }
    for p in order {
      list.append(
        Pass(
          outer: s[..<p.axis].reduce(1, *), input: s[p.axis], output: p.plan.spans.count,
          inner: s[(p.axis + 1)...].reduce(1, *), plan: p.plan))
      s[p.axis] = p.plan.spans.count
      most = max(most, s.reduce(1, *))
    }
    passes = list
    largest = list.count > 1 ? most : 0
    count = shape.reduce(1, *)
  }

  // SAFETY: as of `run`; every place has one source.
  func move(
    _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _ a: UnsafeMutablePointer<UInt8>,
    _ b: UnsafeMutablePointer<UInt8>
  ) {
    if passes.isEmpty { return y.update(from: x, count: count) }
    var source = x
    for (i, p) in passes.enumerated() {
      let target = i == passes.count - 1 ? y : i % 2 == 0 ? a : b
      switch p.inner {
      case 4: pick(p, source, target, UInt32.self)
      case 8: pick(p, source, target, UInt64.self)
      default: copy(p, source, target)
      }
      source = UnsafePointer(target)
    }
  }

  private func copy(_ p: Pass, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>) {
    Parallel.ranges(p.outer * p.output, grain: max(1, (1 << 15) / max(p.inner, 1))) { range in
      for r in range {
        let place = p.plan.indices[p.plan.spans[r % p.output].start]
        (y + r * p.inner).update(from: x + (r / p.output * p.input + place) * p.inner, count: p.inner)
      }
    }
  }

  /// The same where what lies behind the axis is one word.
  private func pick<W: FixedWidthInteger>(
    _ p: Pass, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _: W.Type
  ) {
    let places = p.plan.spans.map { p.plan.indices[$0.start] }
    let (from, to) = (UnsafeRawPointer(x), UnsafeMutableRawPointer(y))
    let width = MemoryLayout<W>.size
    Parallel.ranges(p.outer, grain: max(1, (1 << 13) / max(p.output, 1))) { range in
      for r in range {
        let (line, out) = (from + r * p.input * width, to + r * p.output * width)
        for o in 0..<p.output {
          out.storeBytes(
            of: line.loadUnaligned(fromByteOffset: places[o] * width, as: W.self), toByteOffset: o * width, as: W.self)
        }
      }
    }
  }

  // SAFETY: x and y hold operand and result, a and b `largest` elements each.
  func run<T: BinaryFloatingPoint>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, _ a: UnsafeMutablePointer<T>, _ b: UnsafeMutablePointer<T>
  ) {
    if passes.isEmpty { return y.update(from: x, count: count) }
    var source = x
    for (i, p) in passes.enumerated() {
      let target = i == passes.count - 1 ? y : i % 2 == 0 ? a : b
      pass(p, source, target)
      source = UnsafePointer(target)
    }
  }

  private func pass<T: BinaryFloatingPoint>(_ p: Pass, _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>) {
    let weights = p.plan.weights.map { T($0) }
    Parallel.ranges(p.outer * p.output, grain: max(1, (1 << 13) / max(p.inner, 1))) { range in
      for r in range {
        let from = x + r / p.output * p.input * p.inner
        let to = y + r * p.inner
        let span = p.plan.spans[r % p.output]
        if span.count == 1 {
          to.update(from: from + p.plan.indices[span.start] * p.inner, count: p.inner)
          continue
        }
        for t in span.start..<span.start + span.count {
          let w = weights[t]
          let line = from + p.plan.indices[t] * p.inner
          if t == span.start {
            for i in 0..<p.inner { to[i] = w * line[i] }
          } else {
            for i in 0..<p.inner { to[i] += w * line[i] }
          }
        }
      }
    }
  }
}

/// Places of a result that lie outside the cropped region on some axis.
private struct OutsidePlaces {
  private let shape: [Int]
  private let axes: [(axis: Int, flags: [Bool])]

  init(_ shape: [Int], _ plans: [(axis: Int, plan: ResizeAxis)]) {
    self.shape = shape
    axes = plans.filter { $0.plan.isOutside.contains(true) }.map { ($0.axis, $0.plan.isOutside) }
  }

  func fill<T>(_ y: UnsafeMutablePointer<T>, _ value: T) {
    guard !axes.isEmpty else { return }
    var place = [Int](repeating: 0, count: shape.count)
    for i in 0..<shape.reduce(1, *) {
      PatchGather.unravel(i, shape, into: &place)
      if axes.contains(where: { $0.flags[place[$0.axis]] }) { y[i] = value }
    }
  }
}
