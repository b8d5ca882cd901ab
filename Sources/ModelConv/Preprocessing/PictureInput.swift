import ModelGraph
import TensorCore

/// The input of a graph that takes pictures.
struct PictureInput {
  var name: String
  var dtype: DType
  /// The axes are N, H, W, C instead of N, C, H, W.
  var isChannelLast: Bool
  /// nil where it is not fixed.
  var channels: Int?
  /// Height and width; nil where they are not fixed.
  var size: [Int]?
  /// Fixed number of pictures of a run; nil where it is free.
  var batch: Int?

  /// The input called `name`, else the first that has the axes of pictures; nil where there is none.
  init?(_ graph: Graph, preferring name: String? = nil) {
    let images = graph.openInputs.filter { $0.type.shape?.count == 4 && ($0.type.dtype?.isFloat ?? false) }
    guard let image = images.first(where: { $0.name == name }) ?? images.first, let shape = image.type.shape,
      let dtype = image.type.dtype
    else { return nil }
    self.name = image.name
    self.dtype = dtype
    func isColour(_ d: Dim) -> Bool { d.value == 1 || d.value == 3 }
    isChannelLast = isColour(shape[3]) && !isColour(shape[1])
    channels = shape[isChannelLast ? 3 : 1].value
    let (h, w) = (shape[isChannelLast ? 1 : 2].value, shape[isChannelLast ? 2 : 3].value)
    if let h, let w, h > 0, w > 0 { size = [h, w] }
    batch = shape[0].value
  }

  /// The shape of a batch of pictures of the given size.
  func shape(batch: Int, channels: Int, height: Int, width: Int) -> [Int] {
    isChannelLast ? [batch, height, width, channels] : [batch, channels, height, width]
  }
}
