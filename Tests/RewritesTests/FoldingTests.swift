import ModelGraph
import Rewrites
import TensorCore
import Testing

@Suite struct FoldingTests {
  /// Convolution, BatchNormalization and ScaleShift in a row, as Caffe's residual networks have them.
  func residualHead(_ b: inout GraphBuilder, batch: Int = 2) throws -> ValueID {
    let x = b.input("x", [batch, 3, 5, 7])
    let w = try b.weights("w", [4, 3, 2, 3])
    let c = try b.add(Convolution(geometry: WindowGeometry(kernel: [2, 3])), [x, w], "conv")
    let mean = try b.weights("mean", [4])
    let variance = try b.weights("variance", [4], low: 0.25)
    let n = try b.add(BatchNormalization(epsilon: 1e-5), [c, nil, nil, mean, variance], "bn")
    let gamma = try b.weights("gamma", [4])
    let beta = try b.weights("beta", [4])
    return try b.add(ScaleShift(axis: 1), [n, gamma, beta], "y")
  }

  @Test func scaleJoinsBatchNorm() throws {
    var b = GraphBuilder()
    let y = try residualHead(&b)
    let g = try expectRewrite(b.graph(y), FuseScaleIntoBatchNorm(), changes: 1)
    #expect(g.operatorCounts == ["Convolution": 1, "BatchNormalization": 1])
  }

  @Test func everythingFoldsIntoTheConvolution() throws {
    var b = GraphBuilder()
    let y = try residualHead(&b)
    let before = b.graph(y)
    let (g, steps) = try PassManager(Pipelines.standard).run(before)
    #expect(steps.map(\.pass) == ["FuseScaleIntoBatchNorm", "FoldBatchNormIntoConvolution"])
    #expect(g.operatorCounts == ["Convolution": 1])
    #expect(g.nodes[0].name == "conv")
    #expect(g.nodes[0].origin.passes == ["FoldBatchNormIntoConvolution"])
    // Recomputed from the definition.
    func values(_ name: String) throws -> [Double] { try #require(before.value(named: name)?.constant).doubles() }
    let (w, gamma, variance, mean, beta) = (
      try values("w"), try values("gamma"), try values("variance"), try values("mean"), try values("beta")
    )
    let folded = try #require(g.value(named: "w_folded")?.constant).doubles()
    let bias = try #require(g.value(named: "conv_bias_folded")?.constant).doubles()
    for m in 0..<4 {
      let f = gamma[m] / (variance[m] + Double(Float(1e-5))).squareRoot()
      for i in 0..<18 { #expect(abs(folded[m * 18 + i] - w[m * 18 + i] * f) < 1e-6) }
      #expect(abs(bias[m] - (beta[m] - mean[m] * f)) < 1e-6)
    }
  }

  @Test func convolutionWithAnotherUserStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 7])
    let w = try b.weights("w", [4, 3, 2, 3])
    let c = try b.add(Convolution(), [x, w], "conv")
    let mean = try b.weights("mean", [4])
    let variance = try b.weights("variance", [4], low: 0.25)
    let n = try b.add(BatchNormalization(epsilon: 1e-5), [c, nil, nil, mean, variance], "bn")
    let y = try b.add(BinaryMap(.add), [c, n], "y")
    try expectRewrite(b.graph(y), FoldBatchNormIntoConvolution(), changes: 0)
  }

  @Test func vanishingVarianceStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 7])
    let w = try b.weights("w", [4, 3, 2, 3])
    let c = try b.add(Convolution(), [x, w], "conv")
    let mean = try b.weights("mean", [4])
    let variance = b.editor.addConstant("variance", try Tensor([Float](repeating: 0, count: 4)))
    let y = try b.add(BatchNormalization(epsilon: 0), [c, nil, nil, mean, variance], "bn")
    try expectRewrite(b.graph(y), FoldBatchNormIntoConvolution(), changes: 0)
  }

  @Test func transposedConvolutionScalesByOutputChannel() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 6, 3, 4])
    let w = try b.weights("w", [6, 2, 2, 3])
    let bias = try b.weights("bias", [4])
    let c = try b.add(TransposedConvolution(groups: 2), [x, w, bias], "deconv")
    let gamma = try b.weights("gamma", [4])
    let y = try b.add(ScaleShift(axis: 1), [c, gamma, nil], "y")
    let before = b.graph(y)
    let g = try expectRewrite(before, FuseScaleIntoConvolution(), changes: 1)
    let old = try #require(before.value(named: "w")?.constant).floats()
    let scale = try #require(before.value(named: "gamma")?.constant).floats()
    let new = try #require(g.value(named: "w_folded")?.constant).floats()
    for c in 0..<6 {
      for j in 0..<2 {
        for k in 0..<6 {
          let i = (c * 2 + j) * 6 + k
          // Input channels 0…2 belong to group 0, 3…5 to group 1, whose outputs are 2 and 3.
          #expect(abs(new[i] - old[i] * scale[c / 3 * 2 + j]) < 1e-6)
        }
      }
    }
  }

  @Test(arguments: [InnerProduct.Layout.outputsByInputs, .inputsByOutputs])
  func innerProductScalesByOutput(layout: InnerProduct.Layout) throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let w = try b.weights("w", layout == .outputsByInputs ? [5, 3] : [3, 5])
    let p = try b.add(InnerProduct(weightLayout: layout), [x, w], "fc")
    let gamma = try b.weights("gamma", [5])
    let beta = try b.weights("beta", [5])
    let y = try b.add(ScaleShift(axis: 1), [p, gamma, beta], "y")
    let before = b.graph(y)
    let g = try expectRewrite(before, FuseScaleIntoInnerProduct(), changes: 1)
    let old = try #require(before.value(named: "w")?.constant).floats()
    let scale = try #require(before.value(named: "gamma")?.constant).floats()
    let new = try #require(g.value(named: "w_folded")?.constant).floats()
    for i in 0..<15 {
      let n = layout == .outputsByInputs ? i / 3 : i % 5
      #expect(abs(new[i] - old[i] * scale[n]) < 1e-6)
    }
    #expect(try g.value(named: "fc_bias_folded")?.constant?.floats() == before.value(named: "beta")?.constant?.floats())
  }

  @Test func scaleOnAnotherAxisStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 7])
    let w = try b.weights("w", [4, 3, 2, 3])
    let c = try b.add(Convolution(), [x, w], "conv")
    let gamma = try b.weights("gamma", [5])
    let y = try b.add(ScaleShift(axis: 3), [c, gamma, nil], "y")
    try expectRewrite(b.graph(y), FuseScaleIntoConvolution(), changes: 0)
  }

  @Test func computedScaleStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 7])
    let s = b.input("s", [4])
    let w = try b.weights("w", [4, 3, 2, 3])
    let c = try b.add(Convolution(), [x, w], "conv")
    let y = try b.add(ScaleShift(axis: 1), [c, s, nil], "y")
    try expectRewrite(b.graph(y), FuseScaleIntoConvolution(), changes: 0)
  }
}
