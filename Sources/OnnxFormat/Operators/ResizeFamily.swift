import Diagnostics
import ModelGraph
import TensorCore

/// Resize in all its versions, and Upsample.
enum ResizeFamily {
  static let importers: [String: OnnxImporter] = [
    "Resize": { (s, c) throws(Diagnostic) in try resize(s, c) },
    "Upsample": { (s, c) throws(Diagnostic) in
      let mode: Resize.Mode = try c.choice("mode", ["nearest": .nearest, "linear": .linear, "bilinear": .linear])
      let op = Resize(mode: mode, coordinates: .asymmetric, nearest: .floor)
      var scales = c.input(1)
      if c.version == 1 {
        let list: [Float] = [1, 1, try c.float("height_scale"), try c.float("width_scale")]
        scales = s.constant(try Tensor(list), "scales", c)
      } else if c.version < 9 {
        scales = s.constant(try Tensor(try c.floats("scales")), "scales", c)
      }
      try s.apply(op, [c.input(0), nil, scales], c)
    },
  ]

  private static func resize(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    let mode: Resize.Mode = try c.choice("mode", ["nearest": .nearest, "linear": .linear, "cubic": .cubic])
    if c.version == 10 {
      let op = Resize(mode: mode, coordinates: .asymmetric, nearest: .floor)
      return try s.apply(op, [c.input(0), nil, c.input(1)], c)
    }
    let place = try c.string("coordinate_transformation_mode")
    guard let coordinates = Resize.Coordinates(rawValue: place),
      let nearest = Resize.Nearest(rawValue: try c.string("nearest_mode")),
      let aspect = Resize.AspectPolicy(rawValue: try c.optionalString("keep_aspect_ratio_policy") ?? "stretch")
    else { throw c.error("onnx.attribute-value", "its mode (\(place)) is not known") }
    let op = Resize(
      mode: mode, coordinates: coordinates, nearest: nearest, axes: try c.ints("axes"), aspect: aspect,
      cubicA: try c.float("cubic_coeff_a"), excludesOutside: try c.bool("exclude_outside"),
      extrapolation: try c.float("extrapolation_value"), antialiases: try c.optionalInt("antialias") ?? 0 != 0)
    // Empty tensors stand for absent operands in version 11.
    var operands = c.inputs
    for i in operands.indices.dropFirst() where s.type(operands[i]).shape?.first?.value == 0 { operands[i] = nil }
    while operands.count > 1, case .some(.none) = operands.last { operands.removeLast() }
    guard operands.count > 2 else { throw c.error("onnx.input-missing", "neither scales nor sizes are given") }
    try s.apply(op, operands, c)
  }
}

extension Resize: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset < 11 { return try e.oldResize(self) }
    var attributes: [(String, OnnxAttribute)] = [
      ("mode", .string(mode.rawValue)), ("coordinate_transformation_mode", .string(coordinates.rawValue)),
      ("nearest_mode", .string(nearest.rawValue)), ("cubic_coeff_a", .float(cubicA.value)),
      ("exclude_outside", .bool(excludesOutside)), ("extrapolation_value", .float(extrapolation.value)),
    ]
    if coordinates == .halfPixelSymmetric, e.opset < 19 {
      throw e.refuse("onnx.opset-too-low", "its coordinates need operator set 19", help: "use --opset 19 or higher")
    }
    var operands = e.inputs
    if e.opset >= 18 {
      attributes += [("antialias", .bool(antialiases)), ("keep_aspect_ratio_policy", .string(aspect.rawValue))]
      if !axes.isEmpty { attributes.append(("axes", .ints(axes))) }
      return try e.put("Resize", operands, e.outputs, attributes)
    }
    guard !antialiases, aspect == .stretch else {
      throw e.refuse("onnx.opset-too-low", "its filter needs operator set 18", help: "use --opset 18 or higher")
    }
    if !axes.isEmpty { operands = try e.allAxes(self) }
    if e.opset < 13 {
      // Version 11 wants every operand; an empty one stands for none.
      let empty = try e.constant(Tensor([Float]()), "none")
      if operands.count > 1, operands[1].isEmpty { operands[1] = empty }
      if operands.count > 2, operands[2].isEmpty { operands[2] = empty }
    }
    try e.put("Resize", operands, e.outputs, attributes)
  }
}

extension OnnxEmitter {
  /// Scales of every axis, from constants.
  fileprivate func allScales(_ op: Resize) throws(Diagnostic) -> [Float] {
    guard let rank = type(0).shape?.count else {
      throw refuse("onnx.unknown-rank", "its rank is not known", help: "use --opset 18 or higher")
    }
    var scales = [Float](repeating: 1, count: rank)
    if has(3), let from = type(0).sizes, let to = outputType(0).sizes, from.count == to.count {
      for i in scales.indices { scales[i] = Float(to[i]) / Float(max(from[i], 1)) }
      return scales
    }
    guard let given = try constant(2)?.floats() else {
      throw refuse("onnx.needs-constant", "its scales are not known", help: "use --opset 18 or higher")
    }
    for (k, a) in (op.axes.isEmpty ? Array(0..<rank) : op.axes).enumerated() where k < given.count {
      let i = a < 0 ? a + rank : a
      if scales.indices.contains(i) { scales[i] = given[k] }
    }
    return scales
  }

  /// Operands for all axes instead of some.
  fileprivate func allAxes(_ op: Resize) throws(Diagnostic) -> [String] {
    let region = has(1) && op.coordinates == .tfCropAndResize ? try wholeRegion(op) : ""
    if has(3), let sizes = outputType(0).sizes {
      return [input(0), region, "", try ints(sizes, "sizes")]
    }
    return [input(0), region, constant(try Tensor(try allScales(op)), "scales")]
  }

  /// The region over every axis: 0 … 1 where the operator names none.
  private func wholeRegion(_ op: Resize) throws(Diagnostic) -> String {
    guard let rank = type(0).shape?.count, let given = try constant(1)?.floats(), given.count == 2 * op.axes.count
    else {
      throw refuse(
        "onnx.opset-too-low", "a region of some axes needs operator set 18", help: "use --opset 18 or higher")
    }
    var region = [Float](repeating: 0, count: rank) + [Float](repeating: 1, count: rank)
    for (k, a) in op.axes.enumerated() {
      let i = a < 0 ? a + rank : a
      guard i >= 0, i < rank else { continue }
      region[i] = given[k]
      region[rank + i] = given[op.axes.count + k]
    }
    return constant(try Tensor(region), "region")
  }

  /// Resize-10 and Upsample-9: asymmetric, nearest by floor or linear.
  fileprivate func oldResize(_ op: Resize) throws(Diagnostic) {
    let isPlain =
      op.coordinates == .asymmetric && (op.mode == .linear || op.mode == .nearest && op.nearest == .floor)
      && !op.antialiases && op.aspect == .stretch
    guard isPlain else {
      throw refuse(
        "onnx.opset-too-low",
        "its coordinates (\(op.coordinates.rawValue), \(op.nearest.rawValue)) need operator set 11",
        help: "use --opset 11 or higher")
    }
    var scales = has(2) && !has(3) && op.axes.isEmpty ? input(2) : ""
    if scales.isEmpty { scales = constant(try Tensor(try allScales(op)), "scales") }
    try put(
      opset == 10 ? "Resize" : "Upsample", [input(0), scales], outputs, [("mode", .string(op.mode.rawValue))])
  }
}
