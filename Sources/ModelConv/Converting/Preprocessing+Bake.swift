import Diagnostics
import ModelGraph
import TensorCore

extension Preprocessing {
  /// The graph with the preprocessing between each image input ([N, C, H, W]) and its users.
  ///
  /// - Throws: `preprocess.*` where there is no image input, or the mean does not fit one.
  func bake(into graph: Graph) throws -> Graph {
    let images = graph.openInputs.filter { $0.type.shape?.count == 4 }
    guard !images.isEmpty else {
      throw Diagnostic.error(
        "preprocess.no-image", "no input has the axes of a picture (N, C, H, W), so nothing can be baked in",
        help: "leave out --mean, --scale and --bgr", status: .usage)
    }
    var editor = GraphEditor(graph)
    for image in images { try bake(image, &editor) }
    return editor.finish()
  }

  private func bake(_ image: Value, _ editor: inout GraphEditor) throws {
    guard let shape = image.type.shape, let channels = shape[1].value else {
      throw Diagnostic.error("preprocess.channels", "input '\(image.name)' has an unknown number of channels")
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
      try add(Gather(axis: 1), [last, order], "channels")
    }
    if let mean {
      let value = editor.addConstant("\(image.name)/mean", try meanTensor(mean, shape, channels, image.name))
      try add(BinaryMap(.subtract), [last, value], "mean_subtracted")
    }
    if let scale {
      let value = editor.addConstant("\(image.name)/scale", try Tensor(scalar: Float(scale)))
      try add(BinaryMap(.multiply), [last, value], "scaled")
    }
    for user in users {
      for (i, operand) in user.inputs.enumerated() where operand == image.id { editor.setInput(user.id, i, last) }
    }
  }

  /// The mean with axes that broadcast to the input.
  private func meanTensor(_ text: String, _ shape: [Dim], _ channels: Int, _ input: String) throws -> Tensor {
    let numbers = text.split(separator: ",").map { Float($0) }
    if !numbers.isEmpty, numbers.allSatisfy({ $0 != nil }), !FileProbe.exists(text) {
      let v = numbers.compactMap { $0 }
      guard v.count == 1 || v.count == channels else {
        throw Diagnostic.error(
          "preprocess.mean", "\(v.count) means are given for the \(channels) channels of input '\(input)'",
          status: .usage)
      }
      return try Tensor(v, shape: [1, v.count, 1, 1])
    }
    let file = try TensorFile.read(text)
    var dims = file.shape
    while dims.count > 3, dims.first == 1 { dims.removeFirst() }
    if dims.count == 1 { dims += [1, 1] }
    let fits =
      dims.count == 3 && (dims[0] == channels || dims[0] == 1)
      && zip(dims[1...], shape[2...]).allSatisfy { d, s in d == 1 || s.value == nil || s.value == d }
    guard fits else {
      throw Diagnostic.error(
        "preprocess.mean",
        "the mean has shape \(file.shape), input '\(input)' is [\(shape.map(\.description).joined(separator: ","))]",
        at: SourceLocation(file: text),
        help: "crop the mean to the input's size, or give one number for each channel: --mean 104,117,123")
    }
    return try Tensor(try file.floats(), shape: [1] + dims)
  }
}
