import Diagnostics
import ModelGraph
import TensorCore

extension Correlation: OnnxLegalisable {
  /// For each displacement along y: all displacements along x at once, as a gathered axis; the mean over channels, then over
  /// the patch.
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    let (a, b) = (try l.input(0), try l.input(1))
    guard let s = l.shape(a), let out = l.outputType(0).shape, s.count == 4, out.count == 4, let height = out[2].value,
      let width = out[3].value, s[2].value != nil, s[3].value != nil
    else {
      throw l.refuse("onnx.correlation-size", "its plane's size is not known", help: "give --shape for the inputs")
    }
    let dx = displacements
    // Displacements to one side reach one step further than the greatest displacement.
    let extra = max(0, -(dx.first ?? 0) - maxDisplacement)
    let first = try padded(l, a, left: pad, "first")
    let second = try padded(l, b, left: pad + extra, "second")
    let isPoint = kernel == 1
    let rows = isPoint ? height : (height - 1) * patchStride + kernel
    let columns = isPoint ? width : (width - 1) * patchStride + kernel
    let step = isPoint ? patchStride : 1
    let patches = try l.add(
      Slice(),
      [
        first, try l.ints([rowBorder, maxDisplacement], "start"),
        try l.ints([rowBorder + (rows - 1) * step + 1, maxDisplacement + (columns - 1) * step + 1], "end"),
        try l.ints([2, 3], "plane"), try l.ints([step, step], "step"),
      ], "patches")
    let aligned = try l.add(Unsqueeze(), [patches, try l.ints([4], "displacement_axis")], "aligned")
    var places: [Int64] = []
    for w in 0..<columns { places += dx.map { Int64(maxDisplacement + extra + w * step + $0) } }
    let index = l.constant(try Tensor(places, shape: [columns, dx.count]), "columns")
    var parts: [ValueID] = []
    for p in rowDisplacements {
      let start = rowBorder + p
      let moved = try l.add(
        Slice(),
        [
          second, try l.ints([start], "start\(p)"), try l.ints([start + (rows - 1) * step + 1], "end\(p)"),
          try l.ints([2], "row_axis"), try l.ints([step], "row_step"),
        ], "moved\(p)")
      let all = try l.add(Gather(axis: 3), [moved, index], "neighbours\(p)")
      var value = try l.binary(isDifference ? .subtract : .multiply, aligned, all, "compared\(p)")
      if isDifference { value = try l.unary(.absolute, value, "distance\(p)") }
      let mean = try l.reduce(.mean, value, axes: [1], keep: false, "mean\(p)")
      var part = try l.add(Transpose([0, 3, 1, 2]), [mean], "channels\(p)")
      if !isPoint {
        let window = WindowGeometry(kernel: [kernel, kernel], strides: [patchStride, patchStride])
        part = try l.add(AveragePool(window, divisor: .window), [part], "patch_mean\(p)")
      }
      parts.append(part)
    }
    return [parts.count == 1 ? parts[0] : try l.add(Concat(axis: 1), parts, "correlation")]
  }

  private func padded(_ l: OnnxLowering, _ x: ValueID, left: Int, _ name: String) throws(Diagnostic) -> ValueID {
    let pads = [0, 0, rowPad, left, 0, 0, rowPad, pad]
    if pads.allSatisfy({ $0 == 0 }) { return x }
    return try l.add(Pad(), [x, try l.ints(pads, "\(name)_pads")], "\(name)_padded")
  }
}
