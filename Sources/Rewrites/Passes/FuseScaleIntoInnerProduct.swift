import Diagnostics
import ModelGraph

/// Folds a constant ScaleShift over the outputs of a fully connected layer into its weights.
package struct FuseScaleIntoInnerProduct: RewritePass {
  package static let name = "FuseScaleIntoInnerProduct"
  package static let summary = "fold a constant scale and bias into the fully connected layer before it"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    try editor.foldAffine(pass: Self.name, linear: { $0 is InnerProduct }, affine: { $0 is ScaleShift })
  }
}
