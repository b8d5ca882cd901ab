import Diagnostics
import ModelGraph
import TensorCore

/// Operators that rearrange, number or accumulate elements.
enum MovementFamily {
  static let importers: [String: OnnxImporter] = [
    "Trilu": { (s, c) throws(Diagnostic) in try s.apply(Triangle(isUpper: try c.bool("upper")), c.inputs, c) },
    "ReverseSequence": { (s, c) throws(Diagnostic) in
      try s.apply(ReverseSequence(batchAxis: try c.int("batch_axis"), timeAxis: try c.int("time_axis")), c.inputs, c)
    },
    "DepthToSpace": { (s, c) throws(Diagnostic) in
      try s.apply(DepthToSpace(block: try c.int("blocksize"), order: try order(c)), c.inputs, c)
    },
    "SpaceToDepth": { (s, c) throws(Diagnostic) in
      try s.apply(SpaceToDepth(block: try c.int("blocksize"), order: try order(c)), c.inputs, c)
    },
    "EyeLike": { (s, c) throws(Diagnostic) in
      try s.apply(EyeLike(dtype: try c.optionalDType("dtype"), diagonal: try c.int("k")), c.inputs, c)
    },
    "Range": { (s, c) throws(Diagnostic) in try s.apply(NumberRange(), c.inputs, c) },
    "Col2Im": { (s, c) throws(Diagnostic) in try s.apply(ColumnsToImage(try WindowGeometry(c)), c.inputs, c) },
    "CumSum": { (s, c) throws(Diagnostic) in try s.apply(try cumulate(c, isProduct: false), c.inputs, c) },
    "CumProd": { (s, c) throws(Diagnostic) in try s.apply(try cumulate(c, isProduct: true), c.inputs, c) },
    "CenterCropPad": { (s, c) throws(Diagnostic) in try s.apply(CenterCropPad(axes: try c.ints("axes")), c.inputs, c) },
    "BitCast": { (s, c) throws(Diagnostic) in
      guard let t = try c.optionalDType("to") else { throw c.error("onnx.attribute-missing", "'to' is missing") }
      try s.apply(BitCast(to: t), c.inputs, c)
    },
  ]

  private static func order(_ c: OnnxCall) throws(Diagnostic) -> DepthToSpace.Order {
    let text = try c.optionalString("mode") ?? "DCR"
    guard let o = DepthToSpace.Order(rawValue: text) else { throw c.error("onnx.attribute-value", "mode is '\(text)'") }
    return o
  }

  private static func cumulate(_ c: OnnxCall, isProduct: Bool) throws(Diagnostic) -> Cumulate {
    Cumulate(isProduct: isProduct, isExclusive: try c.bool("exclusive"), isReverse: try c.bool("reverse"))
  }
}

extension OnnxCall {
  /// An attribute that holds an element type's number; nil where it is absent or 0.
  func optionalDType(_ name: String) throws(Diagnostic) -> DType? {
    guard let n = try optionalInt(name), n != 0 else { return nil }
    guard let t = OnnxDType.dtype(n) else {
      throw error("onnx.attribute-value", "element type \(n) of '\(name)' is not known")
    }
    return t
  }
}

extension Triangle: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset < 14 { return try e.triangle(isUpper: isUpper) }
    try e.put("Trilu", e.inputs, e.outputs, [("upper", .bool(isUpper))])
  }
}

extension ReverseSequence: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "ReverseSequence", e.inputs, e.outputs, [("batch_axis", .int(batchAxis)), ("time_axis", .int(timeAxis))])
  }
}

extension DepthToSpace: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("DepthToSpace", e.inputs, e.outputs, [("blocksize", .int(block)), ("mode", .string(order.rawValue))])
  }
}

extension SpaceToDepth: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("SpaceToDepth", e.inputs, e.outputs, [("blocksize", .int(block)), ("mode", .string(order.rawValue))])
  }
}

extension EyeLike: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "EyeLike", e.inputs, e.outputs, [("dtype", .optional(dtype.map { OnnxDType.number($0) })), ("k", .int(diagonal))])
  }
}

extension NumberRange: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("Range", e.inputs, e.outputs) }
}

extension ColumnsToImage: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let axes = max(geometry.strides.count, geometry.dilations.count, geometry.explicitPadCount)
    try e.put("Col2Im", e.inputs, e.outputs, geometry.attributes(kernel: [], axes: axes))
  }
}

extension WindowGeometry {
  fileprivate var explicitPadCount: Int {
    if case .explicit(let b, _) = padding { return b.count }
    return 0
  }
}

extension Cumulate: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      isProduct ? "CumProd" : "CumSum", e.inputs, e.outputs,
      [("exclusive", .bool(isExclusive)), ("reverse", .bool(isReverse))])
  }
}

extension CenterCropPad: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset < 18 { return try e.centerCropPad(axes: axes) }
    try e.put("CenterCropPad", e.inputs, e.outputs, axes.isEmpty ? [] : [("axes", .ints(axes))])
  }
}

extension BitCast: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("BitCast", e.inputs, e.outputs, [("to", .int(OnnxDType.number(to)))])
  }
}
