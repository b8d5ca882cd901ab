import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Matrix products of the last two axes; the second factor is a bottom, or a blob of shape `blob_shape`. A second factor of
/// fewer axes is one matrix for all. Source: synopsys-caffe matmul_layer.cpp.
enum MatMulLayer: LayerTranslator {
  static var types: [String] { ["MatMul"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("matmul_param")
    guard l.rank() >= 2 else { throw l.error("caffe.matmul.rank", "the bottom must have two axes") }
    let second: ValueID
    if l.bottoms.count == 2 {
      second = try l.bottom(1)
    } else {
      let shape = p.ints("blob_shape")
      guard shape.count >= 2, shape.allSatisfy({ $0 > 0 }) else {
        throw l.error("caffe.matmul.blob", "with one bottom, blob_shape must give the matrix", p, "blob_shape")
      }
      second = try l.blob("matrix", shape: shape, filler: .constant(0))
    }
    let rank = l.shape(of: second).count
    guard rank >= 2, rank == l.rank() || rank == 2, rank <= l.rank() else {
      throw l.error("caffe.matmul.rank", "factors of \(l.rank()) and \(rank) axes do not fit", p)
    }
    let isShared = rank < l.rank()
    guard !isShared || !(p.bool("transpose_a") || p.bool("transpose_b")) else {
      throw l.error("caffe.matmul.transpose", "a matrix for all cannot be transposed", p, "transpose_a")
    }
    func turned(_ x: ValueID, _ isTurned: Bool, _ role: String) throws(Diagnostic) -> ValueID {
      let n = l.shape(of: x).count
      return isTurned ? try l.add(Transpose(Array(0..<n - 2) + [n - 1, n - 2]), [x], role) : x
    }
    let a = try turned(try l.bottom(), p.bool("transpose_a"), "a_transposed")
    try l.emit(MatMul(), [a, try turned(second, p.bool("transpose_b"), "b_transposed")])
  }
}

/// Every channel times one plane: bottoms [N, C, H, W] and [N, 1, H, W]. Source: synopsys-caffe spatial_product_layer.cpp.
enum SpatialProductLayer: LayerTranslator {
  static var types: [String] { ["SpatialProduct"] }
  static var bottoms: ClosedRange<Int> { 2...2 }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let (a, b) = (l.shape(), l.shape(1))
    guard a.count >= 2, b.count == a.count, b[0] == a[0], b[1] == 1, a[2...] == b[2...] else {
      throw l.error(
        "caffe.spatial-product.shape",
        "bottoms of shapes \(shapeText(a)) and \(shapeText(b)) must be [N, C, …] and [N, 1, …]")
    }
    try l.emit(BinaryMap(.multiply), l.bottoms)
  }
}

/// x / √(Σ x² over channels + bias). Source: OpenVINO's training toolbox, grn_layer.cpp.
enum GRNLayer: LayerTranslator {
  static var types: [String] { ["GRN"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("grn_param")
    let bias = p.float("bias", default: 1)
    guard l.rank() >= 2, bias >= 0 else {
      throw l.error("caffe.grn.bias", "bias \(bias) must not be negative", p, "bias")
    }
    let squares = try l.add(
      Reduction(.sumSquare), [try l.bottom(), try l.constant("axes", ints: [1])], "squares")
    let norm = try l.map(
      .squareRoot, try l.binary(.add, squares, try l.constant("bias", scalar: bias), "shifted"), "norm")
    try l.emit(BinaryMap(.divide), [try l.bottom(), norm])
  }
}
