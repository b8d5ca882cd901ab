import Diagnostics
import ModelGraph

/// A padding of its own at each side of a plane: pad_t, pad_l, pad_b, pad_r, or pad_type 1, which is TensorFlow's SAME.
/// Source: Synopsys' im2col.cpp, pooling_layer.cpp.
struct SidePadding {
  var begin: [Int]
  var end: [Int]
  /// The size is the input's by the stride, rounded up.
  var isSame = false

  init(begin: [Int], end: [Int]) {
    self.begin = begin
    self.end = end
  }

  static func isIn(_ p: ParameterBlock) -> Bool {
    ["pad_t", "pad_l", "pad_b", "pad_r", "pad_type"].contains { p.int($0) != 0 }
  }

  /// - Parameters:
  ///   - extent: the dilated kernel.
  ///   - firstAxis: of the bottom's plane.
  init(
    _ l: LayerBuilder, _ p: ParameterBlock, kernel: [Int], extent: [Int], stride: [Int], firstAxis: Int
  ) throws(Diagnostic) {
    let field = p.int("pad_type") != 0 ? "pad_type" : "pad_l"
    guard kernel.count == 2, !["pad", "pad_h", "pad_w"].contains(where: { p.ints($0).contains { $0 != 0 } }) else {
      throw l.error(
        "caffe.pad.sides", "\(field) is for planes, and not together with pad, pad_h or pad_w", p, field)
    }
    begin = [p.int("pad_t"), p.int("pad_l")]
    end = [p.int("pad_b"), p.int("pad_r")]
    guard (begin + end).allSatisfy({ $0 >= 0 && $0 <= 1 << 20 }) else {
      throw l.error("caffe.pad.negative", "a padding is negative or too large", p, field)
    }
    guard p.int("pad_type") != 0 else { return }
    guard p.int("pad_type") == 1, begin + end == [0, 0, 0, 0] else {
      throw l.error("caffe.pad.type", "pad_type is 0, or 1 without paddings of sides", p, "pad_type")
    }
    isSame = true
    for i in 0..<2 {
      let d = try l.size(firstAxis + i, "the plane's size")
      let last = d % stride[i] == 0 ? stride[i] : d % stride[i]
      begin[i] = max(kernel[i] - last, 0) / 2
      let count = (d + stride[i] - 1) / stride[i]
      end[i] = max((count - 1) * stride[i] + extent[i] - d - begin[i], 0)
    }
  }
}

/// Settings of fixed-point arithmetic that layers of Synopsys' tree have beside their own.
enum FixedPoint {
  /// - Throws: `caffe.fixed-point` where one is used.
  static func refuse(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) {
    for field in ["input_scale", "output_scale", "weight_scale"]
    where p.has(field) && p.floats(field).contains(where: { $0 != 1 }) {
      throw unsupported(l, p, field)
    }
    let counts = ["input_zero_point", "output_zero_point", "weight_zero_point", "output_shift_instead_division"]
    for field in counts where p.has(field) && p.ints(field).contains(where: { $0 != 0 }) {
      throw unsupported(l, p, field)
    }
    for field in ["per_channel_scale_weight", "per_channel_scale_output", "submanifold_sparse"] where p.bool(field) {
      throw unsupported(l, p, field)
    }
    if p.has("saturate"), p.name(of: "saturate") != "None" { throw unsupported(l, p, "saturate") }
  }

  private static func unsupported(_ l: LayerBuilder, _ p: ParameterBlock, _ field: String) -> Diagnostic {
    l.error("caffe.fixed-point", "fixed-point arithmetic (\(field)) is not supported", p, field)
  }
}
