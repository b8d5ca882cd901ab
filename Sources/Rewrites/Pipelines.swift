/// The passes of this build, and the orders in which they run. Order is data: one line a pass.
package enum Pipelines {
  /// Every pass that can be asked for by name, in the order in which they run together.
  package static let all: [any RewritePass] = [
    InlineConstantBranches(),
    RemoveIdentity(),
    FoldConstants(),
    EliminateShapeComputations(),
    EliminateCommonSubexpressions(),
    CancelInverses(),
    CancelCasts(),
    CancelReshapes(),
    MergeSlices(),
    FoldTransposesIntoConstants(),
    CancelTransposes(),
    PermuteFullyConnectedWeights(),
    MergePadIntoWindows(),
    FuseMatMulAdd(),
    FuseScaleIntoBatchNorm(),
    FoldBatchNormIntoConvolution(),
    FuseScaleIntoConvolution(),
    FuseScaleIntoInnerProduct(),
    JoinConstantArithmetic(),
    FoldArithmeticIntoLinear(),
    ReplaceBatchNormByScale(),
    FuseSoftplus(),
    FuseActivations(),
    FuseNormalizations(),
    FuseGroupNormalization(),
    FuseAttention(),
    ReplaceCeilPoolingByEndPads(),
    InsertEndPaddingBeforePooling(),
    EliminateDeadCode(),
  ]

  /// What conversion does unless told otherwise: what is safe for every target, in the order above.
  package static let standard: [any RewritePass] = all.filter { !byNameOnly.contains($0.name) }

  /// Passes that trade something: rounding rules, operators that few runtimes have, other results where the source overflows.
  private static let byNameOnly: Set<String> = [
    ReplaceBatchNormByScale.name, FuseSoftplus.name, FuseAttention.name, ReplaceCeilPoolingByEndPads.name,
    InsertEndPaddingBeforePooling.name,
  ]

  /// How often the passes run at most: what one makes, an earlier one may simplify.
  package static let rounds = 4

  /// The pass of that name.
  package static func named(_ name: String) -> (any RewritePass)? {
    all.first { type(of: $0).name.lowercased() == name.lowercased() }
  }
}
