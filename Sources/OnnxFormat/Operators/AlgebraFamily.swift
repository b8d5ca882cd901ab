import Diagnostics
import ModelGraph
import TensorCore

/// Determinants, Einstein sums, Fourier transforms and signal windows.
enum AlgebraFamily {
  static let importers: [String: OnnxImporter] = [
    "Det": { (s, c) throws(Diagnostic) in try s.apply(Determinant(), c.inputs, c) },
    "Einsum": { (s, c) throws(Diagnostic) in try s.apply(Einsum(try c.string("equation")), c.inputs, c) },
    "DFT": { (s, c) throws(Diagnostic) in
      let op = FourierTransform(isInverse: try c.bool("inverse"), isOneSided: try c.bool("onesided"))
      if c.version >= 20 { return try s.apply(op, c.inputs, c) }
      let axis = s.constant(try Tensor(scalar: Int64(try c.int("axis"))), "axis", c)
      try s.apply(op, [c.input(0), c.input(1), axis], c)
    },
    "STFT": { (s, c) throws(Diagnostic) in
      try s.apply(ShortTimeFourierTransform(isOneSided: try c.bool("onesided")), c.inputs, c)
    },
    "HannWindow": { (s, c) throws(Diagnostic) in try s.apply(try window(c, .hann), c.inputs, c) },
    "HammingWindow": { (s, c) throws(Diagnostic) in try s.apply(try window(c, .hamming), c.inputs, c) },
    "BlackmanWindow": { (s, c) throws(Diagnostic) in try s.apply(try window(c, .blackman), c.inputs, c) },
    "MelWeightMatrix": { (s, c) throws(Diagnostic) in
      try s.apply(MelWeights(dtype: try c.optionalDType("output_datatype") ?? .float32), c.inputs, c)
    },
  ]

  private static func window(_ c: OnnxCall, _ kind: SignalWindow.Kind) throws(Diagnostic) -> SignalWindow {
    SignalWindow(
      kind, dtype: try c.optionalDType("output_datatype") ?? .float32, isPeriodic: try c.bool("periodic"))
  }
}

extension Determinant: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("Det", e.inputs, e.outputs) }
}

extension Einsum: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("Einsum", e.inputs, e.outputs, [("equation", .string(equation))])
  }
}

extension FourierTransform: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let attributes: [(String, OnnxAttribute)] = [("inverse", .bool(isInverse)), ("onesided", .bool(isOneSided))]
    if e.opset >= 20 { return try e.put("DFT", e.inputs, e.outputs, attributes) }
    var axis = -2
    if e.has(2), let given = try e.requireInts(2, "axis", since: 20).first { axis = given }
    if axis < 0, let rank = e.type(0).shape?.count { axis += rank }
    try e.put("DFT", [e.input(0), e.input(1)], e.outputs, attributes + [("axis", .int(axis))])
  }
}

extension ShortTimeFourierTransform: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("STFT", e.inputs, e.outputs, [("onesided", .bool(isOneSided))])
  }
}

extension SignalWindow: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset < 17 { return try e.signalWindow(kind, dtype, isPeriodic: isPeriodic) }
    let name =
      switch kind {
      case .hann: "HannWindow"
      case .hamming: "HammingWindow"
      case .blackman: "BlackmanWindow"
      }
    try e.put(
      name, e.inputs, e.outputs, [("output_datatype", .int(OnnxDType.number(dtype))), ("periodic", .bool(isPeriodic))])
  }
}

extension MelWeights: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("MelWeightMatrix", e.inputs, e.outputs, [("output_datatype", .int(OnnxDType.number(dtype)))])
  }
}
