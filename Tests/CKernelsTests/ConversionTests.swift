import CKernels
import Testing

extension KernelTests {
  @Suite struct ConversionTests {
    /// binary16 by its definition.
    static func value(half: UInt16) -> Double {
      let sign = half >> 15 == 1 ? -1.0 : 1.0, exponent = Int(half >> 10 & 31), fraction = Double(half & 1023)
      switch exponent {
      case 31: return fraction == 0 ? sign * .infinity : .nan
      case 0: return sign * fraction * 0x1p-24
      default: return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
      }
    }

    @Test(arguments: availableSets)
    func everyHalf(isa: mc_isa) {
      let all = (0...UInt16.max).map { $0 }
      var floats = [Float](repeating: 0, count: all.count), back = [UInt16](repeating: 0, count: all.count)
      with(isa, threads: 3) {
        mc_half_to_float(all.count, all, &floats)
        mc_float_to_half(all.count, floats, &back)
      }
      for (half, float) in zip(all, floats) {
        let exact = Self.value(half: half)
        if exact.isNaN {
          #expect(float.isNaN && back[Int(half)] == half | 0x200)
          if float.bitPattern != UInt32(half & 0x8000) << 16 | 0x7fc0_0000 | UInt32(half & 1023) << 13 {
            Issue.record("NaN \(half) became \(float.bitPattern)")
          }
        } else if Double(float) != exact || float.sign != (half >> 15 == 1 ? .minus : .plus) || back[Int(half)] != half
        {
          Issue.record("half \(half): \(float), back \(back[Int(half)])")
        }
      }
    }

    /// Rounding at, and next to, the midpoint of every pair of neighbours.
    @Test(arguments: availableSets)
    func halfRounding(isa: mc_isa) {
      var inputs: [Float] = []
      var expected: [UInt16] = []
      for half in UInt16(0)..<0x7c00 {
        let low = Self.value(half: half), high = half == 0x7bff ? 65536 : Self.value(half: half + 1)
        let middle = Float((low + high) / 2)
        for (input, result) in [
          (middle.nextDown, half), (middle, half + half % 2), (middle.nextUp, half + 1),
          (-middle.nextUp, half + 1 | 0x8000),
        ] {
          inputs.append(input)
          expected.append(result)
        }
      }
      inputs += [.greatestFiniteMagnitude, -.infinity, 1e-30, .leastNonzeroMagnitude, -0.0]
      expected += [0x7c00, 0xfc00, 0, 0, 0x8000]
      var result = [UInt16](repeating: 1, count: inputs.count)
      with(isa) { mc_float_to_half(inputs.count, inputs, &result) }
      #expect(result == expected)
    }

    @Test(arguments: availableSets)
    func bfloat16(isa: mc_isa) {
      let all = (0...UInt16.max).map { $0 }
      var floats = [Float](repeating: 0, count: all.count), back = [UInt16](repeating: 0, count: all.count)
      with(isa) {
        mc_bfloat16_to_float(all.count, all, &floats)
        #expect(floats.map(\.bitPattern) == all.map { UInt32($0) << 16 })
        mc_float_to_bfloat16(all.count, floats, &back)
        #expect(zip(all, zip(floats, back)).allSatisfy { $1.1 == ($1.0.isNaN ? $0 | 0x40 : $0) })
        var result = [UInt16](repeating: 0, count: 6)
        let inputs = [0x3f80_8000, 0x3f81_8000, 0x3f80_8001, 0x7f7f_ffff, 0x7f80_0001, 0xffff_ffff] as [UInt32]
        mc_float_to_bfloat16(6, inputs, &result)
        #expect(result == [0x3f80, 0x3f82, 0x3f81, 0x7f80, 0x7fc0, 0xffff])
      }
    }

    @Test(arguments: availableSets, [1, 2, 4, 8])
    func byteSwaps(isa: mc_isa, size: Int) {
      for count in [0, 1, 3, 17, 70_001] {
        let bytes = (0..<(count * size)).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        var swapped = bytes
        with(isa, threads: 3) { #expect(mc_swap_bytes(count, size, bytes, &swapped) == 0) }
        let right = (0..<count).allSatisfy { i in
          (0..<size).allSatisfy { swapped[i * size + $0] == bytes[i * size + size - 1 - $0] }
        }
        #expect(right)
      }
      var byte: [UInt8] = [1, 2, 3]
      #expect(mc_swap_bytes(1, 3, byte, &byte) == -1)
    }

    @Test(arguments: availableSets)
    func nothingNeedsAlignment(isa: mc_isa) {
      let values = (0..<21).map { Float($0) - 7.5 }
      var bytes = [UInt8](repeating: 0, count: 21 * 4 + 3)
      with(isa) {
        bytes.withUnsafeMutableBytes { raw in
          guard let base = raw.baseAddress else { return }
          mc_float_to_half(21, values, base + 1)
          var back = [Float](repeating: 0, count: 21)
          mc_half_to_float(21, base + 1, &back)
          #expect(back == values)
        }
      }
    }
  }
}
