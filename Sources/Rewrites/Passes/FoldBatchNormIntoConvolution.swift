import Diagnostics
import ModelGraph

/// w · γ/√(σ²+ε) and (b − μ) · γ/√(σ²+ε) + β in place of a BatchNormalization with given statistics after a convolution,
/// transposed convolution or fully connected layer. Computed in double precision.
package struct FoldBatchNormIntoConvolution: RewritePass {
  package static let name = "FoldBatchNormIntoConvolution"
  package static let summary = "fold batch normalisation into the weights of the layer before it"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    try editor.foldAffine(pass: Self.name, linear: { _ in true }, affine: { $0 is BatchNormalization })
  }
}
