import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// What detection layers end with.
extension LayerBuilder {
  /// Rows [K, 7] as top 0 of shape [1, 1, K, 7]; where there are none, a row of −1 for each image, its number first.
  func emitDetections(_ rows: ValueID, images: Int) throws(Diagnostic) {
    var fallback = [Float](repeating: -1, count: images * 7)
    for i in 0..<images { fallback[i * 7] = Float(i) }
    let none = constant("none", try Tensor(fallback, shape: [images, 7]))
    let all = try add(Concat(axis: 0), [rows, none], "rows_or_none")
    let count = try add(ShapeOf(start: 0, end: 1), [rows], "row_count")
    let isEmpty = try binary(.equal, count, try constant("zero_rows", ints: [0]), "is_empty")
    let end = try select(isEmpty, try constant("image_count", ints: [images]), count, "row_end")
    let kept = try add(
      Slice(), [all, try constant("first_row", ints: [0]), end, try constant("row_axis", ints: [0])], "result")
    try emit(Unsqueeze(), [kept, try constant("outer_axes", ints: [0, 1])])
  }
}
