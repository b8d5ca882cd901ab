import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite struct ElementwiseTests {
    /// A function in double precision, its parameters, and the error allowed in units of the last place.
    struct Function: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let op: mc_unary_op
      var p: Float = 0
      var q: Float = 0
      let ulps: Double
      let exact: @Sendable (Double) -> Double
    }

    static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

    static let functions: [Function] = [
      Function(testDescription: "relu", op: MC_UNARY_RELU, ulps: 0) { $0 < 0 ? 0 : $0 },
      Function(testDescription: "leaky", op: MC_UNARY_LEAKY, p: 0.25, ulps: 0.5) { $0 < 0 ? 0.25 * $0 : $0 },
      Function(testDescription: "clip", op: MC_UNARY_CLIP, p: -1.5, q: 6, ulps: 0) { min(max($0, -1.5), 6) },
      Function(testDescription: "sigmoid", op: MC_UNARY_SIGMOID, ulps: 3) { 1 / (1 + exp(-$0)) },
      Function(testDescription: "tanh", op: MC_UNARY_TANH, ulps: 3) { tanh($0) },
      Function(testDescription: "exp", op: MC_UNARY_EXP, ulps: 1) { exp($0) },
      Function(testDescription: "log", op: MC_UNARY_LOG, ulps: 1) { log($0) },
      Function(testDescription: "elu", op: MC_UNARY_ELU, p: 0.5, ulps: 3) { $0 < 0 ? 0.5 * expm1($0) : $0 },
      Function(testDescription: "swish", op: MC_UNARY_SWISH, p: 1, ulps: 5) { $0 / (1 + exp(-$0)) },
      Function(testDescription: "softplus", op: MC_UNARY_SOFTPLUS, ulps: 4) { softplus($0) },
      Function(testDescription: "abs", op: MC_UNARY_ABS, ulps: 0) { abs($0) },
      Function(testDescription: "negate", op: MC_UNARY_NEGATE, ulps: 0) { -$0 },
      Function(testDescription: "square", op: MC_UNARY_SQUARE, ulps: 0.5) { $0 * $0 },
      Function(testDescription: "sqrt", op: MC_UNARY_SQRT, ulps: 0.5) { $0.squareRoot() },
      Function(testDescription: "reciprocal", op: MC_UNARY_RECIPROCAL, ulps: 0.5) { 1 / $0 },
      Function(testDescription: "affine", op: MC_UNARY_AFFINE, p: 2, q: 0, ulps: 0.5) { 2 * $0 },
      Function(testDescription: "hard sigmoid", op: MC_UNARY_HARD_SIGMOID, p: 0.25, q: 0.5, ulps: 0.5) {
        min(max(0.25 * $0 + 0.5, 0), 1)
      },
      Function(testDescription: "hard swish", op: MC_UNARY_HARD_SWISH, p: 0.125, q: 0.5, ulps: 1.5) {
        $0 * min(max(0.125 * $0 + 0.5, 0), 1)
      },
      Function(testDescription: "mish", op: MC_UNARY_MISH, ulps: 8) { $0 * tanh(softplus($0)) },
      Function(testDescription: "expm1", op: MC_UNARY_EXPM1, ulps: 3) { expm1($0) },
      Function(testDescription: "threshold", op: MC_UNARY_THRESHOLD, p: 0.5, ulps: 0) { $0 > 0.5 ? 1 : 0 },
    ]

    /// Numbers of all magnitudes, dense where the functions bend, and the special ones.
    static let arguments: [Float] = {
      var random = SeededNumbers(seed: 77)
      var values: [Float] = [
        0, -0.0, 1, -1, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
        .leastNormalMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 88.7228, 88.73, -87.34, -103.9, -104.1,
        0.34657, -0.34658, 1e-8, -1e-8, 1e-20,
      ]
      for _ in 0..<4000 {
        values.append(random.float())
        values.append(random.float() * 25)
        values.append(random.float() * 55)
        values.append(Float(bitPattern: random.next()))
      }
      return values.filter { !$0.isNaN }
    }()

    @Test func everyFunctionIsListed() {
      #expect(Set(Self.functions.map(\.op.rawValue)).count == Int(MC_UNARY_COUNT.rawValue))
    }

    @Test(arguments: availableSets, functions)
    func unary(isa: mc_isa, function: Function) {
      let x = Self.arguments
      var y = [Float](repeating: .nan, count: x.count)
      with(isa) { mc_unary(function.op, x.count, x, function.p, function.q, &y) }
      let allowed = function.ulps + (isa == MC_ISA_BASE && function.ulps > 0.5 ? 2 : 0)
      for (value, result) in zip(x, y) {
        let exact = function.exact(Double(value))
        let rounded = Float(exact)
        // Limits at infinity that the formula itself does not reach (0 times infinity) are no concern.
        if value.isInfinite && exact.isNaN { continue }
        if rounded.isNaN || rounded.isInfinite || rounded == 0 {
          let right =
            result == rounded || (result.isNaN && rounded.isNaN) || (rounded == 0 && abs(result) < 1e-44)
            || (rounded.isInfinite && abs(result) > 3.4e38)
          if !right {
            Issue.record("\(function.testDescription)(\(value)) = \(result), expected \(rounded)")
          }
          continue
        }
        let ulp = Double(max(rounded.ulp, .leastNonzeroMagnitude))
        // The last place of a subnormal factor of a product.
        let product = function.op == MC_UNARY_SWISH || function.op == MC_UNARY_MISH
        let factor = product ? abs(Double(value)) * 0x1p-148 : 0
        let error = max(0, abs(Double(result) - exact) - factor) / ulp
        if !(error <= allowed) {
          Issue.record("\(function.testDescription)(\(value)) = \(result), expected \(exact): \(error) ulp")
          return
        }
      }
    }

    @Test(arguments: availableSets, functions)
    func nanStaysAndTailsAgree(isa: mc_isa, function: Function) {
      with(isa) {
        for count in [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 33] {
          var random = SeededNumbers(seed: count)
          var x = random.floats(count)
          var whole = [Float](repeating: 0, count: count + 16)
          mc_unary(function.op, count + 16, x + [Float](repeating: 1, count: 16), function.p, function.q, &whole)
          mc_unary(function.op, count, x, function.p, function.q, &x)
          #expect(x.map(\.bitPattern) == whole.prefix(count).map(\.bitPattern))
        }
        var y: [Float] = [0, 0, 0]
        mc_unary(function.op, 3, [1, .nan, 0.25], function.p, function.q, &y)
        #expect(y[1].isNaN || function.op == MC_UNARY_THRESHOLD)
        #expect(!y[0].isNaN && !y[2].isNaN)
      }
    }

    @Test(arguments: availableSets)
    func longRunsAreCut(isa: mc_isa) {
      let x = (0..<40_000).map { Float($0 % 1000) - 500 }
      var y = x
      with(isa, threads: 3) { mc_unary(MC_UNARY_RELU, x.count, x, 0, 0, &y) }
      #expect(y == x.map { max($0, 0) })
    }

    @Test(arguments: availableSets)
    func channels(isa: mc_isa) {
      var random = SeededNumbers(seed: 3)
      for (outer, channels, inner) in [(2, 3, 5), (1, 7, 1), (3, 2, 19), (2, 3, 9000), (0, 3, 4), (2, 5, 0)] {
        let x = random.floats(outer * channels * inner), scale = random.floats(channels)
        let shift = random.floats(channels)
        func expected(_ f: (Float, Int) -> Float) -> [Float] {
          x.indices.map { f(x[$0], $0 / inner % channels) }
        }
        var y = [Float](repeating: .nan, count: x.count)
        with(isa, threads: 3) {
          mc_prelu(outer, channels, inner, x, scale, &y)
          #expect(y == expected { x, c in x < 0 ? x * scale[c] : x })
          mc_scale_shift(outer, channels, inner, x, scale, nil, mc_activation(), &y)
          #expect(y == expected { x, c in x * scale[c] })
          mc_scale_shift(outer, channels, inner, x, nil, shift, mc_activation(), &y)
          #expect(y == expected { x, c in x + shift[c] })
          let relu = mc_activation(kind: MC_ACTIVATION_RELU, alpha: 0, low: 0, high: 0)
          mc_scale_shift(outer, channels, inner, x, scale, shift, relu, &y)
          let exact = expected { x, c in max(0, Float(Double(x) * Double(scale[c]) + Double(shift[c]))) }
          #expect(zip(y, exact).allSatisfy { abs($0 - $1) <= 1e-6 })
        }
      }
    }

    static let binary: [(mc_binary_op, @Sendable (Float, Float) -> Float)] = [
      (MC_BINARY_ADD, { $0 + $1 }), (MC_BINARY_SUBTRACT, { $0 - $1 }), (MC_BINARY_MULTIPLY, { $0 * $1 }),
      (MC_BINARY_DIVIDE, { $0 / $1 }), (MC_BINARY_MAX, { $0 > $1 ? $0 : $1 }), (MC_BINARY_MIN, { $0 < $1 ? $0 : $1 }),
      (MC_BINARY_MAX_NAN, { $0.isNaN ? $0 : $1.isNaN ? $1 : $0 > $1 ? $0 : $1 }),
      (MC_BINARY_MIN_NAN, { $0.isNaN ? $0 : $1.isNaN ? $1 : $0 < $1 ? $0 : $1 }),
    ]

    @Test(arguments: availableSets)
    func broadcasts(isa: mc_isa) {
      #expect(Self.binary.count == Int(MC_BINARY_COUNT.rawValue))
      var random = SeededNumbers(seed: 8)
      for (op, function) in Self.binary {
        for extents in [[2, 3, 5], [3, 2, 17], [1, 4, 1], [2, 2, 17_000], [2, 0, 3], [70, 31, 9]] {
          let masks = [[1, 1, 1], [0, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]]
          let aMask = masks[random.int(0...5)], bMask = masks[random.int(0...5)]
          func steps(_ mask: [Int]) -> (steps: [Int], count: Int) {
            var step = 1
            var result = [0, 0, 0]
            for i in [2, 1, 0] where mask[i] == 1 {
              result[i] = step
              step *= max(1, extents[i])
            }
            return (result, step)
          }
          let (aSteps, aCount) = steps(aMask), (bSteps, bCount) = steps(bMask)
          var a = random.floats(aCount), b = random.floats(bCount)
          a[0] = .nan
          b[bCount - 1] = .nan
          var y = [Float](repeating: 7, count: extents.reduce(1, *))
          with(isa, threads: 3) { mc_binary(op, extents, a, aSteps, b, bSteps, &y) }
          var n = 0
          var right = true
          for i in 0..<extents[0] {
            for j in 0..<extents[1] {
              for k in 0..<extents[2] {
                let u = a[i * aSteps[0] + j * aSteps[1] + k * aSteps[2]]
                let v = b[i * bSteps[0] + j * bSteps[1] + k * bSteps[2]]
                let expected = function(u, v)
                right = right && (y[n] == expected || (y[n].isNaN && expected.isNaN))
                n += 1
              }
            }
          }
          #expect(right, "\(op) \(extents) \(aMask) \(bMask)")
        }
      }
    }

    @Test(arguments: availableSets)
    func strangeSteps(isa: mc_isa) {
      var y = [Float](repeating: 0, count: 11)
      with(isa) {
        mc_binary(MC_BINARY_SUBTRACT, [1, 1, 11], (0..<33).map(Float.init), [0, 0, 3], [1, 2], [0, 0, 0], &y)
      }
      #expect(y == (0..<11).map { Float(3 * $0 - 1) })
    }

    @Test(arguments: availableSets)
    func weightedSum(isa: mc_isa) {
      var random = SeededNumbers(seed: 4)
      for count in [0, 1, 7, 9, 20_000] {
        let a = random.floats(count), b = random.floats(count)
        var y = a
        with(isa) { mc_weighted_sum(count, 0.5, a, -2, b, &y) }
        #expect(y == (0..<count).map { 0.5 * a[$0] + -2 * b[$0] })
      }
    }
  }
}
