import Diagnostics
import ModelGraph
import TensorCore

/// Convolutions and poolings as Caffe layers.
enum WindowExport {
  static func convolution(_ op: Convolution, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    guard let weights = w.constant(n, 1), weights.rank >= 3 else { throw w.refuse(n, "the weights are computed") }
    try layer("Convolution", op.geometry, op.groups, weights.shape[0], weights, n, &w)
  }

  static func deconvolution(
    _ op: TransposedConvolution, _ n: Node, _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    guard let weights = w.constant(n, 1), weights.rank >= 3 else { throw w.refuse(n, "the weights are computed") }
    guard op.outputPadding.allSatisfy({ $0 == 0 }), op.outputShape.isEmpty else {
      throw w.refuse(n, "output padding or a given output shape")
    }
    try layer("Deconvolution", op.geometry, op.groups, weights.shape[1] * op.groups, weights, n, &w)
  }

  private static func layer(
    _ type: String, _ g: WindowGeometry, _ groups: Int, _ outputs: Int, _ weights: Tensor, _ n: Node,
    _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    let axes = weights.rank - 2
    let input = try w.shape(n, 0)
    let kernel = Array(weights.shape[2...])
    let pads = try self.pads(g, input, kernel, n, w)
    guard pads.allSatisfy({ $0.begin == $0.end && $0.begin >= 0 }) else {
      throw w.refuse(n, "pads \(pads.map { [$0.begin, $0.end] }) differ at the two ends, or are negative")
    }
    var blobs = [weights]
    if w.has(n, 2) {
      guard let bias = w.constant(n, 2) else { throw w.refuse(n, "the bias is computed") }
      blobs.append(bias)
    }
    var d = LayerDraft(
      w.newLayer(n.name), type, bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)], blobs: blobs)
    let p = "convolution_param"
    try d.set(p, "num_output", uint: outputs)
    try list(&d, p, "kernel_size", kernel, 0)
    try list(&d, p, "stride", (0..<axes).map { g.stride($0) }, 1)
    try list(&d, p, "pad", pads.map(\.begin), 0)
    try list(&d, p, "dilation", (0..<axes).map { g.dilation($0) }, 1)
    if groups != 1 { try d.set(p, "group", uint: groups) }
    if blobs.count == 1 { try d.set(p, "bias_term", bool: false) }
    w.add(d)
  }

  /// Each element repeated a whole number of times along height and width: a Deconvolution of ones, channel by channel.
  static func repetition(_ op: Resize, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let (from, to) = (try w.shape(n, 0), try w.resultShape(n))
    let centred = op.coordinates == .halfPixel && (op.nearest == .roundPreferFloor || op.nearest == .roundPreferCeil)
    guard op.mode == .nearest, op.coordinates == .asymmetric && op.nearest == .floor || centred, from.count == 4,
      to.count == 4, from[0] == to[0], from[1] == to[1], from[1] > 0, from[2] > 0, from[3] > 0,
      to[2] % from[2] == 0, to[3] % from[3] == 0, to[2] > 0, to[3] > 0
    else { throw w.refuse(n, "resizing other than repeating elements a whole number of times") }
    let (h, v) = (to[2] / from[2], to[3] / from[3])
    guard h <= 1024, v <= 1024, let count = Tensor.count(of: [from[1], h, v]), count <= 1 << 26 else {
      throw w.refuse(n, "each element is repeated \(h) by \(v) times, which wants a kernel of that size")
    }
    // Between two elements an even number of repetitions never falls on the middle; an odd one has its own middle.
    let ones = try Tensor([Float](repeating: 1, count: count), shape: [from[1], 1, h, v])
    var d = LayerDraft(
      w.newLayer(n.name), "Deconvolution", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)], blobs: [ones])
    let p = "convolution_param"
    try d.set(p, "num_output", uint: from[1])
    try d.set(p, "group", uint: from[1])
    try d.set(p, "bias_term", bool: false)
    try list(&d, p, "kernel_size", [h, v], 0)
    try list(&d, p, "stride", [h, v], 1)
    w.add(d)
  }

  private static func pads(
    _ g: WindowGeometry, _ input: [Int], _ kernel: [Int], _ n: Node, _ w: GraphExportWriter
  ) throws(Diagnostic) -> [(begin: Int, end: Int)] {
    var out: [(begin: Int, end: Int)] = []
    for i in kernel.indices where i + 2 < input.count {
      do throws(InferenceError) { out.append(try g.pads(input: input[i + 2], kernel: kernel[i], axis: i)) } catch {
        throw w.refuse(n, error.message)
      }
    }
    return out
  }

  /// A repeated field: once where all are equal, not at all where they are the default.
  private static func list(
    _ d: inout LayerDraft, _ block: String, _ field: String, _ values: [Int], _ fallback: Int
  ) throws(Diagnostic) {
    guard values.contains(where: { $0 != fallback }) else { return }
    let same = Set(values).count == 1
    try d.set(block, field, (same ? [values[0]] : values).map { .uint(UInt64(max(0, $0))) })
  }

  static func maxPool(_ op: MaxPool, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let hasMask = n.outputs.count > 1 && n.outputs[1] != nil
    if hasMask, op.indices != .planeFloat { throw w.refuse(n, "the places of the maxima count over the whole tensor") }
    try pooling("MAX", op.geometry, hasMask, n, &w)
  }

  static func averagePool(_ op: AveragePool, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let g = op.geometry
    if !g.isGlobal {
      let pads = try self.pads(g, try w.shape(n, 0), g.kernel, n, w)
      let isEven = pads.allSatisfy { $0.begin == $0.end }
      // Caffe's divisor counts padding but not what lies past it: without padding, the elements that are there.
      let agrees =
        switch op.divisor {
        case .paddedExtent: isEven
        case .validOnly: pads.allSatisfy { $0.begin == 0 }
        case .window: isEven && g.rounding == .floor
        }
      guard agrees else {
        throw w.refuse(n, "the mean leaves padding out of its divisor, or counts more of it than Caffe")
      }
    }
    try pooling("AVE", g, false, n, &w)
  }

  private static func pooling(
    _ method: String, _ g: WindowGeometry, _ hasMask: Bool, _ n: Node, _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    let input = try w.shape(n, 0)
    guard input.count == 4 else { throw w.refuse(n, "pooling of shape \(input); Caffe pools planes") }
    var tops = [try w.top(n)]
    if hasMask { tops.append(try w.top(n, 1)) }
    var d = LayerDraft(w.newLayer(n.name), "Pooling", bottoms: [try w.bottom(n, 0)], tops: tops)
    let p = "pooling_param"
    try d.set(p, "pool", name: method)
    if g.isGlobal {
      try d.set(p, "global_pooling", bool: true)
      return w.add(d)
    }
    guard g.dilations.allSatisfy({ $0 == 1 }) else { throw w.refuse(n, "pooling with holes") }
    let pads = try self.pads(g, input, g.kernel, n, w)
    let result = try w.resultShape(n)
    let rounding = try fits(g, pads, input, result, n, w)
    try pair(&d, p, "kernel_size", "kernel_h", "kernel_w", g.kernel, nil)
    try pair(&d, p, "stride", "stride_h", "stride_w", [g.stride(0), g.stride(1)], 1)
    try pair(&d, p, "pad", "pad_h", "pad_w", pads.map(\.begin), 0)
    if rounding == .floor { try d.set(p, "round_mode", name: "FLOOR") }
    w.add(d)
  }

  /// The rounding under which Caffe's windows are this operator's; end pads beyond the begin are Caffe's overhang.
  private static func fits(
    _ g: WindowGeometry, _ pads: [(begin: Int, end: Int)], _ input: [Int], _ result: [Int], _ n: Node,
    _ w: GraphExportWriter
  ) throws(Diagnostic) -> WindowGeometry.Rounding {
    let begin = pads.map(\.begin)
    for (i, k) in g.kernel.enumerated() where begin[i] < 0 || begin[i] >= max(k, 1) {
      throw w.refuse(n, "pad \(begin[i]) is not smaller than the kernel \(k)")
    }
    for rounding in [WindowGeometry.Rounding.ceil, .floor] {
      let caffe = WindowGeometry(
        kernel: g.kernel, strides: [g.stride(0), g.stride(1)], padding: .explicit(begin: begin, end: begin),
        rounding: rounding, lastWindow: .dropInPaddingIfAnyPadded)
      var sizes: [Int] = []
      for i in 0..<2 {
        if let d = try? caffe.outputExtent(Dim(input[i + 2]), kernel: g.kernel[i], axis: i).value { sizes.append(d) }
      }
      if sizes == Array(result[2...]) { return rounding }
    }
    throw w.refuse(n, "pads \(pads.map { [$0.begin, $0.end] }) give another size in Caffe")
  }

  private static func pair(
    _ d: inout LayerDraft, _ block: String, _ both: String, _ h: String, _ w: String, _ v: [Int], _ fallback: Int?
  ) throws(Diagnostic) {
    guard v.count == 2, v.contains(where: { $0 != fallback }) else { return }
    if v[0] == v[1] { return try d.set(block, both, uint: v[0]) }
    try d.set(block, h, uint: v[0])
    try d.set(block, w, uint: v[1])
  }
}
