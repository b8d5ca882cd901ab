import CaffeFormat
import Diagnostics
import TensorCore
import Testing

@Suite struct FillerTests {
  /// The values of the weights that a filler text gives a 2-D or 4-D blob.
  private func values(_ filler: String, outputs: Int = 40, channels: Int = 30, kernel: Int = 3, seed: UInt64 = 7) throws
    -> [Float]
  {
    let sink = DiagnosticSink()
    let text =
      "input: 'a' input_shape { dim: 1 dim: \(channels) dim: 9 dim: 9 }"
      + "layer { name: 'c' type: 'Convolution' bottom: 'a' top: 'b' convolution_param { num_output: \(outputs) "
      + "kernel_size: \(kernel) weight_filler { \(filler) } } }"
    var options = CaffeReadOptions()
    options.seed = seed
    let model = try readNet(text, sink, options)
    #expect(sink.errors.map(\.rendered) == [])
    return try #require(model.blobs.last?.first).floats()
  }

  private func mean(_ v: [Float]) -> Double { v.reduce(0) { $0 + Double($1) } / Double(v.count) }
  private func deviation(_ v: [Float]) -> Double {
    let m = mean(v)
    return (v.reduce(0) { $0 + (Double($1) - m) * (Double($1) - m) } / Double(v.count)).squareRoot()
  }

  @Test func distributionsAreCaffes() throws {
    #expect(try Set(values("type: 'constant' value: 2.5")) == [2.5])
    let uniform = try values("type: 'uniform' min: -1 max: 3")
    #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3 } && abs(mean(uniform) - 1) < 0.05)
    let gaussian = try values("type: 'gaussian' mean: 2 std: 0.5")
    #expect(abs(mean(gaussian) - 2) < 0.02 && abs(deviation(gaussian) - 0.5) < 0.02)
    // Fan in is 30·3·3 = 270, fan out 40·3·3 = 360.
    let limit = Float((3.0 / 270).squareRoot())
    let xavier = try values("type: 'xavier'")
    #expect(xavier.allSatisfy { abs($0) <= limit } && (xavier.max() ?? 0) > 0.99 * limit)
    let msra = try values("type: 'msra' variance_norm: FAN_OUT")
    #expect(abs(deviation(msra) - (2.0 / 360).squareRoot()) < 0.003)
    let average = try values("type: 'msra' variance_norm: AVERAGE")
    #expect(abs(deviation(average) - (2.0 / 315).squareRoot()) < 0.003)
  }

  @Test func sparseKeepsTheExpectedShare() throws {
    let v = try values("type: 'gaussian' std: 1 sparse: 10")
    let share = Double(v.count { $0 != 0 }) / Double(v.count)
    #expect(abs(share - 10.0 / 40) < 0.02)
  }

  @Test func unitBallRowsSumToOne() throws {
    let v = try values("type: 'positive_unitball'")
    for row in 0..<40 { #expect(abs(v[row * 270..<(row + 1) * 270].reduce(0, +) - 1) < 1e-4) }
    #expect(v.allSatisfy { $0 >= 0 })
  }

  @Test func bilinearInterpolates() throws {
    let v = try values("type: 'bilinear'", outputs: 2, channels: 1, kernel: 4)
    let edge: [Float] = [0.25, 0.75, 0.75, 0.25]
    for y in 0..<4 { for x in 0..<4 { #expect(v[y * 4 + x] == edge[y] * edge[x]) } }
    #expect(Array(v[16...]) == Array(v[..<16]))
  }

  @Test func equalSeedsGiveEqualWeights() throws {
    let a = try values("type: 'xavier'", seed: 3)
    #expect(try a == values("type: 'xavier'", seed: 3))
    #expect(try a != values("type: 'xavier'", seed: 4))
  }

  @Test func unknownFillersAreRefused() throws {
    let sink = DiagnosticSink()
    _ = try readNet(
      "input: 'a' input_shape { dim: 1 dim: 4 }\nlayer { name: 'f' type: 'InnerProduct' bottom: 'a' top: 'b' "
        + "inner_product_param { num_output: 2 weight_filler { type: 'xaver' } } }", sink)
    #expect(sink.errors.map(\.code) == ["caffe.filler.type"])
    #expect(sink.errors.first?.location.line == 2)
  }
}
