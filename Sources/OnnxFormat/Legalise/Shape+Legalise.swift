import Diagnostics
import ModelGraph
import TensorCore

extension InnerProduct: OnnxLegalisable {
  /// The input as a matrix, Gemm, and the leading axes again.
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    let x = try l.input(0)
    let rank = try l.rank(0)
    let a = axis < 0 ? axis + rank : axis
    let matrix = rank == 2 && a == 1 ? x : try l.add(FlattenToMatrix(axis: a), [x], "matrix")
    let gemm = Gemm(transposesB: weightLayout == .outputsByInputs)
    var operands = [matrix, try l.input(1)]
    if l.has(2) { operands.append(try l.input(2)) }
    let product = try l.add(gemm, operands, "product")
    if a == 1 { return [product] }
    guard let shape = l.shape(x), let n = l.shape(product)?.last else {
      throw l.refuse("onnx.unknown-rank", "the shape of its input is not known")
    }
    return [try l.reshape(product, to: shape[..<a] + [n], "result")]
  }
}

extension Flatten: OnnxLegalisable {
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    let x = try l.input(0)
    let rank = try l.rank(0)
    let a = axis < 0 ? axis + rank : axis
    let e = endAxis < 0 ? endAxis + rank : endAxis
    if a == 1, e == rank - 1 { return [try l.add(FlattenToMatrix(axis: 1), [x], "flat")] }
    guard let wanted = l.outputType(0).shape else { throw l.refuse("onnx.unknown-rank", "its shape is not known") }
    return [try l.reshape(x, to: wanted, "flat")]
  }
}

extension ReshapeAxes: OnnxLegalisable {
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    guard let wanted = l.outputType(0).shape else { throw l.refuse("onnx.unknown-rank", "its shape is not known") }
    return [try l.reshape(try l.input(0), to: wanted, "reshaped")]
  }
}

extension CropLike: OnnxLegalisable {
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    let x = try l.input(0)
    let rank = try l.rank(0)
    let a = axis < 0 ? axis + rank : axis
    let axes = Array(a..<rank)
    let offsets = axes.map { offset($0 - a) }
    if axes.isEmpty { return [x] }
    let starts = try l.ints(offsets, "starts")
    let like = try l.input(1)
    let sizes = l.shape(like)?.dropFirst(a).compactMap(\.value) ?? []
    if sizes.count == axes.count {
      let ends = zip(offsets, sizes).map { $0 &+ $1 }
      return [try l.add(Slice(), [x, starts, try l.ints(ends, "ends"), try l.ints(axes, "axes")], "cropped")]
    }
    guard l.opset >= 10 else {
      throw l.refuse(
        "onnx.opset-too-low", "a crop to an open size needs operator set 10",
        help: "use --opset 10 or higher, or give --shape for the inputs")
    }
    let extents = try l.add(ShapeOf(start: a), [like], "extents")
    let ends = try l.binary(.add, extents, starts, "ends")
    return [try l.add(Slice(), [x, starts, ends, try l.ints(axes, "axes")], "cropped")]
  }
}
