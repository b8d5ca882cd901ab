/// Convolution (cross-correlation) over any number of spatial axes.
///
/// Operands: input [N, C, D₁…], weights [M, C/groups, k₁…], optional bias [M]. Result: [N, M, o₁…].
/// Source: ONNX Conv.
package struct Convolution: Operator {
  package static let operatorName = "Convolution"
  package var geometry: WindowGeometry
  package var groups: Int

  package init(geometry: WindowGeometry = WindowGeometry(), groups: Int = 1) {
    self.geometry = geometry
    self.groups = groups
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let w = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard w.count >= 3 else { throw InferenceError("weights \(shapeText(w)) have no spatial axes", input: 1) }
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard x.count == w.count else {
      throw InferenceError("input \(shapeText(x)) and weights \(shapeText(w)) differ in rank", input: 1)
    }
    guard groups >= 1 else { throw InferenceError("group \(groups) is not positive") }
    if let m = w[0].value, m % groups != 0 {
      throw InferenceError("\(m) output channels do not divide into \(groups) groups", input: 1)
    }
    try ShapeRule.requireEqual(x[1], try w[1].times(groups), "input channels and weights' channels × groups")
    if inputs.has(2), let b = try inputs.shape(2) {
      guard b.count == 1 else { throw InferenceError("bias \(shapeText(b)) is not one-dimensional", input: 2) }
      try ShapeRule.requireEqual(b[0], w[0], "bias and output channels")
    }
    let axes = x.count - 2
    try geometry.check(axes: axes)
    var out = [x[0], w[0]]
    for i in 0..<axes {
      if i < geometry.kernel.count {
        try ShapeRule.requireEqual(Dim(geometry.kernel[i]), w[i + 2], "kernel and weights")
      }
      guard let k = w[i + 2].value else {
        out.append(inputs.fresh(i))
        continue
      }
      out.append(try geometry.outputExtent(x[i + 2], kernel: k, axis: i))
    }
    return [.tensor(type, out)]
  }
}

/// A shape as `[N,3,8,8]` for messages.
package func shapeText(_ s: [Dim]) -> String { "[\(s.map(\.description).joined(separator: ","))]" }
