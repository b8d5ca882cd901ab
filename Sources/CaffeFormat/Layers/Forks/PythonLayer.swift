import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Layers written in Python, known by the names of their module and class where published nets use them and their source is
/// known; others are kept as they are.
///
/// Sources: py-faster-rcnn's lib/rpn/proposal_layer.py (known by its class alone); caffe-enet's python/spatial_dropout.py;
/// Synopsys' python/pad.py, pads.py, eltwise.py, yolov2.py with darknet.py.
enum PythonLayer: LayerTranslator {
  static var types: [String] { ["Python"] }
  static var bottoms: ClosedRange<Int> { 0...unlimited }
  static var tops: ClosedRange<Int> { 0...unlimited }
  static var support: LayerSupport {
    .limited(
      "by module and class: ProposalLayer, spatial_dropout.SpatialDropoutLayer, pad.PadTensor, pads.Pad, pads.PadV2, "
        + "pads.MirrorPad, eltwise.Eltwise, yolov2.darknet_reorg; others are kept as they are")
  }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("python_param")
    let text = PythonText(p.string("param_str"))
    switch (p.string("module"), p.string("layer"), l.bottoms.count, l.topCount) {
    case (_, "ProposalLayer", 3, ...2): try ProposalLayer.build(l)
    case ("spatial_dropout", "SpatialDropoutLayer", 1, 1): try dropout(l, p, text)
    case ("pad", "PadTensor", 1, 1): try padPlane(l, p, text)
    case ("pads", "Pad", 1, 1): try pad(l, p, text.allNumbers, mode: "constant", value: 0)
    case ("pads", "PadV2", 1, 1):
      try pad(l, p, text.numbers("paddings"), mode: "constant", value: text.numbers("constant_values").first ?? 0)
    case ("pads", "MirrorPad", 1, 1):
      try pad(l, p, text.numbers("paddings"), mode: text.word("mode").lowercased(), value: 0)
    case ("eltwise", "Eltwise", 2, 1): try eltwise(l, p, text)
    case ("yolov2", "darknet_reorg", 1, 1): try ReorgLayer.build(l)
    default: throw LayerBuilder.keepForeign
    }
  }

  /// Whole channels are dropped in its phase TRAIN; in any other all are multiplied by 1 / (1 − p).
  private static func dropout(_ l: LayerBuilder, _ p: ParameterBlock, _ text: PythonText) throws(Diagnostic) {
    guard text.word("phase") != "TRAIN" else {
      throw l.error(
        "caffe.python.random", "drops channels at random, because its param_str says phase TRAIN", p, "param_str",
        help: "write 'phase': 'TEST'")
    }
    guard let ratio = text.numbers("p").first, ratio > 0, ratio < 1 else {
      throw l.error("caffe.python.ratio", "its param_str gives no p between 0 and 1", p, "param_str")
    }
    let scale = Float(1 / (1 - Double(ratio)))
    try l.emit(BinaryMap(.multiply), [try l.bottom(), try l.constant("scale", scalar: scale)])
  }

  private static func padPlane(_ l: LayerBuilder, _ p: ParameterBlock, _ text: PythonText) throws(Diagnostic) {
    guard l.rank() == 4 else {
      throw l.error("caffe.layer.rank", "the bottom must have 4 axes, but has shape \(shapeText(l.shape()))", p)
    }
    var pads: [Float] = [0, 0, 0, 0]
    for side in ["pad_t", "pad_b", "pad_l", "pad_r"] { pads += text.numbers(side).prefix(1) }
    try pad(l, p, pads, mode: text.word("pad_mode"), value: 0)
  }

  /// NumPy's pad: two numbers for each axis.
  private static func pad(
    _ l: LayerBuilder, _ p: ParameterBlock, _ pads: [Float], mode: String, value: Float
  ) throws(Diagnostic) {
    let whole = pads.compactMap { Int(exactly: $0) }
    guard whole.count == pads.count, whole.count == 2 * l.rank(), whole.allSatisfy({ $0 >= 0 && $0 <= 1 << 20 }) else {
      throw l.error(
        "caffe.python.pads", "its param_str must give two whole numbers for each of \(l.rank()) axes, none negative", p,
        "param_str")
    }
    guard let form = Pad.Mode(rawValue: mode), form != .wrap else {
      throw l.error(
        "caffe.python.pad-mode", "padding by '\(mode)' is not supported", p, "param_str",
        help: "constant, edge and reflect are")
    }
    for (a, d) in l.shape().enumerated() where form != .constant && max(whole[2 * a], whole[2 * a + 1]) > 0 {
      // Beyond the far end NumPy starts again, where others stop.
      guard d.value.map({ max(whole[2 * a], whole[2 * a + 1]) < $0 }) ?? true else {
        throw l.error("caffe.python.pad-size", "an axis of \(d) cannot be padded by more than it has", p, "param_str")
      }
    }
    let ends = (0..<l.rank()).map { whole[2 * $0] } + (0..<l.rank()).map { whole[2 * $0 + 1] }
    let amount = form == .constant ? try l.constant("value", scalar: value) : nil
    try l.emit(Pad(mode: form), [try l.bottom(), try l.constant("pads", ints: ends), amount])
  }

  /// Two bottoms element by element with NumPy's broadcasting: 0 product, 1 weighted sum, 2 maximum, 3 quotient, 4 minimum.
  private static func eltwise(_ l: LayerBuilder, _ p: ParameterBlock, _ text: PythonText) throws(Diagnostic) {
    let operation = text.numbers("operation").first
    let operands = [try l.bottom(), try l.bottom(1)]
    switch operation {
    case 0: try l.emit(BinaryMap(.multiply), operands)
    case 1:
      let weights = text.numbers("coeff")
      guard weights.count >= 2 else {
        throw l.error("caffe.python.coeff", "its param_str gives no two coefficients", p, "param_str")
      }
      try l.emit(VariadicMap(.weightedSum(weights.prefix(2).map { FloatBits($0) })), operands)
    case 2: try l.emit(BinaryMap(.maximum), operands)
    case 3: try l.emit(BinaryMap(.divide), operands)
    case 4: try l.emit(BinaryMap(.minimum), operands)
    default:
      throw l.error("caffe.python.operation", "its param_str gives no operation from 0 to 4", p, "param_str")
    }
  }
}
