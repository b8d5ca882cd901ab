import CKernels
import Testing

extension KernelTests {
  @Suite struct GemmTests {
    @Test(arguments: availableSets)
    func agreesWithDefinition(isa: mc_isa) {
      for seed in 0..<150 {
        var random = SeededNumbers(seed: seed)
        let m = random.int(0...40), n = random.int(0...60), k = random.int(0...(random.oneIn(5) ? 900 : 50))
        let ta = random.oneIn(2), tb = random.oneIn(2), ldc = n + random.int(0...3)
        var d = mc_gemm_desc()
        (d.m, d.n, d.k) = (m, n, k)
        d.alpha = random.oneIn(2) ? 1 : 0.5
        d.beta = [0, 1, -2][random.int(0...2)]
        (d.a_row_step, d.a_column_step) = ta ? (1, m) : (k, 1)
        (d.b_row_step, d.b_column_step) = tb ? (1, k) : (n, 1)
        d.c_row_step = ldc
        if random.oneIn(3) { d.activation = mc_activation(kind: MC_ACTIVATION_CLIP, alpha: 0, low: -4, high: 5) }
        let a = random.floats(m * k), b = random.floats(k * n)
        let rowBias: [Float]? = random.oneIn(2) ? random.floats(m) : nil
        let columnBias: [Float]? = random.oneIn(2) ? random.floats(n) : nil
        let before = d.beta == 0 ? [Float](repeating: .nan, count: m * ldc) : random.floats(m * ldc)
        var c = before
        let status = with(isa, threads: Int32(random.int(1...3))) {
          // SAFETY: the pointers are used within the scope of the buffers they come from.
          (rowBias ?? [0]).withUnsafeBufferPointer { rows in
            (columnBias ?? [0]).withUnsafeBufferPointer { columns in
              d.row_bias = rowBias == nil ? nil : rows.baseAddress
              d.column_bias = columnBias == nil ? nil : columns.baseAddress
              let size = mc_gemm_scratch_size(&d)
              var scratch = [Float](repeating: .nan, count: size)
              return mc_gemm(&d, a, b, &c, &scratch, size)
            }
          }
        }
        #expect(status == 0)
        var right = true
        for i in 0..<m {
          for j in 0..<ldc {
            guard j < n else {
              right = right && c[i * ldc + j].bitPattern == before[i * ldc + j].bitPattern
              continue
            }
            var sum = 0.0, magnitude = 1.0
            for l in 0..<k {
              let term = Double(a[ta ? l * m + i : i * k + l]) * Double(b[tb ? j * k + l : l * n + j])
              sum += term
              magnitude += abs(term)
            }
            sum *= Double(d.alpha)
            if d.beta != 0 { sum += Double(d.beta) * Double(before[i * ldc + j]) }
            sum += Double(rowBias?[i] ?? 0) + Double(columnBias?[j] ?? 0)
            if d.activation.kind == MC_ACTIVATION_CLIP { sum = min(max(sum, -4), 5) }
            right = right && abs(Double(c[i * ldc + j]) - sum) <= 3e-6 * magnitude
          }
        }
        #expect(right, "seed \(seed): \(m) x \(n) x \(k)")
      }
    }

    @Test func refusesShortScratch() {
      var d = mc_gemm_desc()
      (d.m, d.n, d.k) = (3, 4, 5)
      (d.a_row_step, d.a_column_step, d.b_row_step, d.b_column_step, d.c_row_step) = (5, 1, 4, 1, 4)
      var c = [Float](repeating: 0, count: 12), scratch: [Float] = [0]
      #expect(mc_gemm(&d, [Float](repeating: 1, count: 15), [Float](repeating: 1, count: 20), &c, &scratch, 1) == -1)
    }

    @Test(arguments: availableSets)
    func fullyConnected(isa: mc_isa) {
      for seed in 0..<120 {
        var random = SeededNumbers(seed: 300 + seed)
        let rows = random.int(0...19), inputs = random.int(0...(random.oneIn(4) ? 700 : 40))
        let outputs = random.int(0...(random.oneIn(4) ? 300 : 40)), transposed = random.oneIn(2)
        let x = random.floats(rows * inputs), w = random.floats(inputs * outputs), bias = random.floats(outputs)
        let relu = random.oneIn(2)
        let withBias = random.oneIn(2)
        let activation = mc_activation(
          kind: relu ? MC_ACTIVATION_RELU : MC_ACTIVATION_NONE, alpha: 0, low: 0, high: 0)
        var y = [Float](repeating: .nan, count: rows * outputs)
        with(isa, threads: Int32(random.int(1...3))) {
          w.withUnsafeBytes { bytes in
            let odd = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 16)
            defer { odd.deallocate() }
            UnsafeMutableRawBufferPointer(rebasing: odd[1...]).copyMemory(from: bytes)
            mc_fully_connected(
              rows, inputs, outputs, x, odd.baseAddress.map { $0 + 1 }, transposed ? 1 : 0, withBias ? bias : nil,
              activation, &y)
          }
        }
        var right = true
        for r in 0..<rows {
          for o in 0..<outputs {
            var sum = withBias ? Double(bias[o]) : 0, magnitude = 1.0
            for i in 0..<inputs {
              let term = Double(x[r * inputs + i]) * Double(w[transposed ? i * outputs + o : o * inputs + i])
              sum += term
              magnitude += abs(term)
            }
            if relu { sum = max(sum, 0) }
            right = right && abs(Double(y[r * outputs + o]) - sum) <= 2e-6 * magnitude
          }
        }
        #expect(right, "seed \(seed): \(rows) x \(inputs) x \(outputs), transposed \(transposed)")
      }
    }
  }
}
