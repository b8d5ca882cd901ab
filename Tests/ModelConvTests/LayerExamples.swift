/// A small net for every Caffe layer type with a meaning here.
struct LayerExample: Sendable, CustomStringConvertible {
  var type: String
  /// Inputs by name with their shapes.
  var inputs: [(String, [Int])] = [("x", [2, 6, 5, 7])]
  /// Bottoms, where they are not the inputs.
  var bottoms: [String]?
  var tops = ["y"]
  /// Parameter blocks and other fields of the layer.
  var fields = ""
  /// Shapes that the net does not tell.
  var shapes: [String: [String]] = [:]
  /// Layers besides: a net must have an output.
  var extra = ""

  var description: String { type }

  /// The net's text with the layer under the name of the type or of one of its other spellings.
  func prototxt() -> String {
    var text = ""
    for (name, shape) in inputs {
      let dims = shape.map { "dim: \($0) " }.joined()
      text += "layer { name: '\(name)' type: 'Input' top: '\(name)' input_param { shape { \(dims)} } }\n"
    }
    let reads = (bottoms ?? inputs.map(\.0)).map { "bottom: '\($0)' " }.joined()
    let writes = tops.map { "top: '\($0)' " }.joined()
    return text + "layer { name: 'layer' type: '\(type)' \(reads)\(writes)\(fields) }\n" + extra
  }

  static let all: [LayerExample] = core + data + losses + forks + rareForks

  private static let convolution =
    "convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 weight_filler { type: 'xavier' } }"
  private static let side = "layer { name: 'side' type: 'TanH' bottom: 'x' top: 'side' }\n"

  private static let core: [LayerExample] =
    [
      "AbsVal", "BatchNorm", "BNLL", "Dropout", "ELU", "Exp", "Flatten", "LRN", "MVN", "PReLU", "Power", "ReLU",
      "Reduction", "Sigmoid", "Softmax", "Swish", "TanH", "Threshold",
    ].map { LayerExample(type: $0) } + [
      LayerExample(type: "Accuracy", inputs: [("x", [3, 5]), ("l", [3])]),
      LayerExample(type: "ArgMax", fields: "argmax_param { top_k: 2 }"),
      LayerExample(type: "BatchReindex", inputs: [("x", [2, 3]), ("i", [4])]),
      LayerExample(type: "Bias", inputs: [("x", [2, 3, 4]), ("b", [3])]),
      LayerExample(type: "Clip", fields: "clip_param { min: -0.5 max: 0.25 }"),
      LayerExample(type: "Concat", inputs: [("x", [2, 3, 4]), ("z", [2, 5, 4])]),
      LayerExample(type: "Convolution", fields: convolution),
      LayerExample(
        type: "Crop", inputs: [("x", [2, 3, 6, 7]), ("z", [2, 3, 4, 5])], fields: "crop_param { offset: 1 }"),
      LayerExample(type: "Deconvolution", fields: convolution),
      LayerExample(
        type: "Eltwise", inputs: [("x", [2, 3]), ("z", [2, 3])], fields: "eltwise_param { operation: MAX }"),
      LayerExample(
        type: "Embed", inputs: [("x", [4])],
        fields: "embed_param { num_output: 3 input_dim: 5 weight_filler { type: 'xavier' } }"),
      LayerExample(type: "Filter", inputs: [("x", [4, 3]), ("s", [4])]),
      LayerExample(type: "HDF5Output", inputs: [("x", [2, 3]), ("z", [2, 3])], tops: [], extra: side),
      LayerExample(type: "Im2col", fields: "convolution_param { kernel_size: 3 }"),
      LayerExample(
        type: "InnerProduct", fields: "inner_product_param { num_output: 4 weight_filler { type: 'xavier' } }"),
      LayerExample(
        type: "Input", inputs: [], tops: ["x"], fields: "input_param { shape { dim: 2 dim: 3 } }", extra: side),
      LayerExample(type: "Log", fields: "log_param { shift: 2 }"),
      LayerExample(
        type: "LSTM", inputs: [("x", [3, 2, 4]), ("c", [3, 2])],
        fields: "recurrent_param { num_output: 5 weight_filler { type: 'xavier' } }"),
      LayerExample(
        type: "LSTMUnit", inputs: [("c", [1, 2, 3]), ("g", [1, 2, 12]), ("k", [1, 2])], tops: ["y", "z"]),
      LayerExample(
        type: "Parameter", inputs: [("x", [2, 3])], bottoms: [], fields: "parameter_param { shape { dim: 2 dim: 3 } }",
        extra: "layer { name: 'sum' type: 'Eltwise' bottom: 'x' bottom: 'y' top: 'sum' }"),
      LayerExample(type: "Pooling", fields: "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }"),
      LayerExample(type: "Reshape", fields: "reshape_param { shape { dim: 0 dim: -1 dim: 7 } }"),
      LayerExample(
        type: "RNN", inputs: [("x", [3, 2, 4]), ("c", [3, 2])],
        fields: "recurrent_param { num_output: 5 weight_filler { type: 'xavier' } }"),
      LayerExample(type: "Scale", fields: "scale_param { bias_term: true filler { type: 'xavier' } }"),
      LayerExample(type: "Silence", tops: [], extra: side),
      LayerExample(type: "Slice", tops: ["y", "z"], fields: "slice_param { slice_point: 2 }"),
      LayerExample(type: "Split", tops: ["y", "z"]),
      LayerExample(type: "SPP", fields: "spp_param { pyramid_height: 2 }"),
      LayerExample(type: "Tile", fields: "tile_param { tiles: 3 }"),
    ]

  private static let data: [LayerExample] =
    ["Data", "AnnotatedData", "WindowData", "VideoData", "SegData", "ImageSegData", "DenseImageData", "ImageData"].map {
      let block = [
        "ImageSegData": "image_data_param", "ImageData": "image_data_param", "WindowData": "window_data_param",
      ]
      let dense = $0 == "DenseImageData"
      return LayerExample(
        type: $0, inputs: [], tops: ["x", "l"],
        fields: "transform_param { crop_size: 4 } \(dense ? "dense_image_data_param" : block[$0] ?? "data_param") "
          + "{ source: 's' batch_size: 2 }", extra: side)
    } + [
      LayerExample(
        type: "MemoryData", inputs: [], tops: ["x", "l"],
        fields: "memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 }", extra: side),
      LayerExample(
        type: "HDF5Data", inputs: [], tops: ["x"], fields: "hdf5_data_param { source: 's' batch_size: 2 }",
        shapes: ["x": ["2", "3"]], extra: side),
      LayerExample(
        type: "DummyData", inputs: [], tops: ["x"],
        fields: "dummy_data_param { shape { dim: 2 dim: 3 } data_filler { type: 'gaussian' } }", extra: side),
    ]

  private static let labelled: [(String, [Int])] = [("x", [3, 5]), ("l", [3])]
  private static let losses: [LayerExample] = [
    LayerExample(type: "ContrastiveLoss", inputs: [("a", [3, 4]), ("b", [3, 4]), ("s", [3])]),
    LayerExample(type: "EuclideanLoss", inputs: [("a", [3, 4]), ("b", [3, 4])]),
    LayerExample(type: "HingeLoss", inputs: labelled),
    LayerExample(type: "InfogainLoss", inputs: labelled + [("h", [1, 1, 5, 5])]),
    LayerExample(type: "MultinomialLogisticLoss", inputs: labelled),
    LayerExample(type: "SigmoidCrossEntropyLoss", inputs: [("a", [3, 4]), ("b", [3, 4])]),
    LayerExample(type: "SmoothL1Loss", inputs: [("a", [3, 4]), ("b", [3, 4])]),
    LayerExample(type: "SoftmaxLoss", inputs: labelled),
    LayerExample(type: "SoftmaxWithLoss", inputs: labelled),
  ]

  private static let depthwise = "convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: 'xavier' } }"
  private static let regions: [(String, [Int])] = [("x", [1, 8, 6, 7]), ("r", [3, 5])]
  private static let forks: [LayerExample] =
    [
      "CReLU", "HardSwish", "HSwish", "Hswish", "L2Norm", "L2Normalization", "L2Normalize", "Mish", "Normalize",
      "NormalizeL2", "ReLU6",
    ].map { LayerExample(type: $0) }
    + [
      "ConvolutionDepthwise", "ConvolutionDepthWise", "CuDNNConvolutionDepthwise", "DepthWiseConvolution",
      "DepthwiseConv", "DepthwiseConvolution",
    ].map { LayerExample(type: $0, fields: depthwise) } + [
      LayerExample(type: "Axpy", inputs: [("s", [2, 3, 1, 1]), ("x", [2, 3, 4, 5]), ("z", [2, 3, 4, 5])]),
      LayerExample(type: "BN", fields: "bn_param { slope_filler { type: 'constant' value: 2 } }"),
      LayerExample(
        type: "DetectionOutput", inputs: [("loc", [1, 24]), ("conf", [1, 18]), ("prior", [1, 2, 24])],
        fields: "detection_output_param { num_classes: 3 nms_param { nms_threshold: 0.45 top_k: 5 } keep_top_k: 4 "
          + "code_type: CENTER_SIZE confidence_threshold: 0.1 }"),
      LayerExample(type: "Interp", fields: "interp_param { height: 9 width: 8 }"),
      LayerExample(type: "MatWrite", tops: [], extra: side),
      LayerExample(type: "Padding", fields: "padding_param { pad_beg: -1 pad_end: 2 }"),
      LayerExample(type: "PassThrough", inputs: [("x", [2, 8, 4, 6])], fields: "pass_through_param { stride: 2 }"),
      LayerExample(type: "Permute", fields: "permute_param { order: 0 order: 2 order: 3 order: 1 }"),
      LayerExample(
        type: "PriorBox", inputs: [("x", [1, 6, 5, 7]), ("i", [1, 3, 40, 56])],
        fields: "prior_box_param { min_size: 4 max_size: 9 aspect_ratio: 2 variance: 0.1 }"),
      LayerExample(
        type: "Proposal", inputs: [("s", [1, 18, 3, 4]), ("d", [1, 36, 3, 4]), ("i", [1, 3])],
        fields: "proposal_param { feat_stride: 16 base_size: 16 min_size: 1 ratio: 0.5 ratio: 1 ratio: 2 scale: 8 "
          + "scale: 16 scale: 32 pre_nms_topn: 20 post_nms_topn: 5 nms_thresh: 0.7 }"),
      LayerExample(
        type: "PSROIPooling", inputs: regions,
        fields: "psroi_pooling_param { spatial_scale: 1 output_dim: 2 group_size: 2 }"),
      LayerExample(
        type: "Python", inputs: [("s", [1, 18, 3, 4]), ("d", [1, 36, 3, 4]), ("i", [1, 3])],
        fields: "python_param { module: 'rpn.proposal_layer' layer: 'ProposalLayer' param_str: \"'feat_stride': 16\" }"),
      LayerExample(type: "Reorg", inputs: [("x", [2, 8, 4, 6])], fields: "reorg_param { stride: 2 }"),
      LayerExample(
        type: "ROIAlign", inputs: regions, fields: "roi_align_param { pooled_h: 2 pooled_w: 3 spatial_scale: 1 }"),
      LayerExample(
        type: "ROIPooling", inputs: regions, fields: "roi_pooling_param { pooled_h: 2 pooled_w: 3 spatial_scale: 1 }"),
      LayerExample(type: "ShuffleChannel", fields: "shuffle_channel_param { group: 3 }"),
      LayerExample(type: "Upsample", fields: "upsample_param { scale: 2 }"),
    ]
}
