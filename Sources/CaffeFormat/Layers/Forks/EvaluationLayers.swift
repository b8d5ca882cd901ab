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
