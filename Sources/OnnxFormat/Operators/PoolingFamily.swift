import Diagnostics
import ModelGraph

/// MaxPool, AveragePool, LpPool and their global forms.
enum PoolingFamily {
  static let importers: [String: OnnxImporter] = [
    "MaxPool": { (s, c) throws(Diagnostic) in
      let columnMajor = try c.int("storage_order") != 0
      try s.apply(
        MaxPool(try WindowGeometry(c), indices: c.wants(1) ? .flat(columnMajor: columnMajor) : .none), c.inputs, c)
    },
    "AveragePool": { (s, c) throws(Diagnostic) in
      try s.apply(
        AveragePool(
          try WindowGeometry(c), divisor: try c.int("count_include_pad") != 0 ? .paddedExtent : .validOnly), c.inputs, c
      )
    },
    "LpPool": { (s, c) throws(Diagnostic) in try s.apply(LpPool(try WindowGeometry(c), p: try norm(c)), c.inputs, c) },
    "GlobalMaxPool": { (s, c) throws(Diagnostic) in
      try s.apply(MaxPool(WindowGeometry(isGlobal: true)), c.inputs, c)
    },
    "GlobalAveragePool": { (s, c) throws(Diagnostic) in
      try s.apply(AveragePool(WindowGeometry(isGlobal: true), divisor: .validOnly), c.inputs, c)
    },
    "GlobalLpPool": { (s, c) throws(Diagnostic) in
      try s.apply(LpPool(WindowGeometry(isGlobal: true), p: try norm(c)), c.inputs, c)
    },
  ]

  /// The order of the norm: a float in the first version.
  private static func norm(_ c: OnnxCall) throws(Diagnostic) -> Int {
    guard c.version == 1 else { return try c.int("p") }
    guard let p = Int(exactly: try c.float("p")) else { throw c.error("onnx.attribute-value", "p is not whole") }
    return p
  }
}

extension WindowGeometry {
  /// Attributes of a pooling operator. Rounding that ONNX cannot say has been legalised before.
  fileprivate func poolAttributes(_ e: OnnxEmitter) throws(Diagnostic) -> [(String, OnnxAttribute)] {
    var out = attributes(kernel: kernel, axes: kernel.count)
    if rounding == .ceil { out.append(("ceil_mode", .int(1))) }
    if lastWindow == .dropInPaddingIfAnyPadded, isAnyPadded {
      throw e.refuse(
        "onnx.pooling-rounding", "its rounding rule has not been lowered", help: "give --shape for the inputs")
    }
    return out
  }
}

extension MaxPool: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if geometry.isGlobal, indices == .none { return try e.put("GlobalMaxPool", e.inputs, e.outputs) }
    var attributes = try geometry.poolAttributes(e)
    switch indices {
    case .none: break
    case .flat(let columnMajor): if columnMajor { attributes.append(("storage_order", .int(1))) }
    case .planeFloat: throw e.refuse("onnx.pooling-mask", "its mask has not been lowered")
    }
    try e.put("MaxPool", e.inputs, e.outputs, attributes)
  }
}

extension AveragePool: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if geometry.isGlobal { return try e.put("GlobalAveragePool", e.inputs, e.outputs) }
    var attributes = try geometry.poolAttributes(e)
    if divisor != .validOnly, geometry.isAnyPadded || geometry.padding != .none || geometry.rounding == .ceil {
      attributes.append(("count_include_pad", .int(1)))
    }
    try e.put("AveragePool", e.inputs, e.outputs, attributes)
  }
}

extension LpPool: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if geometry.isGlobal { return try e.put("GlobalLpPool", e.inputs, e.outputs, [("p", .int(p))]) }
    try e.put("LpPool", e.inputs, e.outputs, try geometry.poolAttributes(e) + [("p", .int(p))])
  }
}
