import Diagnostics
import ModelGraph
import TensorCore

extension TransposedConvolution: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  /// A matrix product gives every input element's contribution to each kernel place; these are then added up where they
  /// land. A chunk owns a block of output channels.
  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let s = try ScatterShape(self, context)
    let hasBias = context.has(2)
    try context.requireType(1, 2)
    try context.require(2, count: s.groups, s.filters, what: "bias")
    let workers = Parallel.workers(context.options)
    let positions = s.input.reduce(1, *)
    let perFilter = s.kernel.reduce(1, *) * positions
    let block = min(max(s.filters, 1), max(1, (1 << 19) / max(perFilter, 1)))
    let blocks = (s.filters + block - 1) / block
    let size = MemoryLayout<T>.stride
    return PreparedKernel(scratchBytes: workers * block * perFilter * size) { (args) throws(Diagnostic) in
      let (x, w): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(0), args.input(1))
      let y: UnsafeMutablePointer<T> = args.output(0)
      let outPlane = s.output.reduce(1, *)
      let kernelCount = s.kernel.reduce(1, *)
      Parallel.each(s.batch * s.groups * blocks, workers: workers) { chunk, worker in
        let columns = args.scratch.assumingMemoryBound(to: T.self) + worker * block * perFilter
        let first = chunk % blocks * block
        let count = min(block, s.filters - first)
        let g = chunk / blocks % s.groups
        let n = chunk / blocks / s.groups
        let image = x + (n * s.groups + g) * s.channels * positions
        T.gemm(
          transposesA: true, transposesB: false, m: count * kernelCount, n: positions, k: s.channels, alpha: 1,
          a: w + g * s.channels * s.filters * kernelCount + first * kernelCount, lda: s.filters * kernelCount, b: image,
          ldb: positions, beta: 0, c: columns, ldc: positions)
        for m in 0..<count {
          let channel = g * s.filters + first + m
          let out = y + (n * s.groups * s.filters + channel) * outPlane
          out.update(repeating: hasBias ? args.input(2, T.self)[channel] : 0, count: outPlane)
          s.scatter(columns + m * perFilter, into: out)
        }
      }
    }
  }
}

/// Extents of a transposed convolution in numbers; channels and filters are those of one group.
struct ScatterShape {
  var batch, channels, filters, groups: Int
  var input, kernel, output, stride, dilation, padBegin: [Int]

  init(_ op: TransposedConvolution, _ context: PlanContext) throws(Diagnostic) {
    let (x, w, y) = (try context.shape(0), try context.shape(1), try context.result().shape)
    guard x.count >= 3, x.count == w.count, x.count == y.count else {
      throw context.error("run.shape", "input \(x) and weights \(w) do not fit")
    }
    batch = x[0]
    groups = op.groups
    channels = x[1] / max(groups, 1)
    filters = w[1]
    input = Array(x[2...])
    kernel = Array(w[2...])
    output = Array(y[2...])
    stride = input.indices.map { op.geometry.stride($0) }
    dilation = input.indices.map { op.geometry.dilation($0) }
    padBegin = []
    for i in input.indices {
      let (d, k) = (input[i], kernel[i])
      padBegin.append(
        try context.infer { () throws(InferenceError) in try op.pads(input: d, kernel: k, axis: i) }.begin)
    }
  }

  /// Adds the contributions of one output channel: a row of input positions per kernel place.
  // SAFETY: `columns` holds kernel · input elements, `out` one plane.
  func scatter<T: RealMath>(_ columns: UnsafePointer<T>, into out: UnsafeMutablePointer<T>) {
    let last = input.count - 1
    let (inWidth, outWidth) = (input[last], output[last])
    let rows = input[..<last].reduce(1, *)
    var k = [Int](repeating: 0, count: input.count)
    var place = [Int](repeating: 0, count: last)
    let outer = Array(input[..<last])
    for flat in 0..<kernel.reduce(1, *) {
      PatchGather.unravel(flat, kernel, into: &k)
      let column = columns + flat * rows * inWidth
      let shift = k[last] * dilation[last] - padBegin[last]
      let step = stride[last]
      // Input places whose target lies in the row.
      let low = shift >= 0 ? 0 : (-shift + step - 1) / step
      let high = outWidth > shift ? min(inWidth, (outWidth - shift - 1) / step + 1) : 0
      guard low < high else { continue }
      for row in 0..<rows {
        PatchGather.unravel(row, outer, into: &place)
        var offset = 0
        var inside = true
        for a in 0..<last {
          let i = place[a] * stride[a] + k[a] * dilation[a] - padBegin[a]
          if i < 0 || i >= output[a] { inside = false }
          offset = offset * output[a] + i
        }
        guard inside else { continue }
        let target = out + offset * outWidth + shift
        let source = column + row * inWidth
        for i in low..<high { target[i * step] += source[i] }
      }
    }
  }
}
