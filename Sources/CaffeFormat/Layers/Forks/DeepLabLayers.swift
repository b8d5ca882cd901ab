import Diagnostics
import ModelGraph
import TensorCore

/// Zeros around the plane, or a part cut off where a pad is negative. Source: DeepLab v1 padding_layer.cpp.
enum PaddingLayer: LayerTranslator {
  static var types: [String] { ["Padding"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("padding_param")
    guard l.rank() == 4 else { throw l.error("caffe.padding.rank", "the bottom must have 4 axes") }
    let (begin, end) = (p.int("pad_beg"), p.int("pad_end"))
    for a in 2..<4 {
      guard let d = l.shape()[a].value else { continue }
      guard d + begin + end > 0 else {
        throw l.error("caffe.padding.size", "pads \(begin) and \(end) leave nothing of \(d) on axis \(a)", p)
      }
    }
    let pads = try l.constant("pads", ints: [0, 0, begin, begin, 0, 0, end, end])
    try l.emit(Pad(), [try l.bottom(), pads])
  }
}

/// Writes its bottoms to files. Source: DeepLab mat_write_layer.cpp.
enum MatWriteLayer: LayerTranslator {
  static var types: [String] { ["MatWrite"] }
  static var support: LayerSupport { .limited("left out, with a note") }
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  static var tops: ClosedRange<Int> { 0...0 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    l.note("caffe.mat-write.dropped", "writes files in Caffe; left out")
  }
}
