import Diagnostics
import Glibc
import ModelGraph
import TensorCore

/// Discrete Fourier transforms of any length: powers of two by halving, others by Bluestein's convolution.
enum Fourier {
  static func transform(_ re: inout [Double], _ im: inout [Double], inverse: Bool) {
    let n = re.count
    guard n > 1 else { return }
    if n & (n - 1) == 0 { powerOfTwo(&re, &im, inverse: inverse) } else { anyLength(&re, &im, inverse: inverse) }
    if inverse {
      for i in 0..<n {
        re[i] /= Double(n)
        im[i] /= Double(n)
      }
    }
  }

  private static func powerOfTwo(_ re: inout [Double], _ im: inout [Double], inverse: Bool) {
    let n = re.count
    var j = 0
    for i in 1..<n {
      var bit = n >> 1
      while j & bit != 0 {
        j ^= bit
        bit >>= 1
      }
      j |= bit
      if i < j {
        re.swapAt(i, j)
        im.swapAt(i, j)
      }
    }
    let sign = inverse ? 1.0 : -1.0
    var length = 2
    while length <= n {
      let half = length / 2
      for k in 0..<half {
        let angle = sign * 2 * Double.pi * Double(k) / Double(length)
        let (c, s) = (cos(angle), sin(angle))
        var i = k
        while i < n {
          let (a, b) = (i, i + half)
          let tr = re[b] * c - im[b] * s
          let ti = re[b] * s + im[b] * c
          re[b] = re[a] - tr
          im[b] = im[a] - ti
          re[a] += tr
          im[a] += ti
          i += length
        }
      }
      length *= 2
    }
  }

  private static func anyLength(_ re: inout [Double], _ im: inout [Double], inverse: Bool) {
    let n = re.count
    var m = 1
    while m < 2 * n - 1 { m *= 2 }
    let sign = inverse ? 1.0 : -1.0
    // e^{± iπ k²/n}; k² mod 2n keeps the angle small.
    let turns = (0..<n).map { k -> (Double, Double) in
      let angle = sign * Double.pi * Double((k * k) % (2 * n)) / Double(n)
      return (cos(angle), sin(angle))
    }
    var (ar, ai) = ([Double](repeating: 0, count: m), [Double](repeating: 0, count: m))
    var (br, bi) = (ar, ai)
    for k in 0..<n {
      let (c, s) = turns[k]
      ar[k] = re[k] * c - im[k] * s
      ai[k] = re[k] * s + im[k] * c
      br[k] = c
      bi[k] = -s
      if k > 0 {
        br[m - k] = c
        bi[m - k] = -s
      }
    }
    powerOfTwo(&ar, &ai, inverse: false)
    powerOfTwo(&br, &bi, inverse: false)
    for k in 0..<m {
      (ar[k], ai[k]) = (ar[k] * br[k] - ai[k] * bi[k], ar[k] * bi[k] + ai[k] * br[k])
    }
    powerOfTwo(&ar, &ai, inverse: true)
    for k in 0..<n {
      let (c, s) = turns[k]
      let (x, y) = (ar[k] / Double(m), ai[k] / Double(m))
      re[k] = x * c - y * s
      im[k] = x * s + y * c
    }
  }
}

extension FourierTransform: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let out = try context.result().shape
    let a = try context.axis(try context.optionalInts(2)?.first ?? -2, rank: x.count)
    if context.has(1) { context.use(1, .consumed) }
    let parts = x[x.count - 1]
    guard parts == 1 || parts == 2, a < x.count - 1 else {
      throw context.error("run.shape", "\(x) has no complex parts")
    }
    let restores = isInverse && isOneSided
    // Length of the transform: of the full spectrum where only half of it is given.
    let given = try context.optionalInts(1)?.first
    let length = restores ? out[a] : given ?? x[a]
    guard length > 0 else { throw context.error("run.range", "a transform of length \(length)") }
    let (outer, inner) = (x[..<a].reduce(1, *), x[(a + 1)..<(x.count - 1)].reduce(1, *))
    let (extent, kept, outParts, inverse) = (x[a], out[a], out[out.count - 1], isInverse)
    return PreparedKernel { (args) throws(Diagnostic) in
      let p: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(outer * inner, grain: max(1, 4096 / max(length, 1))) { range in
        for line in range {
          let (o, i) = (line / inner, line % inner)
          var re = [Double](repeating: 0, count: length)
          var im = re
          // A half spectrum holds this many bins; the other half mirrors them.
          let known = min(extent, restores ? length / 2 + 1 : length)
          for k in 0..<known {
            let at = ((o * extent + k) * inner + i) * parts
            re[k] = Double(p[at])
            im[k] = parts == 2 ? Double(p[at + 1]) : 0
          }
          if restores {
            for k in (length / 2 + 1)..<max(length, length / 2 + 1) where length - k < known {
              re[k] = re[length - k]
              im[k] = -im[length - k]
            }
          }
          Fourier.transform(&re, &im, inverse: inverse)
          for k in 0..<kept {
            let at = ((o * kept + k) * inner + i) * outParts
            y[at] = T(re[k])
            if outParts == 2 { y[at + 1] = T(im[k]) }
          }
        }
      }
    }
  }
}

extension ShortTimeFourierTransform: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let out = try context.result().shape
    try context.requireType(2)
    guard x.count == 2 || (x.count == 3 && (x[2] == 1 || x[2] == 2)), out.count == 4,
      let step = try context.requireInts(1).first
    else {
      throw context.error("run.shape", "\(x) is not a signal")
    }
    let parts = x.count > 2 ? x[2] : 1
    let hasWindow = context.has(2)
    let windowLength = hasWindow ? try context.operand(2).count : 0
    let frame = try context.optionalInts(3)?.first ?? windowLength
    guard frame > 0, step > 0, windowLength <= frame, (out[1] - 1) * step + frame <= x[1] else {
      throw context.error("run.shape", "frames of \(frame) do not fit a signal of \(x[1])")
    }
    let left = (frame - windowLength) / 2
    return PreparedKernel { (args) throws(Diagnostic) in
      let signal: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      for f in 0..<out[0] * out[1] {
        let start = (f / out[1] * x[1] + f % out[1] * step) * parts
        var re = [Double](repeating: 0, count: frame)
        var im = re
        for k in 0..<frame {
          var w = 1.0
          if hasWindow {
            let i = k - left
            w = i >= 0 && i < windowLength ? Double(args.input(2, T.self)[i]) : 0
          }
          re[k] = Double(signal[start + k * parts]) * w
          if parts == 2 { im[k] = Double(signal[start + k * parts + 1]) * w }
        }
        Fourier.transform(&re, &im, inverse: false)
        for k in 0..<out[2] {
          y[(f * out[2] + k) * 2] = T(re[k])
          y[(f * out[2] + k) * 2 + 1] = T(im[k])
        }
      }
    }
  }
}

extension SignalWindow: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(0, .consumed)
    let out = try context.result()
    guard NumberLoop.isSupported(out.dtype) else { throw context.unsupportedType(out.dtype) }
    let n = out.count
    let period = Double(isPeriodic ? n : n - 1)
    let terms: [Double] =
      switch kind {
      case .hann: [0.5, 0.5, 0]
      case .hamming: [25.0 / 46, 21.0 / 46, 0]
      case .blackman: [0.42, 0.5, 0.08]
      }
    return PreparedKernel { (args) throws(Diagnostic) in
      for i in 0..<n {
        let angle = period == 0 ? 0 : 2 * Double.pi * Double(i) / period
        NumberLoop.store(
          out.dtype, args.rawOutput(0), i, terms[0] - terms[1] * cos(angle) + terms[2] * cos(2 * angle))
      }
    }
  }
}

extension MelWeights: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let out = try context.result()
    var numbers: [Double] = []
    for i in 0..<5 {
      guard let v = try context.requireDoubles(i).first else {
        throw context.error("run.shape", "operand \(i) is empty")
      }
      numbers.append(v)
    }
    let (bins, length, rate) = (Int(out.shape[1]), numbers[1], numbers[2])
    guard rate > 0, numbers[3] >= 0, numbers[4] >= 0, NumberLoop.isSupported(out.dtype) else {
      throw context.error("run.range", "the frequencies make no filters")
    }
    func mel(_ f: Double) -> Double { 2595 * log10(1 + f / 700) }
    let (low, high) = (mel(numbers[3]), mel(numbers[4]))
    let step = (high - low) / Double(bins + 2)
    let edges = (0..<bins + 2).map { i -> Int in
      let f = 700 * (Double.pow(10, (Double(i) * step + low) / 2595) - 1)
      return NumberLoop.integer(((length + 1) * f / rate).rounded(.down)) as Int
    }
    let rows = out.shape[0]
    return PreparedKernel { (args) throws(Diagnostic) in
      for r in 0..<rows {
        for b in 0..<bins {
          let (lower, centre, upper) = (edges[b], edges[b + 1], edges[b + 2])
          var v = 0.0
          if lower == centre {
            if r == centre { v = 1 }
          } else if r >= lower, r <= centre {
            v = Double(r - lower) / Double(centre - lower)
          }
          if centre < upper, r >= centre, r < upper { v = Double(upper - r) / Double(upper - centre) }
          NumberLoop.store(out.dtype, args.rawOutput(0), r * bins + b, v)
        }
      }
    }
  }
}
