import CKernels
import Testing

extension KernelTests {
  @Suite struct MovementTests {
    @Test(arguments: [1, 2, 3, 4, 8])
    func gathersAnyView(size: Int) {
      mc_set_threads(3)
      defer { mc_set_threads(0) }
      for seed in 0..<120 {
        var random = SeededNumbers(seed: seed * 10 + size)
        let rank = random.int(0...5)
        let stored = (0..<rank).map { _ in random.int(1...(rank < 3 ? 70 : 9)) }
        var steps = [Int](repeating: 0, count: rank)
        var step = size
        for i in stride(from: rank - 1, through: 0, by: -1) {
          steps[i] = step
          step *= stored[i]
        }
        let source = (0..<step).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let order = random.shuffle(Array(0..<rank))
        var extents = order.map { stored[$0] }, view = order.map { steps[$0] }, offset = 0
        for i in 0..<rank {
          switch random.int(0...5) {
          case 0:
            offset += view[i] * (extents[i] - 1)
            view[i] = -view[i]
          case 1: view[i] = 0
          case 2:
            extents[i] = (extents[i] + 1) / 2
            view[i] *= 2
          default: break
          }
        }
        let count = extents.reduce(1, *)
        var result = [UInt8](repeating: 0, count: count * size)
        let status = source.withUnsafeBytes { bytes in
          mc_gather(Int32(rank), extents, view, size, bytes.baseAddress.map { $0 + offset }, &result)
        }
        #expect(status == 0)
        var expected: [UInt8] = []
        for n in 0..<count {
          var rest = n, at = offset
          for i in stride(from: rank - 1, through: 0, by: -1) {
            at += rest % extents[i] * view[i]
            rest /= extents[i]
          }
          expected += source[at..<(at + size)]
        }
        #expect(result == expected, "seed \(seed): \(extents) \(view)")
      }
    }

    @Test func largeTransposes() {
      mc_set_threads(3)
      defer { mc_set_threads(0) }
      let (n, channels, inner) = (2, 37, 1111)
      let x = (0..<(n * channels * inner)).map(Float.init)
      var y = x
      #expect(mc_gather(3, [n, inner, channels], [channels * inner * 4, 4, inner * 4], 4, x, &y) == 0)
      var back = x
      #expect(mc_gather(3, [n, channels, inner], [channels * inner * 4, 4, channels * 4], 4, y, &back) == 0)
      #expect(y[1] == Float(inner) && y[channels] == 1)
      #expect(back == x)
    }

    @Test func refusals() {
      let x: [Float] = [1]
      var y: [Float] = [0]
      #expect(mc_gather(17, [Int](repeating: 1, count: 17), [Int](repeating: 4, count: 17), 4, x, &y) == -1)
      #expect(mc_gather(1, [1], [4], 0, x, &y) == -1)
      #expect(mc_gather(2, [0, 3], [4, 4], 4, x, &y) == 0)
      #expect(y == [0])
    }

    @Test func rows() {
      let x = (0..<60).map(UInt8.init)
      var y = [UInt8](repeating: 255, count: 50)
      mc_copy_rows(5, 3, x, 12, &y, 10)
      for r in 0..<5 {
        #expect(Array(y[(r * 10)..<(r * 10 + 3)]) == Array(x[(r * 12)..<(r * 12 + 3)]))
        #expect(y[(r * 10 + 3)..<(r * 10 + 10)].allSatisfy { $0 == 255 })
      }
      mc_copy_rows(3, 0, x, 12, &y, 10)
      mc_copy_rows(0, 3, x, 12, &y, 10)
    }
  }
}
