import ByteSource
import Diagnostics
import ModelGraph

/// Fully connected layer over the axes from `axis` on. Source: inner_product_layer.cpp.
enum InnerProductLayer: LayerTranslator {
  static var types: [String] { ["InnerProduct"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("inner_product_param")
    let axis = try l.axis(p.int("axis", default: 1), p)
    let inputs = try l.number(l.count(l.shape()[axis...]), "the number of inputs")
    let outputs = p.int("num_output")
    guard outputs > 0, inputs > 0 else {
      throw l.error(
        "caffe.inner-product.size", "\(outputs) outputs of \(inputs) inputs: both must be positive", p, "num_output")
    }
    let isTransposed = p.bool("transpose")
    let weights = try l.blob(
      "weights", shape: isTransposed ? [inputs, outputs] : [outputs, inputs],
      filler: Filler(p.block("weight_filler"), layer: l.layer))
    var bias: ValueID?
    if p.bool("bias_term", default: true) {
      bias = try l.blob("bias", shape: [outputs], filler: Filler(p.block("bias_filler"), layer: l.layer))
    }
    try l.emit(
      InnerProduct(axis: axis, weightLayout: isTransposed ? .inputsByOutputs : .outputsByInputs),
      [try l.bottom(), weights, bias])
    try IntelFusion.finish(l, p)
  }
}
