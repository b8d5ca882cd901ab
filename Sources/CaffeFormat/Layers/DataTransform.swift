import Diagnostics

/// How a data layer changes pictures before the net sees them: `transform_param`, and the fields of data blocks that it
/// replaced.
///
/// Caffe's colour pictures have their channels as OpenCV reads them: blue, green, red. A pixel of value v becomes
/// (v − mean) · scale; a mean file has the size of the uncropped pictures and is cropped like them; at TEST the crop is
/// the centre. Source: data_transformer.cpp.
package struct DataTransform: Sendable, Hashable {
  package var layer: String
  package var layerType: String
  package var location: SourceLocation
  /// The blob of pictures.
  package var top: String
  package var scale: Float = 1
  package var meanFile: String?
  /// One for all channels or one for each.
  package var meanValues: [Float] = []
  /// Height and width of the crop.
  package var crop: [Int]?
  /// Height and width that pictures are resized to first.
  package var size: [Int]?
  /// Random mirroring, in training alone.
  package var mirrors = false
  /// 1 or 3 where the layer says so.
  package var channels: Int?

  /// nil for a layer that is no source of data, or one that says nothing about a transformation.
  package init?(_ layer: CaffeLayer) {
    guard layer.bottoms.isEmpty, let top = layer.tops.first else { return nil }
    let t = layer.parameters("transform_param")
    let blocks = DataLayerFacts.blocks
    guard t.isPresent || DataLayer.types.contains(layer.type) else { return nil }
    // A V2 file may still have the old fields, which Caffe then ignores; nothing else says what was meant.
    let old = layer.parameters(blocks[layer.type] ?? "data_param")
    func source(_ field: String) -> ParameterBlock? {
      t.has(field) ? t : old.has(field) ? old : nil
    }
    self.layer = layer.name
    layerType = layer.type
    location = t.location ?? layer.location
    self.top = top
    if let b = source("scale") { scale = b.float("scale", default: 1) }
    meanFile = source("mean_file")?.string("mean_file")
    meanValues = t.floats("mean_value")
    if let c = source("crop_size")?.int("crop_size"), c > 0 { crop = [c, c] }
    if t.int("crop_h") > 0, t.int("crop_w") > 0 { crop = [t.int("crop_h"), t.int("crop_w")] }
    mirrors = source("mirror")?.bool("mirror") ?? false
    let resize = t.block("resize_param")
    if resize.int("height") > 0, resize.int("width") > 0 { size = [resize.int("height"), resize.int("width")] }
    if old.int("new_height") > 0, old.int("new_width") > 0 { size = [old.int("new_height"), old.int("new_width")] }
    if t.bool("force_color") { channels = 3 }
    if t.bool("force_gray") || (layer.type.hasPrefix("Image") && !old.bool("is_color", default: true)) { channels = 1 }
  }

  /// True where pictures are changed at all.
  package var isNeeded: Bool {
    scale != 1 || meanFile != nil || !meanValues.isEmpty || crop != nil || size != nil || mirrors || channels != nil
  }

  /// The transformations of a net: those of layers that take part in `state` first.
  package static func all(of net: CaffeNet, state: NetState) -> [DataTransform] {
    let selected = Set(net.selected(state, sink: DiagnosticSink()).map(\.position))
    let order =
      net.layers.indices.filter { selected.contains($0) } + net.layers.indices.filter { !selected.contains($0) }
    return order.compactMap { DataTransform(net.layers[$0]) }
  }
}
