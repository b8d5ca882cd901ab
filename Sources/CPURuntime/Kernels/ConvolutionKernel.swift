import Diagnostics
import ModelGraph
import TensorCore

extension Convolution: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32:
      let shape = try ConvolutionShape(self, context)
      let exact = context.options.exactness == .exact
      if let packed = PackedConvolution(shape, exact: exact, workers: Parallel.workers(context.options)) {
        let weights = context.constant(1)
        if weights != nil { context.use(1, .consumed) }
        return try packed.kernel(weights: weights, biasOperand: context.has(2) ? 2 : nil)
      }
      return try PatchConvolution<Float>(self, context).kernel
    case .float64: return try PatchConvolution<Double>(self, context).kernel
    case let t: throw context.unsupportedType(t)
    }
  }
}

/// Extents of a convolution in numbers.
struct ConvolutionShape {
  var batch, channels, filters, groups: Int
  var input, kernel, output, stride, dilation, padBegin, padEnd: [Int]

  init(_ op: Convolution, _ context: PlanContext) throws(Diagnostic) {
    try context.requireType(1, 2)
    let x = try context.shape(0)
    let w = try context.shape(1)
    let y = try context.result().shape
    guard x.count >= 3, x.count == w.count, x.count == y.count else {
      throw context.error("run.shape", "input \(x) and weights \(w) do not fit")
    }
    batch = x[0]
    channels = x[1]
    filters = w[0]
    groups = op.groups
    input = Array(x[2...])
    kernel = Array(w[2...])
    output = Array(y[2...])
    let axes = input.indices
    stride = axes.map { op.geometry.stride($0) }
    dilation = axes.map { op.geometry.dilation($0) }
    padBegin = []
    padEnd = []
    for i in axes {
      let (input, kernel) = (input[i], kernel[i])
      let p = try context.infer { () throws(InferenceError) in
        try op.geometry.pads(input: input, kernel: kernel, axis: i)
      }
      padBegin.append(p.begin)
      padEnd.append(p.end)
    }
  }

  var outputCount: Int { output.reduce(1, *) }
  var inputCount: Int { input.reduce(1, *) }
  var kernelCount: Int { kernel.reduce(1, *) }
  /// Products per output element.
  var depth: Int { channels / groups * kernelCount }
}

/// Convolution of any rank as a matrix product over gathered patches, tile by tile.
struct PatchConvolution<T: BlasScalar> {
  let shape: ConvolutionShape
  let hasBias: Bool
  let tile: Int
  let workers: Int

  init(_ op: Convolution, _ context: PlanContext) throws(Diagnostic) {
    shape = try ConvolutionShape(op, context)
    hasBias = context.has(2)
    workers = Parallel.workers(context.options)
    // A tile's patches stay within the second-level cache.
    let room = max((1 << 18) / max(shape.depth, 1), 16)
    tile = min(max(shape.outputCount, 1), room)
  }

  var kernel: PreparedKernel {
    let bytes = workers * tile * shape.depth * MemoryLayout<T>.stride
    return PreparedKernel(scratchBytes: bytes) { (args) throws(Diagnostic) in run(args) }
  }

  private func run(_ args: KernelArguments) {
    let x: UnsafePointer<T> = args.input(0)
    let w: UnsafePointer<T> = args.input(1)
    let bias: UnsafePointer<T>? = hasBias ? args.input(2) : nil
    let y: UnsafeMutablePointer<T> = args.output(0)
    let s = shape
    let positions = s.outputCount
    guard positions > 0, s.filters > 0, s.batch > 0 else { return }
    let tiles = (positions - 1) / tile + 1
    let m = s.filters / s.groups
    let depth = s.depth
    Parallel.each(s.batch * s.groups * tiles, workers: workers) { chunk, worker in
      let t = chunk % tiles
      let g = chunk / tiles % s.groups
      let n = chunk / tiles / s.groups
      let from = t * tile
      let count = min(tile, positions - from)
      let patches = args.scratch.assumingMemoryBound(to: T.self) + worker * tile * depth
      let image = x + (n * s.channels + g * (s.channels / s.groups)) * s.inputCount
      PatchGather.gather(s, image: image, channels: s.channels / s.groups, from: from, count: count, into: patches)
      let out = y + (n * s.filters + g * m) * positions + from
      for i in 0..<m {
        let b = bias.map { $0[g * m + i] } ?? 0
        let row = out + i * positions
        for j in 0..<count { row[j] = b }
      }
      T.gemm(
        transposesA: false, transposesB: false, m: m, n: count, k: depth, alpha: 1, a: w + g * m * depth, lda: depth,
        b: patches, ldb: count, beta: 1, c: out, ldc: positions)
    }
  }
}

/// Gathers the patches that windows see into a matrix: a row per channel and kernel element, a column per position.
enum PatchGather {
  // SAFETY: `image` holds `channels` planes of the shape's input extents, `out` channels · kernel · count elements.
  static func gather<T: BinaryFloatingPoint>(
    _ s: ConvolutionShape, image: UnsafePointer<T>, channels: Int, from: Int, count: Int,
    into out: UnsafeMutablePointer<T>
  ) {
    let last = s.input.count - 1
    let width = s.output[last]
    var row = out
    var place = [Int](repeating: 0, count: s.input.count)
    var k = [Int](repeating: 0, count: s.input.count)
    for c in 0..<channels {
      let plane = image + c * s.inputCount
      for flat in 0..<s.kernelCount {
        unravel(flat, s.kernel, into: &k)
        var at = 0
        while at < count {
          unravel(from + at, s.output, into: &place)
          let run = min(width - place[last], count - at)
          var offset = 0
          var inside = true
          for a in 0..<last {
            let i = place[a] * s.stride[a] - s.padBegin[a] + k[a] * s.dilation[a]
            if i < 0 || i >= s.input[a] { inside = false }
            offset = offset * s.input[a] + i
          }
          let start = place[last] * s.stride[last] - s.padBegin[last] + k[last] * s.dilation[last]
          let line = row + at
          if !inside {
            for j in 0..<run { line[j] = 0 }
          } else {
            let source = plane + offset * s.input[last]
            let step = s.stride[last]
            for j in 0..<run {
              let i = start + j * step
              line[j] = i >= 0 && i < s.input[last] ? source[i] : 0
            }
          }
          at += run
        }
        row += count
      }
    }
  }

  /// The row-major coordinates of element `flat`.
  @inline(__always)
  static func unravel(_ flat: Int, _ shape: [Int], into out: inout [Int]) {
    var rest = flat
    for a in shape.indices.reversed() {
      out[a] = rest % shape[a]
      rest /= shape[a]
    }
  }
}
