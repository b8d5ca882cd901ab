import CaffeFormat
import Diagnostics
import ModelGraph
import TensorCore

extension Model {
  /// What the model itself says about its pictures: data layers of the net, or of the net that its caffemodel was saved
  /// from; nil where nothing is said.
  public var declaredPreprocessing: ImagePreprocessing? {
    guard case .caffe(let m) = content, let t = m.transforms.first(where: \.isNeeded) else { return nil }
    return ImagePreprocessing(t)
  }

  /// The preprocessing for the model's picture input: what is declared (or `given`), with layout and type of the input.
  ///
  /// - Parameter given: a sidecar in place of what the model says.
  public func preprocessing(_ given: ImagePreprocessing? = nil) -> ImagePreprocessing {
    var p = given ?? declaredPreprocessing ?? ImagePreprocessing()
    guard let graph, let image = PictureInput(graph, preferring: p.input) else { return p }
    p.input = image.name
    p.layout = image.isChannelLast ? "NHWC" : "NCHW"
    p.dtype = image.dtype.rawValue
    if image.channels == 1 { p.channelOrder = "grey" }
    return p
  }

  /// What is left to do outside the model once `baked` is a part of it: a sidecar for the written model.
  ///
  /// - Throws: `preprocess.no-image` where the model takes no pictures.
  public func preprocessing(after baked: Preprocessing) throws(ModelConvError) -> ImagePreprocessing {
    try rethrowing {
      let given = try baked.declared.flatMap { $0 == "net" ? nil : try ImagePreprocessing.read($0) }
      var p = preprocessing(given)
      guard let graph, PictureInput(graph) != nil else {
        throw Diagnostic.error(
          "preprocess.no-image", "the model has no input with the axes of a picture (N, C, H, W)",
          at: SourceLocation(file: files.first), help: "leave out --preprocessing")
      }
      if baked.mean != nil || baked.declared != nil { p.mean = nil }
      if baked.scale != nil || baked.declared != nil { p.scale = 1 }
      if baked.reversesChannels { p.channelOrder = p.channelOrder == "BGR" ? "RGB" : "BGR" }
      // Readers without the file can do with the channels' means.
      if let file = p.mean?.file, let image = try? MeanImage(file) { p.mean?.values = image.channelMeans }
      return p
    }
  }
}
