import CKernels
import Testing

extension KernelTests {
  @Suite struct ConvolutionTests {
    static let algorithms: [mc_conv_algorithm] = [
      MC_CONV_AUTO, MC_CONV_GEMM, MC_CONV_DIRECT, MC_CONV_DEPTHWISE, MC_CONV_WINOGRAD,
    ]

    /// A random geometry that `algorithm` can compute; extents of different meaning differ where they can.
    static func randomCase(_ algorithm: mc_conv_algorithm, _ random: inout SeededNumbers) -> ConvolutionCase {
      var c = ConvolutionCase()
      c.desc.algorithm = algorithm
      c.desc.spatial = algorithm == MC_CONV_WINOGRAD ? 2 : Int32(random.int(1...3))
      c.desc.batch = random.int(1...3)
      c.desc.groups = random.oneIn(2) ? 1 : random.int(2...4)
      var channels = random.int(1...(random.oneIn(4) ? 40 : 9)), filters = random.int(1...(random.oneIn(4) ? 50 : 17))
      if algorithm == MC_CONV_DEPTHWISE {
        c.desc.groups = random.int(2...13)
        channels = 1
        filters = random.int(1...3)
      }
      c.desc.channels = channels * c.desc.groups
      c.desc.filters = filters * c.desc.groups
      let longest = c.desc.spatial == 3 ? 8 : 23
      func triple(_ f: () -> Int) -> (Int, Int, Int) { (f(), f(), f()) }
      let winograd = algorithm == MC_CONV_WINOGRAD
      c.desc.input = triple { random.int(1...longest) }
      c.desc.kernel = triple { winograd ? 3 : random.oneIn(4) ? 1 : random.int(1...5) }
      c.desc.stride = triple { winograd ? 1 : random.int(1...3) }
      c.desc.dilation = triple { winograd || random.oneIn(2) ? 1 : random.int(1...3) }
      let unpadded = random.oneIn(4)
      c.desc.pad_begin = triple { unpadded ? 0 : random.int(0...3) }
      c.desc.pad_end = triple { unpadded ? 0 : random.int(0...3) }
      c.desc.activation.kind = mc_activation_kind(UInt32(random.int(0...3)))
      c.desc.activation.alpha = 0.1
      c.desc.activation.low = -3
      c.desc.activation.high = 9
      return c
    }

    func expectEqual(_ c: ConvolutionCase, _ note: String) {
      guard let (output, algorithm) = c.run() else {
        Issue.record("no result: \(note)")
        return
      }
      let (values, magnitudes) = c.reference()
      let typical = Double(c.desc.channels / c.desc.groups * 9)
      for (i, value) in values.enumerated() {
        // Winograd's rounding is relative to all terms of a tile, not to those of one element.
        let scale = algorithm == MC_CONV_WINOGRAD ? 8 * (1 + typical) : 1 + magnitudes[i]
        if !(abs(Double(output[i]) - value) <= 2e-6 * scale) {
          Issue.record("element \(i): \(output[i]), expected \(value); \(note); \(c.desc)")
          return
        }
      }
    }

    @Test(arguments: availableSets, algorithms)
    func agreesWithDefinition(isa: mc_isa, algorithm: mc_conv_algorithm) {
      for seed in 0..<40 {
        var random = SeededNumbers(seed: seed)
        var c = Self.randomCase(algorithm, &random)
        let threads = Int32(random.int(1...3))
        c.fill(&random, bias: random.oneIn(2), residual: random.oneIn(2))
        with(isa, threads: threads) {
          if c.outputExtents == nil {
            #expect(c.run() == nil, "a window larger than the padded input, seed \(seed)")
          } else {
            expectEqual(c, "seed \(seed), \(threads) threads")
          }
        }
      }
    }

    /// Batch, channels, filters, groups, extents, kernel, stride, pad of layers whose planes are small or thin.
    static let layers: [(Int, Int, Int, Int, Int, Int, Int, Int, Int)] = [
      (1, 70, 100, 1, 7, 7, 3, 1, 1), (3, 33, 47, 1, 7, 7, 1, 1, 0), (1, 40, 30, 1, 14, 13, 5, 1, 2),
      (2, 3, 20, 1, 29, 31, 7, 2, 3), (1, 400, 18, 1, 5, 6, 1, 1, 0), (1, 19, 33, 1, 1, 1, 1, 1, 0),
      (5, 17, 29, 1, 1, 1, 1, 1, 0), (1, 24, 48, 3, 20, 17, 1, 1, 0), (2, 16, 32, 1, 28, 28, 3, 2, 1),
      (1, 21, 22, 1, 6, 6, 6, 1, 0), (2, 64, 24, 1, 15, 14, 1, 2, 0), (1, 340, 14, 1, 9, 11, 3, 1, 1),
    ]

    @Test(arguments: availableSets, layers)
    func agreesOnLayers(isa: mc_isa, layer: (Int, Int, Int, Int, Int, Int, Int, Int, Int)) {
      var c = ConvolutionCase()
      let (n, channels, filters, groups, h, w, kernel, step, pad) = layer
      c.desc = mc_conv_desc(
        batch: n, channels: channels, filters: filters, groups: groups, spatial: 2, input: (h, w, 0),
        kernel: (kernel, kernel, 0), stride: (step, step, 0), pad_begin: (pad, pad, 0), pad_end: (pad, pad, 0),
        dilation: (1, 1, 0), activation: mc_activation(), algorithm: MC_CONV_AUTO, exact: 0)
      var random = SeededNumbers(seed: h)
      c.fill(&random, bias: true, residual: false)
      with(isa) { expectEqual(c, "\(layer)") }
    }

    @Test(arguments: availableSets)
    func threadsDoNotChangeBits(isa: mc_isa) {
      for (seed, algorithm) in Self.algorithms.enumerated() {
        var random = SeededNumbers(seed: 900 + seed)
        var c = Self.randomCase(algorithm, &random)
        while c.outputExtents == nil { c = Self.randomCase(algorithm, &random) }
        c.desc.filters *= 5
        c.fill(&random, bias: true, residual: true)
        let one = with(isa, threads: 1) { c.run()?.output }
        for threads: Int32 in [2, 3, 7] {
          #expect(with(isa, threads: threads) { c.run()?.output } == one)
        }
      }
    }

    @Test func exactForbidsWinograd() {
      var c = ConvolutionCase()
      c.desc = mc_conv_desc(
        batch: 1, channels: 32, filters: 32, groups: 1, spatial: 2, input: (16, 17, 0), kernel: (3, 3, 0),
        stride: (1, 1, 0), pad_begin: (1, 1, 0), pad_end: (1, 1, 0), dilation: (1, 1, 0),
        activation: mc_activation(), algorithm: MC_CONV_AUTO, exact: 0)
      var random = SeededNumbers(seed: 5)
      c.fill(&random, bias: false, residual: false)
      #expect(c.run()?.algorithm == MC_CONV_WINOGRAD)
      c.desc.exact = 1
      #expect(c.run()?.algorithm == MC_CONV_GEMM)
    }

    @Test func refusesUnsoundGeometry() {
      var base = ConvolutionCase()
      base.desc = mc_conv_desc(
        batch: 1, channels: 4, filters: 6, groups: 2, spatial: 2, input: (5, 7, 0), kernel: (3, 3, 0),
        stride: (1, 1, 0), pad_begin: (0, 0, 0), pad_end: (0, 0, 0), dilation: (1, 1, 0),
        activation: mc_activation(), algorithm: MC_CONV_AUTO, exact: 0)
      func accepted(_ change: (inout mc_conv_desc) -> Void) -> Bool {
        var desc = base.desc
        change(&desc)
        let plan = mc_conv_plan_create(&desc)
        mc_conv_plan_free(plan)
        return plan != nil
      }
      #expect(accepted { _ in })
      #expect(!accepted { $0.groups = 3 })
      #expect(!accepted { $0.groups = 0 })
      #expect(!accepted { $0.spatial = 4 })
      #expect(!accepted { $0.stride.0 = 0 })
      #expect(!accepted { $0.kernel.1 = 0 })
      #expect(!accepted { $0.kernel.1 = 8 })
      #expect(!accepted { $0.pad_begin.0 = -1 })
      #expect(!accepted { $0.dilation.0 = .max })
      #expect(!accepted { $0.input = (.max, .max, 0) })
      #expect(!accepted { $0.batch = 1 << 55 })
      #expect(!accepted { $0.algorithm = MC_CONV_DEPTHWISE })
      #expect(
        !accepted {
          $0.algorithm = MC_CONV_WINOGRAD
          $0.stride.0 = 2
        })
    }

    @Test func refusesShortScratch() {
      var c = ConvolutionCase()
      c.desc = mc_conv_desc(
        batch: 1, channels: 5, filters: 6, groups: 1, spatial: 2, input: (9, 8, 0), kernel: (3, 3, 0),
        stride: (1, 1, 0), pad_begin: (0, 0, 0), pad_end: (0, 0, 0), dilation: (1, 1, 0),
        activation: mc_activation(), algorithm: MC_CONV_GEMM, exact: 0)
      var random = SeededNumbers(seed: 6)
      c.fill(&random, bias: false, residual: false)
      with(MC_ISA_BASE, threads: 1) {
        #expect(c.run(scratchShortBy: 0) != nil)
        #expect(c.run(scratchShortBy: 1 << 30) == nil)
        // Scratch that was sized for more threads serves one, though one cuts the work more coarsely.
        let alone = c.run()?.output
        for threads: Int32 in [2, 4, 7, 64] { #expect(c.run(plannedThreads: threads)?.output == alone) }
      }
    }

    @Test(arguments: availableSets)
    func emptyExtents(isa: mc_isa) {
      var c = ConvolutionCase()
      c.desc = mc_conv_desc(
        batch: 0, channels: 4, filters: 6, groups: 1, spatial: 1, input: (5, 0, 0), kernel: (1, 0, 0),
        stride: (1, 0, 0), pad_begin: (0, 0, 0), pad_end: (0, 0, 0), dilation: (1, 0, 0),
        activation: mc_activation(), algorithm: MC_CONV_AUTO, exact: 0)
      with(isa) {
        #expect(c.run()?.output == [])
        c.desc.batch = 2
        c.desc.channels = 0
        c.bias = [1, 2, 3, 4, 5, 6]
        let expected: [Float] = (0..<2).flatMap { _ in (1...6).flatMap { [Float](repeating: Float($0), count: 5) } }
        #expect(c.run()?.output == expected)
        c.desc.filters = 0
        c.bias = []
        #expect(c.run()?.output == [])
      }
    }
  }
}
