import CKernels

/// A convolution problem with its data, and its result by definition in double precision.
struct ConvolutionCase {
  var desc = mc_conv_desc()
  var input: [Float] = []
  var weights: [Float] = []
  var bias: [Float]?
  var residual: [Float]?

  var inputExtents: [Int] { leading(desc.input) }
  var kernel: [Int] { leading(desc.kernel) }
  var stride: [Int] { leading(desc.stride) }
  var dilation: [Int] { leading(desc.dilation) }
  var padBegin: [Int] { leading(desc.pad_begin, filler: 0) }
  var padEnd: [Int] { leading(desc.pad_end, filler: 0) }

  /// Output extents of three dimensions, or nil where a window does not fit.
  var outputExtents: [Int]? {
    var extents: [Int] = []
    for i in 0..<3 {
      let room = inputExtents[i] + padBegin[i] + padEnd[i] - dilation[i] * (kernel[i] - 1) - 1
      if room < 0 { return nil }
      extents.append(room / stride[i] + 1)
    }
    return extents
  }

  private func leading(_ values: (Int, Int, Int), filler: Int = 1) -> [Int] {
    switch desc.spatial {
    case 1: [filler, filler, values.0]
    case 2: [filler, values.0, values.1]
    default: [values.0, values.1, values.2]
    }
  }

  /// Fills data of the description's sizes.
  mutating func fill(_ random: inout SeededNumbers, bias withBias: Bool, residual withResidual: Bool) {
    let out = outputExtents ?? [0, 0, 0]
    input = random.floats(desc.batch * desc.channels * inputExtents.reduce(1, *))
    weights = random.floats(desc.filters * (desc.channels / desc.groups) * kernel.reduce(1, *))
    bias = withBias ? random.floats(desc.filters) : nil
    residual = withResidual ? random.floats(desc.batch * desc.filters * out.reduce(1, *)) : nil
  }

  /// The exact result, and for each element the sum of its terms' magnitudes, to which rounding is relative.
  func reference() -> (values: [Double], magnitudes: [Double]) {
    let out = outputExtents ?? [0, 0, 0]
    let extents = inputExtents, taps = kernel, stride = stride, dilation = dilation, padBegin = padBegin
    let channels = desc.channels / desc.groups, filters = desc.filters / desc.groups
    var values: [Double] = []
    var magnitudes: [Double] = []
    for n in 0..<desc.batch {
      for f in 0..<desc.filters {
        for oz in 0..<out[0] {
          for oy in 0..<out[1] {
            for ox in 0..<out[2] {
              var sum = 0.0, magnitude = 0.0
              for c in 0..<channels {
                let plane = (n * desc.channels + f / filters * channels + c) * extents[0]
                for kz in 0..<taps[0] {
                  let z = oz * stride[0] - padBegin[0] + kz * dilation[0]
                  guard 0..<extents[0] ~= z else { continue }
                  for ky in 0..<taps[1] {
                    let y = oy * stride[1] - padBegin[1] + ky * dilation[1]
                    guard 0..<extents[1] ~= y else { continue }
                    for kx in 0..<taps[2] {
                      let x = ox * stride[2] - padBegin[2] + kx * dilation[2]
                      guard 0..<extents[2] ~= x else { continue }
                      let w = weights[(((f * channels + c) * taps[0] + kz) * taps[1] + ky) * taps[2] + kx]
                      let term = Double(w) * Double(input[((plane + z) * extents[1] + y) * extents[2] + x])
                      sum += term
                      magnitude += abs(term)
                    }
                  }
                }
              }
              if let bias { sum += Double(bias[f]) }
              if let residual { sum += Double(residual[values.count]) }
              values.append(activated(sum))
              magnitudes.append(magnitude)
            }
          }
        }
      }
    }
    return (values, magnitudes)
  }

  private func activated(_ x: Double) -> Double {
    switch desc.activation.kind {
    case MC_ACTIVATION_RELU: max(x, 0)
    case MC_ACTIVATION_LEAKY: x < 0 ? x * Double(desc.activation.alpha) : x
    case MC_ACTIVATION_CLIP: min(max(x, Double(desc.activation.low)), Double(desc.activation.high))
    default: x
    }
  }

  /// Runs the kernels; weights start at an odd address. Nil when no plan can be made or the run is refused.
  func run(scratchShortBy: Int = 0, plannedThreads: Int32? = nil) -> (output: [Float], algorithm: mc_conv_algorithm)? {
    var desc = desc
    guard let plan = mc_conv_plan_create(&desc) else { return nil }
    defer { mc_conv_plan_free(plan) }
    var packed = [Float](repeating: .nan, count: mc_conv_packed_size(plan))
    weights.withUnsafeBytes { bytes in
      let odd = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 16)
      defer { odd.deallocate() }
      UnsafeMutableRawBufferPointer(rebasing: odd[1...]).copyMemory(from: bytes)
      mc_conv_pack(plan, odd.baseAddress.map { $0 + 1 }, &packed)
    }
    let size = max(0, mc_conv_scratch_size(plan, plannedThreads ?? mc_threads()) - scratchShortBy)
    var scratch = [Float](repeating: .nan, count: size)
    let count = desc.batch * desc.filters * (outputExtents ?? [0, 0, 0]).reduce(1, *)
    var output = [Float](repeating: .nan, count: count)
    func call(_ bias: UnsafePointer<Float>?, _ residual: UnsafePointer<Float>?) -> Int32 {
      mc_conv_run(plan, input, packed, bias, residual, &output, &scratch, size)
    }
    let status =
      switch (bias, residual) {
      case (nil, nil): call(nil, nil)
      case (let b?, nil): call(b, nil)
      case (nil, let r?): call(nil, r)
      case (let b?, let r?): call(b, r)
      }
    return status == 0 ? (output, mc_conv_plan_algorithm(plan)) : nil
  }
}
