import Diagnostics

/// Layers that measure or write results while a net is tested: they have no part in what it computes, and are left out.
enum EvaluationLayer: LayerTranslator {
  static var types: [String] {
    [
      "DetectionEvaluate", "EvalDetection", "SegAccuracy", "SegmentationEvaluate", "ParseEvaluate", "MatWrite",
      "FLOWriter",
      "ImgWriter", "FloatWriter",
    ]
  }
  static var bottoms: ClosedRange<Int> { 0...unlimited }
  static var tops: ClosedRange<Int> { 0...unlimited }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    l.note("caffe.evaluation.left-out", "measures or writes results while testing: it is left out")
  }
}

/// Losses of detectors and of face networks that have a meaning while a net is trained alone: no result depends on them, so
/// they are left out, with their tops. Sources: SSD's multibox_loss_layer.cpp, caffe-yolo's detection_loss_layer.cpp,
/// caffe-yolo9000's region_loss_layer.cpp, MobileNet-YOLO's yolov3_layer.cpp and yolo_seg.cpp, Synopsys'
/// yolo_v2_loss_layer.cpp and yolo_v3_loss_layer.cpp, caffe-face's center_loss_layer.cpp.
enum TrainingLossLayer: LayerTranslator {
  static var types: [String] {
    [
      "CenterLoss", "DetectionLoss", "MultiBoxLoss", "RegionLoss", "YoloSeg", "Yolov3", "YoloV2Loss", "YoloV3Loss",
    ]
  }
  static var bottoms: ClosedRange<Int> { 0...unlimited }
  static var tops: ClosedRange<Int> { 1...unlimited }
  static var automaticTops: Int { 1 }
  static var support: LayerSupport { .limited("left out: a loss that training alone needs") }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    _ = try l.freeBlobs()
    l.note("caffe.loss.left-out", "is a loss that training alone needs: it is left out")
  }
}
