import Diagnostics
import ModelGraph
import TensorCore

#if canImport(Glibc)
  import Glibc
#endif

extension MeanFieldInference: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let type = try context.dtype(0)
    guard type == .float32 else { throw context.unsupportedType(type) }
    try context.requireType(1, 2, 3, 4, 5)
    let x = try context.shape(0)
    guard x.count == 4, try context.shape(1) == x, try context.shape(2) == [x[0], 3, x[2], x[3]] else {
      throw context.error("run.shape", "the estimate or the picture does not fit the unary terms \(x)")
    }
    for i in 3...5 where try context.shape(i) != [x[1], x[1]] {
      throw context.error("run.shape", "weights \(try context.shape(i)) do not fit \(x[1]) classes")
    }
    let (classes, height, width) = (x[1], x[2], x[3])
    let pixels = height * width
    guard pixels <= 1 << 24 else { throw context.error("run.shape", "a plane of \(height) by \(width) is too large") }
    let op = self
    return PreparedKernel { (args) throws(Diagnostic) in
      let spatial = NormalizedLattice(op.features(nil, height, width), dimensions: 2)
      for n in 0..<x[0] {
        let picture: UnsafePointer<Float> = args.input(2) + n * 3 * pixels
        let bilateral = NormalizedLattice(op.features(picture, height, width), dimensions: 5)
        let start = n * classes * pixels
        op.infer(
          unary: args.input(0) + start, estimate: args.input(1) + start,
          weights: (args.input(3), args.input(4), args.input(5)),
          spatial, bilateral, into: args.output(0) + start, classes, pixels)
      }
    }
  }

  /// Places in the feature space: x and y, with a picture its colours as well.
  private func features(_ picture: UnsafePointer<Float>?, _ height: Int, _ width: Int) -> [Float] {
    var out: [Float] = []
    let pixels = height * width
    let theta = picture == nil ? thetaGamma.value : thetaAlpha.value
    out.reserveCapacity(pixels * (picture == nil ? 2 : 5))
    for p in 0..<pixels {
      out.append(Float(p % width) / theta)
      out.append(Float(p / width) / theta)
      guard let picture else { continue }
      for c in 0..<3 { out.append(picture[c * pixels + p] / thetaBeta.value) }
    }
    return out
  }

  // SAFETY: all addresses hold classes · pixels elements, the weights classes².
  private func infer(
    unary: UnsafePointer<Float>, estimate: UnsafePointer<Float>,
    weights: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>), _ spatial: NormalizedLattice,
    _ bilateral: NormalizedLattice, into result: UnsafeMutablePointer<Float>, _ classes: Int, _ pixels: Int
  ) {
    let count = classes * pixels
    var current = Array(UnsafeBufferPointer(start: estimate, count: count))
    var filtered = [Float](repeating: 0, count: count)
    for _ in 0..<iterations {
      softmax(&current, classes, pixels)
      var message = [Float](repeating: 0, count: count)
      for (lattice, w) in [(spatial, weights.0), (bilateral, weights.1)] {
        lattice.filter(current, into: &filtered, channels: classes)
        accumulate(w, filtered, &message, 1, classes, pixels)
      }
      for i in 0..<count { current[i] = unary[i] }
      accumulate(weights.2, message, &current, -1, classes, pixels)
    }
    current.withUnsafeBufferPointer { if let p = $0.baseAddress { result.update(from: p, count: count) } }
  }

  private func softmax(_ x: inout [Float], _ classes: Int, _ pixels: Int) {
    for p in 0..<pixels {
      var greatest = -Float.infinity
      for c in 0..<classes { greatest = max(greatest, x[c * pixels + p]) }
      var sum: Float = 0
      for c in 0..<classes {
        let e = expf(x[c * pixels + p] - greatest)
        x[c * pixels + p] = e
        sum += e
      }
      for c in 0..<classes { x[c * pixels + p] /= sum }
    }
  }

  /// y += sign · W x, class by class.
  private func accumulate(
    _ w: UnsafePointer<Float>, _ x: [Float], _ y: inout [Float], _ sign: Float, _ classes: Int, _ pixels: Int
  ) {
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        for i in 0..<classes {
          for j in 0..<classes where w[i * classes + j] != 0 {
            let v = sign * w[i * classes + j]
            for p in 0..<pixels { y[i * pixels + p] += v * x[j * pixels + p] }
          }
        }
      }
    }
  }
}

/// A lattice whose filter leaves constant values as they are.
private struct NormalizedLattice {
  let lattice: PermutohedralLattice
  private let norm: [Float]

  init(_ features: [Float], dimensions: Int) {
    let lattice = PermutohedralLattice(features: features, dimensions: dimensions)
    self.lattice = lattice
    let ones = [Float](repeating: 1, count: lattice.points)
    var sums = ones
    sums.withUnsafeMutableBufferPointer { y in
      ones.withUnsafeBufferPointer { x in
        if let a = x.baseAddress, let b = y.baseAddress { lattice.filter(a, into: b, channels: 1) }
      }
    }
    norm = sums.map { 1 / ($0 + 1e-20) }
  }

  func filter(_ x: [Float], into y: inout [Float], channels: Int) {
    y.withUnsafeMutableBufferPointer { y in
      x.withUnsafeBufferPointer { x in
        guard let a = x.baseAddress, let b = y.baseAddress else { return }
        lattice.filter(a, into: b, channels: channels)
        for c in 0..<channels { for p in 0..<lattice.points { b[c * lattice.points + p] *= norm[p] } }
      }
    }
  }
}
