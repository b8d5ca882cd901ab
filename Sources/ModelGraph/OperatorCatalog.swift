/// Every neutral operator, for completeness tests and `modelconv list operators`.
package enum OperatorCatalog {
  /// Operator types that the executor runs, in the order of their files; `ForeignOperator` is not one of them.
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
    Gather.self, ShapeOf.self, ElementCount.self, Fill.self, TopK.self, Compress.self,
    // Indexed movement
    GatherElements.self, GatherND.self, ScatterElements.self, ScatterND.self, CacheScatter.self,
    NonZero.self, Unique.self, OneHot.self, Triangle.self, ReverseSequence.self, DepthToSpace.self,
    SpaceToDepth.self, EyeLike.self, NumberRange.self, ColumnsToImage.self, Cumulate.self, CenterCropPad.self,
    // Images and regions
    Correlation.self, MeanFieldInference.self,
    Resize.self, GridSample.self, AffineGrid.self, RoiAlign.self, MaxRegionPool.self, MaxUnpool.self,
    DeformableConvolution.self, NonMaxSuppression.self, ImageDecoder.self,
    // Sequences in time, attention
    Recurrent.self, Attention.self, FlexAttention.self, RotaryEmbedding.self, LinearAttention.self,
    CausalConvolution.self, LayerNormalization.self, GroupNormalization.self, Dropout.self, ClassificationLoss.self,
    // Quantised arithmetic
    QuantizeLinear.self, DequantizeLinear.self, DynamicQuantizeLinear.self, IntegerMatMul.self,
    IntegerConvolution.self, QuantizedMatMul.self, QuantizedConvolution.self, BitCast.self,
    // Algebra and signals
    Determinant.self, Einsum.self, FourierTransform.self, ShortTimeFourierTransform.self, SignalWindow.self,
    MelWeights.self,
    // Control flow, sequences, optionals
    If.self, Loop.self, Scan.self, SequenceMap.self, SequenceConstruct.self, SequenceEmpty.self, SequenceAt.self,
    SequenceInsert.self, SequenceErase.self, SequenceLength.self, SequenceConcat.self, SplitToSequence.self,
    OptionalConstruct.self, OptionalGet.self, OptionalHas.self,
    // Random numbers, strings
    RandomFill.self, Bernoulli.self, Multinomial.self, StringConcat.self, StringSplit.self, StringNormalizer.self,
    RegexFullMatch.self, NGramCounts.self,
    // Classical models
    ColumnGather.self, Binarizer.self, LabelEncoder.self, FeatureScaler.self, FeatureNormalizer.self,
    LinearRegressor.self, LinearClassifier.self, SupportVectorRegressor.self, SupportVectorClassifier.self,
    TreeEnsemble.self, DecisionForest.self, Imputer.self, CategoryIndicator.self, FeatureConcat.self,
    MapVectorizer.self, MapToRow.self, RowsToMaps.self,
    // Training
    OptimizerStep.self,
  ]

  /// Operators without a kernel yet: they are read, inferred, inspected and written, and refused by name when run. An entry
  /// that gets a kernel moves to `all`.
  package static let awaitingKernels: [any Operator.Type] = []

  /// The operator of a name in the catalogue.
  package static func named(_ name: String) -> (any Operator.Type)? {
    (all + awaitingKernels).first { $0.operatorName == name }
  }
}
