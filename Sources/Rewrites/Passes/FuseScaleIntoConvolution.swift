import Diagnostics
import ModelGraph

/// Folds a constant ScaleShift over channels into the convolution or transposed convolution before it.
package struct FuseScaleIntoConvolution: RewritePass {
  package static let name = "FuseScaleIntoConvolution"
  package static let summary = "fold a constant scale and bias into the convolution before it"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    try editor.foldAffine(
      pass: Self.name, linear: { $0 is Convolution || $0 is TransposedConvolution }, affine: { $0 is ScaleShift })
  }
}
