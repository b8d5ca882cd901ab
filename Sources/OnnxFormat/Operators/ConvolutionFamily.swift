import Diagnostics
import ModelGraph

/// Conv, ConvTranspose.
enum ConvolutionFamily {
  static let importers: [String: OnnxImporter] = [
    "Conv": { (s, c) throws(Diagnostic) in
      try s.apply(Convolution(geometry: try WindowGeometry(c), groups: try c.int("group")), c.inputs, c)
    },
    "ConvTranspose": { (s, c) throws(Diagnostic) in
      let op = TransposedConvolution(
        geometry: try WindowGeometry(c), groups: try c.int("group"), outputPadding: try c.ints("output_padding"),
        outputShape: try c.ints("output_shape"))
      try s.apply(op, c.inputs, c)
    },
  ]
}

extension WindowGeometry {
  /// The window attributes that convolution and pooling share.
  init(_ c: OnnxCall) throws(Diagnostic) {
    let pads = try c.ints("pads")
    guard pads.count % 2 == 0 else { throw c.error("onnx.attribute-value", "pads has an odd number of entries") }
    let padding: Padding =
      switch try c.string("auto_pad") {
      case "SAME_UPPER": .sameUpper
      case "SAME_LOWER": .sameLower
      case "VALID": .none
      case "NOTSET", "": .explicit(begin: Array(pads.prefix(pads.count / 2)), end: Array(pads.suffix(pads.count / 2)))
      case let other: throw c.error("onnx.attribute-value", "auto_pad is '\(other)'")
      }
    let isCeil = try c.optionalInt("ceil_mode") ?? 0 != 0
    self.init(
      kernel: try c.ints("kernel_shape"), strides: try c.ints("strides"), dilations: try c.ints("dilations"),
      padding: padding, rounding: isCeil ? .ceil : .floor, lastWindow: isCeil ? .dropAlways : .keep)
  }

  /// The attributes that say this geometry over `axes` spatial axes.
  func attributes(kernel: [Int], axes: Int) -> [(String, OnnxAttribute)] {
    var out: [(String, OnnxAttribute)] = []
    switch padding {
    case .sameUpper: out.append(("auto_pad", .string("SAME_UPPER")))
    case .sameLower: out.append(("auto_pad", .string("SAME_LOWER")))
    case .explicit: break
    }
    if (0..<axes).contains(where: { dilation($0) != 1 }) {
      out.append(("dilations", .ints((0..<axes).map { dilation($0) })))
    }
    if !kernel.isEmpty { out.append(("kernel_shape", .ints(kernel))) }
    if isAnyPadded {
      let pads = (0..<axes).map { explicitPads($0) }
      out.append(("pads", .ints(pads.map(\.begin) + pads.map(\.end))))
    }
    if (0..<axes).contains(where: { stride($0) != 1 }) {
      out.append(("strides", .ints((0..<axes).map { stride($0) })))
    }
    return out
  }
}

extension Convolution: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let (kernel, axes) = try e.kernel(geometry)
    let attributes = geometry.attributes(kernel: kernel, axes: axes) + [("group", .int(groups))]
    try e.put("Conv", e.inputs, e.outputs, attributes)
  }
}

extension TransposedConvolution: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let (kernel, axes) = try e.kernel(geometry)
    var attributes = geometry.attributes(kernel: kernel, axes: axes) + [("group", .int(groups))]
    if outputPadding.contains(where: { $0 != 0 }) { attributes.append(("output_padding", .ints(outputPadding))) }
    if !outputShape.isEmpty { attributes.append(("output_shape", .ints(outputShape))) }
    try e.put("ConvTranspose", e.inputs, e.outputs, attributes)
  }
}

extension OnnxEmitter {
  /// The kernel extents of a convolution and its number of spatial axes.
  fileprivate func kernel(_ g: WindowGeometry) throws(Diagnostic) -> ([Int], Int) {
    if let w = type(1).shape, w.count >= 3 {
      let sizes = type(1).sizes.map { Array($0.dropFirst(2)) } ?? g.kernel
      return (sizes, w.count - 2)
    }
    guard !g.kernel.isEmpty else {
      throw refuse("onnx.unknown-rank", "the number of spatial axes is not known", help: "give --shape for the inputs")
    }
    return (g.kernel, g.kernel.count)
  }
}
