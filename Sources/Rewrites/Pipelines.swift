/// The passes of this build, and the orders in which they run. Order is data: one line a pass.
package enum Pipelines {
  /// Every pass that can be asked for by name, in the order in which they run together.
  package static let all: [any RewritePass] = [
    RemoveIdentity(),
    FoldConstants(),
    FoldTransposesIntoConstants(),
    CancelTransposes(),
    PermuteFullyConnectedWeights(),
    FuseScaleIntoBatchNorm(),
    FoldBatchNormIntoConvolution(),
    FuseScaleIntoConvolution(),
    FuseScaleIntoInnerProduct(),
    ReplaceCeilPoolingByEndPads(),
    InsertEndPaddingBeforePooling(),
    EliminateCommonSubexpressions(),
    EliminateDeadCode(),
  ]

  /// What conversion does unless told otherwise.
  package static let standard: [any RewritePass] = [
    RemoveIdentity(),
    FoldConstants(),
    FoldTransposesIntoConstants(),
    CancelTransposes(),
    PermuteFullyConnectedWeights(),
    FuseScaleIntoBatchNorm(),
    FoldBatchNormIntoConvolution(),
    FuseScaleIntoConvolution(),
    FuseScaleIntoInnerProduct(),
    EliminateDeadCode(),
  ]

  /// The pass of that name.
  package static func named(_ name: String) -> (any RewritePass)? {
    all.first { type(of: $0).name.lowercased() == name.lowercased() }
  }
}
