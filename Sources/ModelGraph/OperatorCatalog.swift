/// Every neutral operator, for completeness tests and `modelconv list operators`.
package enum OperatorCatalog {
  /// Operator types in the order of their files; `ForeignOperator` is not one of them.
  package static let all: [any Operator.Type] = [
    // Convolution and pooling
    Convolution.self, TransposedConvolution.self, MaxPool.self, AveragePool.self, LpPool.self, StochasticPool.self,
    // Normalisation
    BatchNormalization.self, LocalResponseNormalization.self, MeanVarianceNormalization.self,
    InstanceNormalization.self, LpNormalization.self, Softmax.self,
    // Elementwise
    UnaryMap.self, BinaryMap.self, VariadicMap.self, Clip.self, Select.self, Cast.self, ScaleShift.self,
    // Linear algebra and reductions
    InnerProduct.self, Gemm.self, MatMul.self, Reduction.self, ArgExtreme.self,
    // Shape and movement
    Identity.self, Reshape.self, ReshapeAxes.self, Flatten.self, FlattenToMatrix.self, Transpose.self, Squeeze.self,
    Unsqueeze.self, Concat.self, Split.self, Slice.self, CropLike.self, Pad.self, Tile.self, Expand.self,
    Gather.self, ShapeOf.self, Fill.self, TopK.self, Compress.self,
  ]

  /// The operator of a name in the catalogue.
  package static func named(_ name: String) -> (any Operator.Type)? { all.first { $0.operatorName == name } }
}
