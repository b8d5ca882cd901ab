import CKernels
import Testing

extension KernelTests {
  @Suite struct PoolingTests {
    struct Case {
      var desc = mc_pool_desc()
      var input: [Float] = []

      private func values(_ t: (Int, Int, Int), filler: Int) -> [Int] {
        switch desc.spatial {
        case 1: [filler, filler, t.0]
        case 2: [filler, t.0, t.1]
        default: [t.0, t.1, t.2]
        }
      }

      func reference() -> (values: [Double], indices: [Int64]) {
        let extents = values(desc.input, filler: 1), out = values(desc.output, filler: 1)
        let kernel = values(desc.kernel, filler: 1), stride = values(desc.stride, filler: 1)
        let begin = values(desc.pad_begin, filler: 0), end = values(desc.pad_end, filler: 0)
        let dilation = values(desc.dilation, filler: 1)
        func taps(_ i: Int, _ o: Int) -> [Int] {
          (0..<kernel[i]).map { o * stride[i] - begin[i] + $0 * dilation[i] }
        }
        func divisor(_ i: Int, _ o: Int) -> Int {
          switch desc.divisor {
          case MC_DIVISOR_WINDOW: return kernel[i]
          case MC_DIVISOR_VALID: return taps(i, o).count { 0..<extents[i] ~= $0 }
          default:
            let start = o * stride[i] - begin[i], limit = extents[i] + end[i]
            return start > limit && dilation[i] == 1
              ? limit - start : start >= limit ? -((start - limit) / dilation[i]) : taps(i, o).count { $0 < limit }
          }
        }
        var result: [Double] = []
        var winners: [Int64] = []
        for p in 0..<desc.planes {
          for z in 0..<out[0] {
            for y in 0..<out[1] {
              for x in 0..<out[2] {
                var sum = 0.0, best = -Float.greatestFiniteMagnitude, winner = -1
                for tz in taps(0, z) where 0..<extents[0] ~= tz {
                  for ty in taps(1, y) where 0..<extents[1] ~= ty {
                    for tx in taps(2, x) where 0..<extents[2] ~= tx {
                      let at = (tz * extents[1] + ty) * extents[2] + tx
                      let v = input[p * extents.reduce(1, *) + at]
                      sum += Double(v)
                      let wins =
                        desc.nan == MC_POOL_NAN_PROPAGATED
                        ? winner < 0 || v > best || (v.isNaN && !best.isNaN) : v > best
                      if wins { (best, winner) = (v, at) }
                    }
                  }
                }
                let count = divisor(0, z) * divisor(1, y) * divisor(2, x)
                result.append(desc.kind == MC_POOL_MAX ? Double(best) : sum / Double(count))
                winners.append(Int64(winner))
              }
            }
          }
        }
        return (result, winners)
      }

      func run() -> [Float]? {
        var desc = desc
        let size = mc_pool_scratch_size(&desc, mc_threads())
        var scratch = [Float](repeating: .nan, count: size)
        let out = values(desc.output, filler: 1).reduce(desc.planes, *)
        var output = [Float](repeating: 12345, count: out)
        return mc_pool(&desc, input, &output, &scratch, size) == 0 ? output : nil
      }
    }

    static func randomCase(_ random: inout SeededNumbers) -> Case {
      var c = Case()
      c.desc.planes = random.int(1...5)
      c.desc.spatial = Int32(random.int(1...3))
      let longest = c.desc.spatial == 3 ? 7 : 40
      func triple(_ f: () -> Int) -> (Int, Int, Int) { (f(), f(), f()) }
      c.desc.input = triple { random.int(1...longest) }
      c.desc.output = triple { random.int(1...(longest / 2)) }
      c.desc.kernel = triple { random.int(1...(random.oneIn(4) ? 9 : 5)) }
      c.desc.stride = triple { random.int(1...4) }
      c.desc.dilation = triple { random.oneIn(2) ? 1 : random.int(1...3) }
      c.desc.pad_begin = triple { random.int(0...3) }
      c.desc.pad_end = triple { random.int(0...3) }
      c.desc.kind = random.oneIn(2) ? MC_POOL_MAX : MC_POOL_AVERAGE
      c.desc.divisor = mc_pool_divisor(UInt32(random.int(0...2)))
      c.desc.nan = random.oneIn(2) ? MC_POOL_NAN_IGNORED : MC_POOL_NAN_PROPAGATED
      let extents = [c.desc.input.0, c.desc.input.1, c.desc.input.2].prefix(Int(c.desc.spatial))
      c.input = random.floats(extents.reduce(c.desc.planes, *))
      if c.desc.kind == MC_POOL_MAX {
        for value in [Float.nan, -.infinity, .infinity, -.greatestFiniteMagnitude] {
          for _ in 0..<3 { c.input[random.int(0...(c.input.count - 1))] = value }
        }
      }
      return c
    }

    func allAgree(_ output: [Float], _ exact: [Double]) -> Bool {
      output.count == exact.count && output.indices.allSatisfy { agree(output[$0], exact[$0]) }
    }

    func agree(_ a: Float, _ b: Double) -> Bool {
      if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
      if a.isInfinite || b.isInfinite { return Double(a) == b }
      return abs(Double(a) - b) <= 2e-6 * (1 + abs(b))
    }

    @Test(arguments: availableSets)
    func agreesWithDefinition(isa: mc_isa) {
      for seed in 0..<400 {
        var random = SeededNumbers(seed: seed)
        let c = Self.randomCase(&random)
        guard let output = with(isa, threads: Int32(random.int(1...3)), { c.run() }) else {
          Issue.record("refused: \(c.desc)")
          continue
        }
        let (values, _) = c.reference()
        #expect(allAgree(output, values), "seed \(seed): \(c.desc)")
      }
    }

    @Test(arguments: availableSets)
    func indices(isa: mc_isa) {
      for seed in 0..<200 {
        var random = SeededNumbers(seed: 5000 + seed)
        var c = Self.randomCase(&random)
        c.desc.kind = MC_POOL_MAX
        // Few values: ties are common.
        c.input = c.input.map { $0.isFinite && abs($0) < 10 ? $0.rounded() : $0 }
        let (values, winners) = c.reference()
        var output = [Float](repeating: 0, count: values.count)
        var found = [Int64](repeating: -7, count: values.count)
        let status = with(isa) { mc_max_pool_indices(&c.desc, c.input, &output, &found) }
        #expect(status == 0)
        #expect(found == winners, "seed \(seed)")
        #expect(allAgree(output, values))
      }
    }

    /// One window over the plane, with and without padding around it.
    @Test(arguments: availableSets, [MC_POOL_MAX, MC_POOL_AVERAGE])
    func wholePlanes(isa: mc_isa, kind: mc_pool_kind) {
      for (seed, (h, w, pad)) in [(7, 7, 0), (1, 1, 0), (13, 17, 0), (5, 9, 1), (64, 3, 0)].enumerated() {
        var random = SeededNumbers(seed: seed)
        var c = Case()
        c.desc = mc_pool_desc(
          planes: 5, spatial: 2, input: (h, w, 0), output: (1, 1, 0), kernel: (h + 2 * pad, w + 2 * pad, 0),
          stride: (1, 2, 0), pad_begin: (pad, pad, 0), pad_end: (pad, pad, 0), dilation: (1, 1, 0), kind: kind,
          divisor: MC_DIVISOR_PADDED, nan: MC_POOL_NAN_PROPAGATED)
        c.input = random.floats(5 * h * w)
        if kind == MC_POOL_MAX { c.input[h * w] = .nan }
        guard let output = with(isa, { c.run() }) else {
          Issue.record("refused")
          continue
        }
        #expect(allAgree(output, c.reference().values), "\(h) \(w) \(pad)")
      }
    }

    /// A window past an unpadded input: Caffe's ceil rounding keeps it.
    @Test func windowsOutside() {
      var c = Case()
      c.desc = mc_pool_desc(
        planes: 1, spatial: 2, input: (2, 3, 0), output: (2, 2, 0), kernel: (1, 1, 0), stride: (3, 2, 0),
        pad_begin: (0, 0, 0), pad_end: (0, 0, 0), dilation: (1, 1, 0), kind: MC_POOL_MAX,
        divisor: MC_DIVISOR_PADDED, nan: MC_POOL_NAN_IGNORED)
      c.input = [1, 2, 3, 4, 5, 6]
      let lowest = -Float.greatestFiniteMagnitude
      #expect(c.run() == [1, 3, lowest, lowest])
      c.desc.nan = MC_POOL_NAN_PROPAGATED
      #expect(c.run() == [1, 3, lowest, lowest])
      c.desc.kind = MC_POOL_AVERAGE
      let average = c.run() ?? []
      #expect(average.prefix(2) == [1, 3])
      // The first coordinate past the end gives 0 / -1 one row further down: minus zero.
      #expect(average.dropFirst(2).map(\.bitPattern) == [(-0.0 as Float).bitPattern, (-0.0 as Float).bitPattern])
      c.desc.stride.0 = 2
      #expect((c.run() ?? []).map { $0.isNaN } == [false, false, true, true])
    }

    @Test func refusesUnsoundGeometry() {
      var desc = mc_pool_desc(
        planes: 1, spatial: 2, input: (4, 5, 0), output: (2, 2, 0), kernel: (2, 2, 0), stride: (2, 2, 0),
        pad_begin: (0, 0, 0), pad_end: (0, 0, 0), dilation: (1, 1, 0), kind: MC_POOL_MAX,
        divisor: MC_DIVISOR_PADDED, nan: MC_POOL_NAN_IGNORED)
      func accepted(_ change: (inout mc_pool_desc) -> Void) -> Bool {
        var d = desc
        change(&d)
        return mc_pool_scratch_size(&d, 1) > 0
      }
      #expect(accepted { _ in })
      #expect(!accepted { $0.spatial = 0 })
      #expect(!accepted { $0.stride.1 = 0 })
      #expect(!accepted { $0.kernel.0 = 0 })
      #expect(!accepted { $0.dilation.0 = .max })
      #expect(!accepted { $0.input = (.max, .max, 0) })
      #expect(!accepted { $0.output = (1 << 40, 1 << 40, 0) })
      var scratch: [Float] = [0]
      var output: [Float] = [0, 0, 0, 0]
      #expect(mc_pool(&desc, [Float](repeating: 0, count: 20), &output, &scratch, 1) == -1)
    }
  }
}
