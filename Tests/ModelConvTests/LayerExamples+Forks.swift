/// Examples of the layers that few forks have.
extension LayerExample {
  private static let side = "layer { name: 'side' type: 'TanH' bottom: 'x' top: 'side' }\n"
  private static let pair: [(String, [Int])] = [("a", [2, 3, 6, 8]), ("b", [2, 3, 6, 8])]
  private static let volume: [(String, [Int])] = [("x", [2, 3, 4, 6, 5])]

  static let rareForks: [LayerExample] = flow + measuring + arithmetic + moving + detecting

  private static let flow: [LayerExample] =
    ["Correlation", "Correlation1D"].map {
      LayerExample(
        type: $0, inputs: pair,
        fields: "correlation_param { kernel_size: 1 max_displacement: 2 pad: 2 stride_1: 1 stride_2: 1 }")
    } + [
      LayerExample(
        type: "Accum", inputs: [("x", [2, 3, 8, 11]), ("s", [2, 2, 4, 6])],
        fields: "accum_param { size_divisible_by: 6 }"),
      LayerExample(type: "ChannelNorm"),
      LayerExample(
        type: "DataAugmentation", inputs: [("x", [2, 3, 6, 8])],
        fields: "augmentation_param { augment_during_test: true mean: 90 mean: 100 mean: 110 mean_per_pixel: false }"),
      LayerExample(type: "Downsample", fields: "downsample_param { top_height: 3 top_width: 4 }"),
      LayerExample(type: "ExpMax", inputs: [("x", [1, 6, 5, 7])], fields: "expmax_param { base: 2 }"),
      LayerExample(
        type: "Grid",
        extra: "layer { name: 'sum' type: 'Reduction' bottom: 'x' top: 'sum' reduction_param { axis: 1 } }\n"),
      LayerExample(type: "NegSquare"),
      LayerExample(type: "Warp", inputs: [("i", [2, 3, 6, 8]), ("p", [2, 2, 6, 8])]),
      LayerExample(type: "FlowWarp", inputs: [("i", [2, 3, 6, 8]), ("f", [2, 2, 6, 8])]),
      LayerExample(type: "L1Loss", inputs: pair),
      LayerExample(type: "LpqLoss", inputs: pair, fields: "lpq_loss_param { p: 0.4 q: 0.2 p_epsilon: 0.1 }"),
      LayerExample(type: "Mean", fields: "mean_param { operation: SUBTRACT value: 1.5 }"),
      LayerExample(type: "Resample", fields: "resample_param { height: 9 width: 8 type: LINEAR }"),
    ]

  private static let measuring: [LayerExample] =
    [
      "DetectionEvaluate", "EvalDetection", "FLOWriter", "FloatWriter", "ImgWriter", "ParseEvaluate", "SegAccuracy",
      "SegmentationEvaluate",
    ].map { LayerExample(type: $0, tops: [], extra: side) }
    + [
      "CenterLoss", "DetectionLoss", "MultiBoxLoss", "RegionLoss", "YoloSeg", "Yolov3", "YoloV2Loss", "YoloV3Loss",
    ].map { LayerExample(type: $0, inputs: [("x", [2, 6, 5, 7]), ("l", [2, 150])], extra: side) }

  private static let arithmetic: [LayerExample] =
    ["Add", "Sub", "Div", "Mul"].map { LayerExample(type: $0, inputs: [("x", [2, 3, 4]), ("z", [3, 1])]) }
    + ["CuDNNBatchNorm", "CuDNNLRNCrossChannel", "GRN", "Reverse"].map { LayerExample(type: $0) } + [
      LayerExample(
        type: "BatchReduction", inputs: [("x", [2, 14, 3])],
        fields: "batch_reduction_param { level: 1 level: 2 level: 3 reduction_param { operation: MEAN axis: 1 } }"),
      LayerExample(type: "RReLU", fields: "rrelu_param { lb: 5 ub: 10 }"),
      LayerExample(type: "MatMul", inputs: [("a", [2, 3, 4]), ("b", [2, 4, 5])]),
      LayerExample(type: "SpatialProduct", inputs: [("x", [2, 3, 4, 5]), ("p", [2, 1, 4, 5])]),
      LayerExample(
        type: "Lstm", inputs: [("x", [12, 7])],
        fields: "lstm_param { num_output: 5 weight_filler { type: 'xavier' } }"),
      LayerExample(
        type: "Convolution3D", inputs: volume,
        fields: "convolution_param { num_output: 4 kernel_size: 2 kernel_depth: 3 weight_filler { type: 'xavier' } }"),
      LayerExample(
        type: "Pooling3D", inputs: volume, fields: "pooling_param { kernel_size: 3 kernel_depth: 2 stride: 2 }"),
    ]

  private static let moving: [LayerExample] = [
    LayerExample(
      type: "SpaceToBatchND", inputs: [("x", [2, 4, 5, 3])],
      fields:
        "space_to_batch_nd_param { block_shape: 2 block_shape: 3 paddings: 1 paddings: 1 paddings: 0 paddings: 4 }"),
    LayerExample(
      type: "BatchToSpaceND", inputs: [("x", [12, 3, 3, 3])],
      fields: "batch_to_space_nd_param { block_shape: 2 block_shape: 3 crops: 1 crops: 1 crops: 0 crops: 4 }"),
    LayerExample(
      type: "ChannelPermutation",
      fields: "channel_permutation_param { num_output: 6 action { chan: 1 copy: 5 } action { chan: 2 fill: 2.5 } }"),
    LayerExample(
      type: "ContinuationIndicator", inputs: [], tops: ["x"],
      fields: "continuation_indicator_param { time_step: 4 batch_size: 3 }", extra: side),
    LayerExample(
      type: "DepthToSpace", inputs: [("x", [2, 12, 3, 5])],
      fields: "depth_to_space_param { block_size: 2 data_format: 'NCHW' }"),
    LayerExample(
      type: "SpaceToDepth", inputs: [("x", [2, 6, 4, 3])], fields: "space_to_depth_param { block_size: 2 }"),
    LayerExample(
      type: "DeephiResize", fields: "deephi_resize_param { new_height: 7 new_width: 5 resize_type: NEAREST }"),
    LayerExample(
      type: "Pad", fields: "pad_param { paddings: [0, 0, 1, 0, 2, 3, 0, 1] constant_values: 1.5 }"),
    LayerExample(
      type: "ResizeBilinear",
      fields: "resize_bilinear_param { output_height: 9 output_width: 8 data_format: 'NCHW' align_corners: true }"),
    LayerExample(
      type: "ResizeNearestNeighbor",
      fields: "resize_nearest_neighbor_param { output_height: 9 output_width: 8 data_format: 'NCHW' }"),
    LayerExample(
      type: "SpatialTransformer", inputs: [("x", [2, 3, 6, 9]), ("t", [2, 6])],
      fields: "st_param { output_H: 5 output_W: 7 }"),
    LayerExample(type: "Squeeze", inputs: [("x", [2, 1, 3, 1])]),
    LayerExample(type: "Unpooling", fields: "unpooling_param { unpool: TILE kernel_size: 2 stride: 2 }"),
    LayerExample(type: "UpsampleDarknet", fields: "upsample_darknet_param { stride: 2 }"),
  ]

  private static let detecting: [LayerExample] = [
    LayerExample(
      type: "SimplerNMS", inputs: [("s", [1, 18, 3, 4]), ("d", [1, 36, 3, 4]), ("i", [1, 3])],
      fields: "simpler_nms_param { scale: 8 scale: 16 scale: 32 min_bbox_size: 1 post_nms_topn: 5 }"),
    LayerExample(
      type: "CTCGreedyDecoder", inputs: [("p", [11, 3, 4]), ("m", [11, 3])], tops: ["y"]),
    LayerExample(
      type: "MultiStageMeanfield", inputs: [("u", [1, 4, 6, 7]), ("q", [1, 4, 6, 7]), ("i", [1, 3, 6, 7])],
      fields: "multi_stage_meanfield_param { num_iterations: 3 theta_alpha: 8 theta_beta: 2 theta_gamma: 3 }"),
    LayerExample(
      type: "PriorBoxClustered", inputs: [("x", [1, 6, 5, 7])],
      fields: "prior_box_param { width: 3.5 width: 7 height: 9.25 height: 4 step: 8 img_h: 30 img_w: 50 variance: 0.3 }"
    ),
    LayerExample(
      type: "YoloDetectionOutput", inputs: [("x", [1, 27, 4, 4])],
      fields: "yolo_detection_output_param { num_classes: 4 num_box: 3 confidence_threshold: 0.1 nms_threshold: 0.35 "
        + "biases: 1 biases: 2 biases: 3 biases: 1 biases: 2 biases: 2 }"),
    LayerExample(
      type: "Yolov3DetectionOutput", inputs: [("x", [1, 16, 4, 5])],
      fields: "yolov3_detection_output_param { num_classes: 3 num_box: 2 confidence_threshold: 0.1 nms_threshold: 0.45 "
        + "biases: 9 biases: 12 biases: 20 biases: 16 mask: 0 mask: 1 anchors_scale: 32 mask_group_num: 1 }"),
  ]
}
