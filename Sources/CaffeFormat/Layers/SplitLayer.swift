import Diagnostics
import ModelGraph

/// Several names for one blob. Source: split_layer.cpp.
enum SplitLayer: LayerTranslator {
  static var types: [String] { ["Split"] }
  static var support: LayerSupport { .limited("several names of one value") }
  static var tops: ClosedRange<Int> { 1...unlimited }
  static func sharesMemory(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    for i in 0..<l.topCount { l.setTop(i, try l.bottom()) }
  }
}

/// Takes blobs that nobody else reads. Source: silence_layer.cpp.
enum SilenceLayer: LayerTranslator {
  static var types: [String] { ["Silence"] }
  static var support: LayerSupport { .limited("left out, with a note") }
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  static var tops: ClosedRange<Int> { 0...0 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    l.note("caffe.silence.dropped", "only takes blobs away; left out")
  }
}

/// Identity at TEST. Source: dropout_layer.cpp. Faster R-CNN's Caffe has `scale_train`: where that is false the kept values
/// are not enlarged while training, and all are multiplied by 1 − ratio at TEST.
enum DropoutLayer: NeuronTranslator {
  static var types: [String] { ["Dropout"] }
  static var support: LayerSupport {
    .limited(
      "passes everything, or 1 − ratio of it with `scale_train: false`; the random choice of phase TRAIN, or at TEST with "
        + "`sample_weights_test: true`, is left out with a warning")
  }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("dropout_param")
    if !p.bool("scale_train", default: true) {
      let ratio = p.float("dropout_ratio", default: 0.5)
      guard ratio > 0, ratio < 1 else {
        throw l.error("caffe.dropout.ratio", "dropout_ratio \(ratio) is not between 0 and 1", p, "dropout_ratio")
      }
      try l.emit(BinaryMap(.multiply), [try l.bottom(), try l.constant("kept", scalar: 1 - ratio)])
      return
    }
    if p.bool("sample_weights_test") {
      l.warn(
        "caffe.dropout.sampled",
        "the random choice at TEST (sample_weights_test) is left out: the layer passes everything")
    } else if l.isTraining {
      l.warn("caffe.dropout.train", "the random choice of phase TRAIN is left out: the layer passes everything")
    } else {
      l.note("caffe.dropout.dropped", "does nothing at TEST; left out")
    }
    l.setTop(0, try l.bottom())
  }
}

/// Writes its bottoms to a file while training. Source: hdf5_output_layer.cpp.
enum HDF5OutputLayer: LayerTranslator {
  static var types: [String] { ["HDF5Output"] }
  static var support: LayerSupport { .limited("left out, with a note") }
  static var bottoms: ClosedRange<Int> { 2...2 }
  static var tops: ClosedRange<Int> { 0...0 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let file = l.parameters("hdf5_output_param").string("file_name")
    l.note("caffe.hdf5-output.dropped", "writes to '\(file)' in Caffe; left out")
  }
}
