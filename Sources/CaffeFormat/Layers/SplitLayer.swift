import Diagnostics

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

/// Identity at TEST. Source: dropout_layer.cpp.
enum DropoutLayer: NeuronTranslator {
  static var types: [String] { ["Dropout"] }
  static var support: LayerSupport {
    .limited("passes everything; the random choice of phase TRAIN is left out with a warning")
  }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    if l.isTraining {
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
