/// Transposed convolution (deconvolution).
///
/// Operands: input [N, C, D₁…], weights [C, M/groups, k₁…], optional bias [M]. Result: [N, M, o₁…] with
/// o = stride·(D−1) + outputPadding + (k−1)·dilation + 1 − begin − end, or `outputShape` where given (pads follow then,
/// split as `geometry.padding` says). Source: ONNX ConvTranspose.
package struct TransposedConvolution: Operator {
  package static let operatorName = "TransposedConvolution"
  package var geometry: WindowGeometry
  package var groups: Int
  /// Extra elements at the end of each spatial axis; empty for none.
  package var outputPadding: [Int]
  /// Wanted spatial extents; empty for "as computed".
  package var outputShape: [Int]

  package init(
    geometry: WindowGeometry = WindowGeometry(), groups: Int = 1, outputPadding: [Int] = [], outputShape: [Int] = []
  ) {
    self.geometry = geometry
    self.groups = groups
    self.outputPadding = outputPadding
    self.outputShape = outputShape
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let w = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard w.count >= 3, x.count == w.count else {
      throw InferenceError("input \(shapeText(x)) and weights \(shapeText(w)) do not fit", input: 1)
    }
    guard groups >= 1 else { throw InferenceError("group \(groups) is not positive") }
    try ShapeRule.requireEqual(x[1], w[0], "input channels and weights' first axis")
    if let c = w[0].value, c % groups != 0 {
      throw InferenceError("\(c) input channels do not divide into \(groups) groups", input: 1)
    }
    let m = try w[1].times(groups)
    if inputs.has(2), let b = try inputs.shape(2) {
      guard b.count == 1 else { throw InferenceError("bias \(shapeText(b)) is not one-dimensional", input: 2) }
      try ShapeRule.requireEqual(b[0], m, "bias and output channels")
    }
    let axes = x.count - 2
    try geometry.check(axes: axes)
    guard outputPadding.isEmpty || outputPadding.count == axes, outputShape.isEmpty || outputShape.count == axes else {
      throw InferenceError("output padding or output shape does not have \(axes) entries")
    }
    var out = [x[0], m]
    for i in 0..<axes {
      guard let k = w[i + 2].value else {
        out.append(inputs.fresh(i))
        continue
      }
      let o = try outputExtent(x[i + 2], kernel: k, axis: i)
      if let v = o.value, v < 0 { throw InferenceError("spatial axis \(i) gets a negative extent \(v)") }
      out.append(o)
    }
    return [.tensor(type, out)]
  }

  /// Output extent of one spatial axis.
  package func outputExtent(_ input: Dim, kernel k: Int, axis i: Int) throws(InferenceError) -> Dim {
    if i < outputShape.count { return Dim(outputShape[i]) }
    let s = geometry.stride(i)
    if case .explicit = geometry.padding {
      let (b, e) = geometry.explicitPads(i)
      return try fullExtent(input, kernel: k, axis: i).minus(b).minus(e)
    }
    return try input.times(s)
  }

  private func fullExtent(_ input: Dim, kernel k: Int, axis i: Int) throws(InferenceError) -> Dim {
    let extra = i < outputPadding.count ? outputPadding[i] : 0
    return try input.minus(1).times(geometry.stride(i)).plus(Dim(k).minus(1).times(geometry.dilation(i))).plus(1).plus(
      extra)
  }

  /// The pads that one axis really has (begin, end), which follow from `outputShape` or an automatic padding.
  package func pads(input: Int, kernel k: Int, axis i: Int) throws(InferenceError) -> (begin: Int, end: Int) {
    if case .explicit = geometry.padding, outputShape.isEmpty { return geometry.explicitPads(i) }
    guard let full = try fullExtent(Dim(input), kernel: k, axis: i).value,
      let wanted = try outputExtent(Dim(input), kernel: k, axis: i).value
    else { return (0, 0) }
    let (total, overflow) = full.subtractingReportingOverflow(wanted)
    if overflow { throw InferenceError("an extent is too large") }
    // ONNX: SAME_UPPER puts the smaller half at the beginning, everything else the larger half.
    // What is missing for a larger result stands at the end.
    if total < 0 { return (0, total) }
    let half = total / 2
    return geometry.padding == .sameUpper ? (half, total - half) : (total - half, half)
  }
}
