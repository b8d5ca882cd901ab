import Diagnostics
import ModelGraph

/// e^x / Σ e^x along an axis. Source: softmax_layer.cpp.
enum SoftmaxLayer: LayerTranslator {
  static var types: [String] { ["Softmax"] }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("softmax_param")
    let axis = try l.axis(p.int("axis", default: 1), p)
    try l.emit(Softmax(axis: axis), [try l.bottom()])
  }
}
