import TensorCore

/// Patches of one feature map compared with displaced patches of another one. Operands: two maps [N, C, H, W]. Result
/// [N, displacements, H', W'], one channel for each displacement, rows of displacements outside.
///
/// Both maps are padded with zeros. Patch (y, x) has its upper left corner at (y·s₁ + d, x·s₁ + d) with d the greatest
/// displacement; the value is the mean over the patch and over channels of the product (or of the absolute difference) with
/// the patch displaced by multiples of s₂. Sources: FlowNet 2 correlation_layer.cu, correlation_layer1d.cu.
package struct Correlation: Operator {
  package static let operatorName = "Correlation"
  /// Odd.
  package var kernel: Int
  package var pad: Int
  package var maxDisplacement: Int
  package var patchStride: Int
  package var displacementStride: Int
  /// Absolute differences instead of products.
  package var isDifference: Bool
  /// nil: displacements along both axes. Else along x alone, and neither padding nor border in y.
  package var direction: Direction?
  package enum Direction: String, Hashable, Sendable { case both, left, right }

  package init(
    kernel: Int, pad: Int = 0, maxDisplacement: Int, patchStride: Int = 1, displacementStride: Int = 1,
    isDifference: Bool = false, direction: Direction? = nil
  ) {
    self.kernel = kernel
    self.pad = pad
    self.maxDisplacement = maxDisplacement
    self.patchStride = patchStride
    self.displacementStride = displacementStride
    self.isDifference = isDifference
    self.direction = direction
  }

  /// Displacements along x, in elements, in the order of the result's channels.
  package var displacements: [Int] {
    let r = maxDisplacement / max(displacementStride, 1)
    let steps =
      switch direction {
      case nil, .both: Array(-r...r)
      case .left: Array(-(r + 1)...(-1))
      case .right: Array(0...r)
      }
    return steps.map { $0 * displacementStride }
  }

  /// Displacements along y.
  package var rowDisplacements: [Int] { direction == nil ? displacements : [0] }

  /// Padding and distance of the first patch from the padded edge, in y and in x.
  package var rowPad: Int { direction == nil ? pad : 0 }
  package var rowBorder: Int { direction == nil ? maxDisplacement : 0 }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    for (what, v) in [("kernel", kernel), ("stride", patchStride), ("displacement stride", displacementStride)] {
      guard v >= 1, v <= 1 << 12 else { throw InferenceError("\(what) \(v) is not positive") }
    }
    guard kernel % 2 == 1 else { throw InferenceError("kernel \(kernel) is even") }
    guard pad >= 0, pad <= 1 << 16, maxDisplacement >= 0, maxDisplacement <= 1 << 12, displacements.count <= 1 << 10
    else {
      throw InferenceError("pad \(pad) or displacement \(maxDisplacement) is out of range")
    }
    guard let a = try inputs.shape(0), let b = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard a.count == 4, b.count == 4 else {
      throw InferenceError("maps \(shapeText(a)) and \(shapeText(b)) must have 4 axes")
    }
    for i in 0..<4 { try ShapeRule.requireEqual(a[i], b[i], "axis \(i) of the maps") }
    let rows = try extent(a[2], pad: rowPad, border: rowBorder)
    let columns = try extent(a[3], pad: pad, border: maxDisplacement)
    return [.tensor(type, [a[0], Dim(displacements.count * rowDisplacements.count), rows, columns])]
  }

  /// ⌈(extent + 2 pad − 2 border − (kernel − 1)) / stride⌉, at least 1.
  private func extent(_ d: Dim, pad: Int, border: Int) throws(InferenceError) -> Dim {
    let span = try d.plus(2 * pad - 2 * border - (kernel - 1))
    let out = try span.ceilDiv(patchStride)
    if let v = out.value, v < 1 { throw InferenceError("no patch fits an extent of \(d) with pad \(pad)") }
    return out
  }
}
