import Diagnostics
import ModelGraph
import TensorCore

extension Preprocessing {
  /// Mean and scale from where `declared` says, those that are given here excepted.
  ///
  /// - Throws: `preprocess.undeclared` where the model says nothing about its pictures.
  func completed(by model: Model) throws -> BakedPreprocessing {
    var out = BakedPreprocessing(scale: scale, reversesChannels: reversesChannels)
    var found: ImagePreprocessing?
    if declared == "net" {
      found = model.declaredPreprocessing
      guard found != nil else {
        throw Diagnostic.error(
          "preprocess.undeclared", "no data layer of the model says how pictures are transformed",
          at: SourceLocation(file: model.files.first),
          help: "give the training net or a sidecar (--bake FILE), or --mean and --scale", status: .usage)
      }
    } else if let declared {
      found = try ImagePreprocessing.read(declared)
    }
    if out.scale == nil, let s = found?.scale, s != 1 { out.scale = s }
    out.mean =
      try mean.map { try MeanImage($0) } ?? found.flatMap { f in try f.mean.map { try MeanImage($0, by: f.source) } }
    return out
  }
}

/// Operators that stand between a picture input and its users.
struct BakedPreprocessing {
  var mean: MeanImage?
  var scale: Double?
  var reversesChannels: Bool

  init(scale: Double?, reversesChannels: Bool) {
    self.scale = scale
    self.reversesChannels = reversesChannels
  }

  /// The graph with the preprocessing between each picture input and its users: channels reversed, then the mean
  /// subtracted, then scaled, which is Caffe's order.
  ///
  /// - Throws: `preprocess.*` where there is no picture input, or the mean does not fit one.
  func bake(into graph: Graph) throws -> Graph {
    let images = graph.openInputs.filter { $0.type.shape?.count == 4 }
    guard !images.isEmpty else {
      throw Diagnostic.error(
        "preprocess.no-image", "no input has the axes of a picture (N, C, H, W), so nothing can be baked in",
        help: "leave out --mean, --scale, --bgr and --bake", status: .usage)
    }
    var editor = GraphEditor(graph)
    for image in images { try bake(image, graph, &editor) }
    return editor.finish()
  }

  private func bake(_ image: Value, _ graph: Graph, _ editor: inout GraphEditor) throws {
    guard let input = PictureInput(graph, preferring: image.name), input.name == image.name,
      let channels = input.channels
    else {
      throw Diagnostic.error(
        "preprocess.channels", "input '\(image.name)' (\(image.type)) has no known number of channels, or no floats")
    }
    let users = editor.graph.consumers(of: image.id)
    guard let first = editor.graph.order.first(where: { id in users.contains { $0.id == id } }) else { return }
    var last = image.id
    func add(_ op: any Operator, _ inputs: [ValueID], _ role: String) throws {
      let name = "\(image.name)/\(role)"
      let origin = Origin(layer: image.name, layerType: "Preprocessing")
      last = try editor.insert(op, inputs, name: name, origin: origin, before: first)[0] ?? last
    }
    if reversesChannels {
      let order = editor.addConstant(
        "\(image.name)/channel_order", try Tensor((0..<channels).reversed().map { Int64($0) }))
      try add(Gather(axis: input.isChannelLast ? 3 : 1), [last, order], "channels")
    }
    if let mean {
      let value = editor.addConstant("\(image.name)/mean", try tensor(mean, input, channels))
      try add(BinaryMap(.subtract), [last, value], "mean_subtracted")
    }
    if let scale {
      let value = editor.addConstant("\(image.name)/scale", try Self.tensor([scale], shape: [], input.dtype))
      try add(BinaryMap(.multiply), [last, value], "scaled")
    }
    for user in users {
      for (i, operand) in user.inputs.enumerated() where operand == image.id { editor.setInput(user.id, i, last) }
    }
  }

  /// The mean with axes that broadcast to the input.
  private func tensor(_ mean: MeanImage, _ input: PictureInput, _ channels: Int) throws -> Tensor {
    var m = try mean.broadcast(to: channels, input: input.name)
    if let size = input.size { m = try m.cropped(height: size[0], width: size[1], input: input.name) }
    let dims = m.isPixel ? m.shape + [1, 1] : m.shape
    let t = try Self.tensor(m.values, shape: [1] + dims, input.dtype)
    return input.isChannelLast ? try t.permuted([0, 2, 3, 1]).contiguous() : t
  }

  private static func tensor(_ v: [Double], shape: [Int], _ dtype: DType) throws(Diagnostic) -> Tensor {
    switch dtype {
    case .float16: try Tensor(v.map { Float16($0) }, shape: shape)
    case .float64: try Tensor(v, shape: shape)
    default: try Tensor(v.map { Float($0) }, shape: shape)
    }
  }
}
