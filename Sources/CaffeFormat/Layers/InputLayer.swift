import Diagnostics
import ModelGraph

/// Blobs that are fed from outside: one shape for all tops or one for each. Source: input_layer.cpp.
enum InputLayer: LayerTranslator {
  static var types: [String] { ["Input"] }
  static var bottoms: ClosedRange<Int> { 0...0 }
  static var tops: ClosedRange<Int> { 1...unlimited }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("input_param")
    let shapes = p.blocks("shape")
    guard shapes.isEmpty || shapes.count == 1 || shapes.count == l.topCount else {
      throw l.error(
        "caffe.input.shape-count", "\(shapes.count) shapes for \(l.topCount) tops: give none, one, or one for each", p,
        "shape")
    }
    for i in 0..<l.topCount {
      let block = shapes.isEmpty ? nil : shapes[shapes.count == 1 ? 0 : i]
      try l.emitInput(i, declared: block.map { $0.ints("dim") })
    }
  }
}

extension LayerBuilder {
  /// Makes top `i` an input of the graph: with the shape the user gave, else the declared one.
  ///
  /// - Parameter mayBeUnknown: an input without any shape is only warned about; what reads it is kept, but cannot run.
  func emitInput(_ i: Int, declared: [Int]?, mayBeUnknown: Bool = false) throws(Diagnostic) {
    let name = layer.tops[i]
    if let given = net.options.shapes[name] {
      if let bad = given.first(where: { ($0.value ?? 0) < 0 }) {
        throw error("caffe.input.shape", "the given shape of '\(name)' has the extent \(bad)")
      }
      return setTop(i, net.addInput(name, given))
    }
    guard let declared else {
      let text = "the shape of '\(name)' is not given"
      let help = "give it: --shape \(name)=1,3,224,224"
      guard mayBeUnknown else { throw error("caffe.input.shape-missing", text, help: help) }
      warn("caffe.input.shape-missing", text, help: help)
      return setTop(i, net.addInput(name, nil))
    }
    guard declared.count <= 32, declared.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) }) else {
      throw error("caffe.input.shape", "'\(name)' has the impossible shape \(declared)")
    }
    var shape = declared.map { Dim($0) }
    if let batch = net.options.batch, !shape.isEmpty { shape[0] = batch }
    setTop(i, net.addInput(name, shape))
  }
}
