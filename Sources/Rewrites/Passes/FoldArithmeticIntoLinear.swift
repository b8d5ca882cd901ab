import Diagnostics
import ModelGraph

/// Sums and products with constants, one number or one a channel, behind a convolution or Gemm go into its weights and
/// bias. Weights that other nodes use too are not copied.
package struct FoldArithmeticIntoLinear: RewritePass {
  package static let name = "FoldArithmeticIntoLinear"
  package static let summary = "fold sums and products with constants into the convolution or Gemm before them"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    try editor.foldAffine(
      pass: Self.name, linear: { _ in true }, affine: { $0 is BinaryMap }, copiesSharedWeights: false)
  }
}
