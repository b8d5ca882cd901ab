import Diagnostics
import ModelGraph

/// Layers that read images or arrays from files while training: their tops become inputs.
///
/// Source, batch size and transformation are told in a note. An extent that only the data know is 3 channels, or must be
/// given with --shape. Sources: data_layer.cpp, image_data_layer.cpp, window_data_layer.cpp, memory_data_layer.cpp,
/// hdf5_data_layer.cpp.
enum DataLayer: LayerTranslator {
  static var types: [String] {
    [
      "Data", "ImageData", "WindowData", "MemoryData", "HDF5Data", "AnnotatedData", "DenseImageData", "ImageSegData",
      "VideoData", "SegData",
    ]
  }
  static var support: LayerSupport {
    .limited("its tops become inputs; source, batch and transformation are told in a note")
  }
  static var bottoms: ClosedRange<Int> { 0...0 }
  static var tops: ClosedRange<Int> { 1...unlimited }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try check(l)
    let facts = DataLayerFacts(l.layer)
    var text = "reads '\(facts.source)'; its tops are inputs here"
    if let batch = facts.batch { text += ", batch \(batch)" }
    if !facts.transform.isEmpty { text += "; " + facts.transform.joined(separator: ", ") }
    l.note("caffe.data.as-input", text)
    // Labels have the batch of the pictures, whoever says it.
    let given = l.net.options.shapes[l.layer.tops[0]]?.first
    for i in 0..<l.topCount {
      if i > 0, let given, l.net.options.shapes[l.layer.tops[i]] == nil {
        l.setTop(i, l.net.addInput(l.layer.tops[i], [given]))
        continue
      }
      let shape = i == 0 ? facts.imageShape : facts.batch.map { [$0] }
      try l.emitInput(i, declared: shape, mayBeUnknown: true)
    }
  }
}

extension DataLayer {
  /// Tops that Caffe's own data layers take; forks' take others.
  private static let topCounts: [String: ClosedRange<Int>] = [
    "Data": 1...2, "ImageData": 2...2, "WindowData": 2...2, "MemoryData": 2...2,
  ]

  /// What Caffe checks before it opens the data.
  private static func check(_ l: LayerBuilder) throws(Diagnostic) {
    if let range = topCounts[l.layer.type], !range.contains(l.topCount) {
      throw l.error(
        "caffe.layer.top-count", "has \(l.topCount) tops, but takes \(range.lowerBound) to \(range.upperBound)")
    }
    let t = l.parameters("transform_param")
    if t.has("mean_file"), t.has("mean_value") {
      throw l.error("caffe.data.mean-twice", "mean_file and mean_value are both given", t, "mean_value")
    }
    if t.bool("force_color"), t.bool("force_gray") {
      throw l.error("caffe.data.color", "force_color and force_gray are both given", t, "force_gray")
    }
    switch l.layer.type {
    case "HDF5Data":
      if t.isPresent { throw l.error("caffe.data.transform", "HDF5Data does not transform data", t) }
    case "MemoryData":
      let p = l.parameters("memory_data_param")
      for field in ["batch_size", "channels", "height", "width"] where p.int(field) <= 0 {
        throw l.error("caffe.data.memory-shape", "\(field) must be given and positive", p, field)
      }
    case "ImageData":
      let p = l.parameters("image_data_param")
      if (p.int("new_height") > 0) != (p.int("new_width") > 0) {
        throw l.error("caffe.data.new-size", "new_height and new_width must be given together", p, "new_height")
      }
    case "WindowData":
      if t.int("crop_size") <= 0 { throw l.error("caffe.data.window-crop", "crop_size is required", t, "crop_size") }
    default: break
    }
  }
}

/// What a data layer says about its data.
package struct DataLayerFacts: Sendable {
  package var source = ""
  package var batch: Int?
  /// [batch, channels, height, width], where the layer tells them.
  package var imageShape: [Int]?
  /// Transformation in words: scale, mean, crop, mirror.
  package var transform: [String] = []

  /// A layer that reads pictures or arrays from files.
  package static func isDataLayer(_ layer: CaffeLayer) -> Bool { DataLayer.types.contains(layer.type) }

  /// The parameter block of each data layer.
  static let blocks = [
    "Data": "data_param", "AnnotatedData": "data_param", "ImageData": "image_data_param",
    "ImageSegData": "image_data_param", "WindowData": "window_data_param", "MemoryData": "memory_data_param",
    "HDF5Data": "hdf5_data_param", "DenseImageData": "dense_image_data_param",
  ]

  package init(_ layer: CaffeLayer) {
    let t = layer.parameters("transform_param")
    let p = layer.parameters(Self.blocks[layer.type] ?? "data_param")
    source = p.string("source")
    if p.has("batch_size") { batch = p.int("batch_size") }
    if layer.type.hasPrefix("Image"), batch == nil { batch = 1 }
    let crop = t.int("crop_size")
    if t.has("scale") { transform.append("scale \(t.float("scale", default: 1))") }
    if t.has("mean_file") { transform.append("mean file '\(t.string("mean_file"))'") }
    if t.has("mean_value") {
      transform.append("mean " + t.floats("mean_value").map { "\($0)" }.joined(separator: " "))
    }
    if crop > 0 { transform.append("crop \(crop)") }
    if t.bool("mirror") { transform.append("mirror") }
    guard let batch else { return }
    if layer.type == "MemoryData" {
      imageShape = [batch, p.int("channels"), p.int("height"), p.int("width")]
      return
    }
    let isGrey = t.bool("force_gray") || (layer.type == "ImageData" && !p.bool("is_color", default: true))
    let channels = isGrey ? 1 : 3
    if crop > 0 {
      imageShape = [batch, channels, crop, crop]
    } else if p.int("new_height") > 0, p.int("new_width") > 0 {
      imageShape = [batch, channels, p.int("new_height"), p.int("new_width")]
    }
  }
}

/// Blobs that a filler makes. Constant ones are constants; random ones become inputs. Source: dummy_data_layer.cpp.
enum DummyDataLayer: LayerTranslator {
  static var types: [String] { ["DummyData"] }
  static var support: LayerSupport { .limited("constant fillers give constants, random ones inputs") }
  static var bottoms: ClosedRange<Int> { 0...0 }
  static var tops: ClosedRange<Int> { 1...unlimited }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("dummy_data_param")
    let fillers = p.blocks("data_filler")
    guard fillers.count <= 1 || fillers.count == l.topCount else {
      throw l.error(
        "caffe.dummy-data.filler-count", "\(fillers.count) fillers for \(l.topCount) tops", p, "data_filler")
    }
    for i in 0..<l.topCount {
      let shape = try self.shape(l, p, i)
      let block = fillers.isEmpty ? nil : fillers[fillers.count == 1 ? 0 : i]
      let filler = if let block { try Filler(block, layer: l.layer) } else { Filler.constant(0) }
      if let problem = filler.problem(shape) {
        throw l.error("caffe.filler.shape", "top \(i): \(problem), not \(shape)", block)
      }
      if filler.kind == .constant, net(l, i) == nil {
        let values = try filler.tensor(shape: shape, seed: 0, layer: l.layer.name, index: i)
        l.setTop(i, l.constant("data\(i)", values))
      } else {
        if filler.kind != .constant {
          l.note("caffe.dummy-data.random", "makes random values of '\(l.layer.tops[i])' at each run; an input here")
        }
        try l.emitInput(i, declared: shape)
      }
    }
  }

  private static func net(_ l: LayerBuilder, _ i: Int) -> [Dim]? { l.net.options.shapes[l.layer.tops[i]] }

  private static func shape(_ l: LayerBuilder, _ p: ParameterBlock, _ i: Int) throws(Diagnostic) -> [Int] {
    let legacy = ["num", "channels", "height", "width"]
    let isLegacy = legacy.contains { p.has($0) }
    let shapes = p.blocks("shape")
    guard !(isLegacy && !shapes.isEmpty) else {
      throw l.error("caffe.dummy-data.shape-twice", "shape and num/channels/height/width are both given", p, "shape")
    }
    if !isLegacy {
      guard shapes.count == 1 || shapes.count == l.topCount else {
        throw l.error(
          "caffe.dummy-data.shape-count", "\(shapes.count) shapes for \(l.topCount) tops", p, "shape")
      }
      return shapes[shapes.count == 1 ? 0 : i].ints("dim")
    }
    var out: [Int] = []
    for field in legacy {
      let given = p.ints(field)
      guard given.count == 1 || given.count == l.topCount else {
        throw l.error(
          "caffe.dummy-data.shape-count", "\(field) is given \(given.count) times for \(l.topCount) tops", p, field)
      }
      out.append(given[given.count == 1 ? 0 : i])
    }
    return out
  }
}
