/// All layer types that have a meaning here: one line each.
package enum CaffeLayerTable {
  package static let all: [any LayerTranslator.Type] = [
    AbsValLayer.self,
    AccuracyLayer.self,
    ArgMaxLayer.self,
    BatchNormLayer.self,
    BatchReindexLayer.self,
    BiasLayer.self,
    BNLLLayer.self,
    ClipLayer.self,
    ConcatLayer.self,
    ContrastiveLossLayer.self,
    ConvolutionLayer.self,
    CropLayer.self,
    DataLayer.self,
    DeconvolutionLayer.self,
    DropoutLayer.self,
    DummyDataLayer.self,
    EltwiseLayer.self,
    ELULayer.self,
    EmbedLayer.self,
    EuclideanLossLayer.self,
    ExpLayer.self,
    FilterLayer.self,
    FlattenLayer.self,
    HDF5OutputLayer.self,
    HingeLossLayer.self,
    Im2colLayer.self,
    InfogainLossLayer.self,
    InnerProductLayer.self,
    InputLayer.self,
    LogLayer.self,
    LRNLayer.self,
    LSTMLayer.self,
    LSTMUnitLayer.self,
    MultinomialLogisticLossLayer.self,
    MVNLayer.self,
    ParameterLayer.self,
    PoolingLayer.self,
    PowerLayer.self,
    PReLULayer.self,
    ReductionLayer.self,
    ReLULayer.self,
    ReshapeLayer.self,
    RNNLayer.self,
    ScaleLayer.self,
    SigmoidCrossEntropyLossLayer.self,
    SigmoidLayer.self,
    SilenceLayer.self,
    SliceLayer.self,
    SoftmaxLayer.self,
    SoftmaxWithLossLayer.self,
    SplitLayer.self,
    SPPLayer.self,
    SwishLayer.self,
    TanHLayer.self,
    ThresholdLayer.self,
    TileLayer.self,

    // Forks
    AxpyLayer.self,
    BNLayer.self,
    CReLULayer.self,
    DepthwiseConvolutionLayer.self,
    DetectionOutputLayer.self,
    HardSwishLayer.self,
    InterpLayer.self,
    L2NormalizationLayer.self,
    MatWriteLayer.self,
    MishLayer.self,
    NormalizeLayer.self,
    PaddingLayer.self,
    PermuteLayer.self,
    PriorBoxLayer.self,
    ProposalLayer.self,
    PSROIPoolingLayer.self,
    PythonLayer.self,
    ReLU6Layer.self,
    ReorgLayer.self,
    ROIAlignLayer.self,
    ROIPoolingLayer.self,
    ShuffleChannelLayer.self,
    SmoothL1LossLayer.self,
    UpsampleLayer.self,
  ]

  private static let byType: [String: any LayerTranslator.Type] = {
    var out: [String: any LayerTranslator.Type] = [:]
    for t in all { for name in t.types { out[name] = t } }
    return out
  }()

  /// The translator of a layer type; nil for one that is not known.
  package static func translator(_ type: String) -> (any LayerTranslator.Type)? { byType[type] }

  /// Every type name with a meaning.
  package static var types: [String] { byType.keys.sorted() }

  /// How many tops a layer gets even where the net names fewer.
  package static func automaticTops(_ type: String) -> Int { byType[type]?.automaticTops ?? 0 }
}
