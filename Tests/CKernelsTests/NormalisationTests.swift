import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite struct NormalisationTests {
    @Test(arguments: availableSets, [0.75, 0.5, 1, 0.6] as [Float])
    func lrnAcross(isa: mc_isa, beta: Float) {
      for (seed, (n, channels, inner, size)) in [
        (2, 7, 13, 5), (1, 3, 1, 5), (3, 9, 67, 3), (1, 5, 8, 1), (2, 6, 20, 4), (1, 40, 1000, 5), (1, 2, 9, 9),
      ].enumerated() {
        var random = SeededNumbers(seed: seed)
        let x = random.floats(n * channels * inner).map { $0 * 10 }, alpha: Float = 0.3, k: Float = 1.5
        var y = [Float](repeating: .nan, count: x.count)
        with(isa, threads: 3) { mc_lrn_across(n, channels, inner, size, alpha, beta, k, x, &y) }
        var right = true
        for (at, value) in x.enumerated() {
          let c = at / inner % channels, base = at - c * inner
          var sum = 0.0
          for j in max(0, c - (size - 1) / 2)...min(channels - 1, c + size / 2) {
            sum += Double(x[base + j * inner]) * Double(x[base + j * inner])
          }
          let exact = Double(value) * pow(Double(k) + Double(alpha) / Double(size) * sum, -Double(beta))
          right = right && abs(Double(y[at]) - exact) <= 2e-6 * abs(exact)
        }
        #expect(right, "\(n) \(channels) \(inner) \(size)")
      }
    }

    @Test(arguments: availableSets)
    func lrnScale(isa: mc_isa) {
      var random = SeededNumbers(seed: 9)
      for count in [0, 1, 7, 8, 21, 20_000] {
        let x = random.floats(count), s = random.floats(count).map { abs($0) }
        var y = s
        with(isa) { mc_lrn_scale(count, 0.5, 0.75, 1, x, s, &y) }
        let right = (0..<count).allSatisfy { i in
          let exact = Double(x[i]) * pow(1 + 0.5 * Double(s[i]), -0.75)
          return abs(Double(y[i]) - exact) <= 1e-6 * abs(exact)
        }
        #expect(right)
      }
    }

    @Test(arguments: availableSets, [0, 1] as [Int32])
    func softmax(isa: mc_isa, logarithm: Int32) {
      for (seed, (outer, count, inner)) in [
        (2, 5, 1), (3, 17, 1), (1, 1000, 1), (2, 3, 7), (1, 21, 130), (2, 1, 9), (0, 3, 4), (2, 0, 3), (2, 8, 300),
      ].enumerated() {
        var random = SeededNumbers(seed: seed)
        let x = random.floats(outer * count * inner).map { $0 * 40 + 500 }
        var y = x
        with(isa, threads: 3) { mc_softmax(outer, count, inner, logarithm, x, &y) }
        var right = true
        for o in 0..<outer {
          for i in 0..<inner {
            let line = (0..<count).map { Double(x[(o * count + $0) * inner + i]) }
            let top = line.max() ?? 0
            let total = line.reduce(0) { $0 + exp($1 - top) }
            for (c, value) in line.enumerated() {
              let result = Double(y[(o * count + c) * inner + i])
              if logarithm == 1 {
                let exact = value - top - log(total)
                right = right && abs(result - exact) <= 1e-6 * (1 + abs(exact))
              } else {
                let exact = exp(value - top) / total
                right = right && abs(result - exact) <= 2e-6 * exact + 1e-44
              }
            }
          }
        }
        #expect(right, "\(outer) \(count) \(inner)")
      }
    }

    @Test(arguments: availableSets)
    func softmaxOfNan(isa: mc_isa) {
      var y = [Float](repeating: 0, count: 22)
      with(isa) {
        for spot in [0, 9, 10] {
          var x = [Float](repeating: 1, count: 22)
          x[spot] = .nan
          mc_softmax(2, 11, 1, 0, x, &y)
          #expect((0..<22).filter { y[$0].isNaN } == Array(0..<11))
          mc_softmax(1, 11, 2, 0, x, &y)
          #expect((0..<22).filter { y[$0].isNaN } == (0..<22).filter { $0 % 2 == spot % 2 })
        }
      }
    }
  }
}
