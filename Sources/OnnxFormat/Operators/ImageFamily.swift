import Diagnostics
import ModelGraph
import TensorCore

/// Sampling and region operators; Resize has a file of its own.
enum ImageFamily {
  static let importers: [String: OnnxImporter] = [
    "GridSample": { (s, c) throws(Diagnostic) in
      let mode: Resize.Mode = try c.choice(
        "mode",
        [
          "bilinear": .linear, "linear": .linear, "nearest": .nearest, "bicubic": .cubic, "cubic": .cubic,
        ])
      let text = try c.string("padding_mode")
      guard let padding = GridSample.Padding(rawValue: text) else {
        throw c.error("onnx.attribute-value", "padding_mode is '\(text)'")
      }
      try s.apply(
        GridSample(mode: mode, padding: padding, alignsCorners: try c.bool("align_corners")), c.inputs, c)
    },
    "AffineGrid": { (s, c) throws(Diagnostic) in
      try s.apply(AffineGrid(alignsCorners: try c.bool("align_corners")), c.inputs, c)
    },
    "RoiAlign": { (s, c) throws(Diagnostic) in
      let isHalfPixel =
        c.version >= 16
        ? try c.choice("coordinate_transformation_mode", ["half_pixel": true, "output_half_pixel": false]) : false
      let op = RoiAlign(
        height: try c.int("output_height"), width: try c.int("output_width"),
        samplingRatio: try c.int("sampling_ratio"), spatialScale: try c.float("spatial_scale"),
        isMaximum: try c.choice("mode", ["avg": false, "max": true]), isHalfPixel: isHalfPixel)
      try s.apply(op, c.inputs, c)
    },
    "MaxRoiPool": { (s, c) throws(Diagnostic) in
      let size = try c.ints("pooled_shape")
      guard size.count == 2 else { throw c.error("onnx.attribute-value", "pooled_shape has \(size.count) entries") }
      try s.apply(
        MaxRegionPool(height: size[0], width: size[1], spatialScale: try c.float("spatial_scale")), c.inputs, c)
    },
    "MaxUnpool": { (s, c) throws(Diagnostic) in try s.apply(MaxUnpool(try WindowGeometry(c)), c.inputs, c) },
    "DeformConv": { (s, c) throws(Diagnostic) in
      let op = DeformableConvolution(
        geometry: try WindowGeometry(c), groups: try c.int("group"), offsetGroups: try c.int("offset_group"))
      try s.apply(op, c.inputs, c)
    },
    "NonMaxSuppression": { (s, c) throws(Diagnostic) in
      try s.apply(NonMaxSuppression(isCenterAndSize: try c.bool("center_point_box")), c.inputs, c)
    },
    "ImageDecoder": { (s, c) throws(Diagnostic) in
      let text = try c.string("pixel_format")
      guard let f = ImageDecoder.PixelFormat(rawValue: text) else {
        throw c.error("onnx.attribute-value", "pixel_format is '\(text)'")
      }
      try s.apply(ImageDecoder(format: f), c.inputs, c)
    },
  ]
}

extension GridSample: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let name =
      switch mode {
      case .linear: e.opset < 20 ? "bilinear" : "linear"
      case .cubic: e.opset < 20 ? "bicubic" : "cubic"
      case .nearest: "nearest"
      }
    try e.put(
      "GridSample", e.inputs, e.outputs,
      [("align_corners", .bool(alignsCorners)), ("mode", .string(name)), ("padding_mode", .string(padding.rawValue))])
  }
}

extension AffineGrid: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("AffineGrid", e.inputs, e.outputs, [("align_corners", .bool(alignsCorners))])
  }
}

extension RoiAlign: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var attributes: [(String, OnnxAttribute)] = [
      ("mode", .string(isMaximum ? "max" : "avg")), ("output_height", .int(height)), ("output_width", .int(width)),
      ("sampling_ratio", .int(samplingRatio)), ("spatial_scale", .float(spatialScale.value)),
    ]
    if e.opset >= 16 {
      attributes.append(
        ("coordinate_transformation_mode", .string(isHalfPixel ? "half_pixel" : "output_half_pixel")))
    } else if isHalfPixel {
      throw e.refuse(
        "onnx.opset-too-low", "regions shifted by half an element need operator set 16",
        help: e.useOpset(16))
    }
    try e.put("RoiAlign", e.inputs, e.outputs, attributes)
  }
}

extension MaxRegionPool: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "MaxRoiPool", e.inputs, e.outputs,
      [("pooled_shape", .ints([height, width])), ("spatial_scale", .float(spatialScale.value))])
  }
}

extension MaxUnpool: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "MaxUnpool", e.inputs, e.outputs, geometry.attributes(kernel: geometry.kernel, axes: geometry.kernel.count))
  }
}

extension DeformableConvolution: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let kernel = e.type(1).sizes.map { Array($0.dropFirst(2)) } ?? geometry.kernel
    var attributes = geometry.attributes(kernel: kernel, axes: max(kernel.count, geometry.strides.count))
    attributes += [("group", .int(groups)), ("offset_group", .int(offsetGroups))]
    try e.put("DeformConv", e.inputs, e.outputs, attributes)
  }
}

extension NonMaxSuppression: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("NonMaxSuppression", e.inputs, e.outputs, [("center_point_box", .bool(isCenterAndSize))])
  }
}

extension ImageDecoder: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("ImageDecoder", e.inputs, e.outputs, [("pixel_format", .string(format.rawValue))])
  }
}
