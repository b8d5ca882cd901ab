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
    if c.version == 10 { return try simpleResize(s, c, mode) }
    let place = try c.string("coordinate_transformation_mode")
    guard let coordinates = Resize.Coordinates(rawValue: place),
      let nearest = Resize.Nearest(rawValue: try c.string("nearest_mode")), nearest != .simple,
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

  /// Resize-10, whose text leaves the rounding of `nearest` open: as ONNX Runtime has it, down where an axis grows and
  /// up where it shrinks. Axes of both kinds take two steps.
  private static func simpleResize(_ s: OnnxScope, _ c: OnnxCall, _ mode: Resize.Mode) throws(Diagnostic) {
    func op(_ nearest: Resize.Nearest) -> Resize { Resize(mode: mode, coordinates: .asymmetric, nearest: nearest) }
    guard mode == .nearest, let t = s.constant(c.input(1)), let scales = try? t.floats() else {
      return try s.apply(op(mode == .nearest ? .simple : .floor), [c.input(0), nil, c.input(1)], c)
    }
    if scales.allSatisfy({ $0 >= 1 }) { return try s.apply(op(.floor), [c.input(0), nil, c.input(1)], c) }
    if scales.allSatisfy({ $0 <= 1 }) { return try s.apply(op(.ceil), [c.input(0), nil, c.input(1)], c) }
    let up = s.constant(try Tensor(scales.map { max($0, 1) }), "scales_up", c)
    let down = s.constant(try Tensor(scales.map { min($0, 1) }), "scales_down", c)
    let grown = try s.add(op(.floor), [try c.require(0), nil, up], "grown", c)
    try s.apply(op(.ceil), [grown, nil, down], c)
  }
}

extension Resize: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    guard e.opset >= lowestOpset(e) else {
      throw e.refuse(
        "onnx.opset-too-low",
        "its coordinates or filter (\(coordinates.rawValue), \(mode.rawValue), \(aspect.rawValue)"
          + "\(antialiases ? ", antialias" : "")) need operator set \(lowestOpset(e))",
        help: "use --opset \(lowestOpset(e)) or higher")
    }
    if nearest == .simple, mode == .nearest, e.opset > 10 {
      throw e.refuse(
        "onnx.no-operator", "its rounding (down where an axis grows, up where it shrinks) is of operator set 10 alone",
        help: "use --opset 10, or give the scales as constants")
    }
    if e.opset < 11 { return try e.oldResize(self) }
    let isSymmetric = coordinates == .halfPixelSymmetric && e.opset >= 19
    var attributes: [(String, OnnxAttribute)] = [
      ("mode", .string(mode.rawValue)),
      (
        "coordinate_transformation_mode",
        .string((coordinates == .halfPixelSymmetric && !isSymmetric ? .halfPixel : coordinates).rawValue)
      ),
      ("nearest_mode", .string(nearest.rawValue)), ("cubic_coeff_a", .float(cubicA.value)),
      ("exclude_outside", .bool(excludesOutside)), ("extrapolation_value", .float(extrapolation.value)),
    ]
    var operands = e.inputs
    if e.opset >= 18 {
      attributes += [("antialias", .bool(antialiases)), ("keep_aspect_ratio_policy", .string(aspect.rawValue))]
      if !axes.isEmpty { attributes.append(("axes", .ints(axes))) }
      return try e.put("Resize", operands, e.outputs, attributes)
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

  /// The lowest operator set that has this form.
  private func lowestOpset(_ e: OnnxEmitter) -> Int {
    if antialiases || aspect != .stretch { return coordinates == .halfPixelSymmetric ? 19 : 18 }
    if coordinates == .halfPixelSymmetric, !isHalfPixel(e) { return 19 }
    if coordinates == .tfCropAndResize, !axes.isEmpty, e.has(1), e.constant(1) == nil { return 18 }
    guard coordinates == .asymmetric, mode != .cubic else { return 11 }
    // Before operator set 11 sizes are said as scales, which must be known to give those sizes.
    if e.has(3), e.outputType(0).sizes == nil || e.type(0).sizes == nil { return 11 }
    let scales = knownScales(e)
    let grows = scales?.allSatisfy { $0 >= 1 }
    if mode == .linear { return grows == false ? 10 : 9 }
    // Operator set 10 rounds down where an axis grows and up where it shrinks; Upsample only grows.
    switch nearest {
    case .simple: return 10
    case .floor: return grows != false ? 9 : scales?.allSatisfy { $0 >= 1 || Self.isWholeStep($0) } == true ? 10 : 11
    case .ceil: return scales?.allSatisfy { $0 <= 1 } == true ? 10 : 11
    default: return 11
    }
  }

  /// The scales of the axes, where they are known; of the sizes where those are given.
  private func knownScales(_ e: OnnxEmitter) -> [Float]? {
    if e.has(3) {
      guard let from = e.type(0).sizes, let to = e.outputType(0).sizes, from.count == to.count else { return nil }
      return zip(from, to).map { Float($1) / Float(max($0, 1)) }
    }
    return try? e.constant(2)?.floats()
  }

  /// Each place is on a source element: nothing to round.
  private static func isWholeStep(_ scale: Float) -> Bool { scale > 0 && (1 / scale).rounded() == 1 / scale }

  /// Symmetric coordinates are those of half_pixel where every scaled extent is whole.
  private func isHalfPixel(_ e: OnnxEmitter) -> Bool {
    if e.has(3) { return true }
    guard let scales = try? e.constant(2)?.floats(), let sizes = e.type(0).sizes else { return false }
    let list = axes.isEmpty ? Array(sizes.indices) : axes.map { $0 < 0 ? $0 + sizes.count : $0 }
    return zip(list, scales).allSatisfy { a, scale in
      sizes.indices.contains(a) && (Float(sizes[a]) * scale).rounded() == Float(sizes[a]) * scale
    }
  }
}

extension OnnxEmitter {
  /// The elements of operand `i` at the operator's axes, and those of `rest` at the others.
  private func spread(_ op: Resize, _ i: Int, rest: String, isOne: Bool) throws(Diagnostic) -> String {
    guard let rank = type(0).shape?.count else {
      throw refuse("onnx.unknown-rank", "its rank is not known", help: useOpset(18))
    }
    let axes = op.axes.map { $0 < 0 ? $0 + rank : $0 }
    let places = (0..<rank).map { a in axes.firstIndex(of: a) ?? axes.count + (isOne ? 0 : a) }
    let joined = try step("Concat", [input(i), rest], "joined", [("axis", .int(0))])
    return try step("Gather", [joined, try ints(places, "places")], "all")
  }

  /// Operands for all axes instead of some.
  fileprivate func allAxes(_ op: Resize) throws(Diagnostic) -> [String] {
    let region = has(1) && op.coordinates == .tfCropAndResize ? try wholeRegion(op) : ""
    if has(3) {
      if let sizes = outputType(0).sizes { return [input(0), region, "", try ints(sizes, "sizes")] }
      return [input(0), region, "", try spread(op, 3, rest: try step("Shape", [input(0)], "shape"), isOne: false)]
    }
    return [input(0), region, try allScales(op)]
  }

  private func allScales(_ op: Resize) throws(Diagnostic) -> String {
    if op.axes.isEmpty { return input(2) }
    guard let given = try constant(2)?.floats(), let rank = type(0).shape?.count else {
      return try spread(op, 2, rest: constant(try Tensor([Float(1)]), "one"), isOne: true)
    }
    var scales = [Float](repeating: 1, count: rank)
    for (k, given) in given.enumerated() where k < op.axes.count {
      let a = op.axes[k] < 0 ? op.axes[k] + rank : op.axes[k]
      if scales.indices.contains(a) { scales[a] = given }
    }
    return constant(try Tensor(scales), "scales")
  }

  /// The region over every axis: 0 … 1 where the operator names none.
  private func wholeRegion(_ op: Resize) throws(Diagnostic) -> String {
    guard let rank = type(0).shape?.count, let given = try constant(1)?.floats(), given.count == 2 * op.axes.count
    else {
      throw refuse(
        "onnx.opset-too-low", "a region of some axes needs operator set 18", help: useOpset(18))
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

  /// Resize-10 and Upsample-9: asymmetric, nearest by floor or linear; by scales.
  fileprivate func oldResize(_ op: Resize) throws(Diagnostic) {
    let scales = has(3) ? try scalesOfSizes() : try allScales(op)
    try put(
      opset == 10 ? "Resize" : "Upsample", [input(0), scales], outputs, [("mode", .string(op.mode.rawValue))])
  }

  /// Scales that give the result's known sizes: ⌊extent · scale⌋ in single precision.
  private func scalesOfSizes() throws(Diagnostic) -> String {
    guard let from = type(0).sizes, let to = outputType(0).sizes, from.count == to.count else {
      throw refuse("onnx.needs-constant", "its sizes are not known", help: useOpset(11))
    }
    var scales: [Float] = []
    for (n, m) in zip(from, to) {
      var s = Float(m) / Float(max(n, 1))
      for _ in 0..<4 where (Float(n) * s).rounded(.down) < Float(m) { s = s.nextUp }
      scales.append(s)
    }
    return constant(try Tensor(scales), "scales")
  }
}
