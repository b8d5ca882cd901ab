import ModelGraph

/// Where a node came from, as ONNX files carry it: `metadata_props` from IR 10 on, `doc_string` before.
enum OnnxOrigin {
  private static let keys = (file: "origin.file", layer: "origin.layer", type: "origin.type", passes: "origin.passes")

  /// The key under which a model carries its source's producer.
  static let producerKey = "origin.producer"

  static func describe(_ o: Origin, in m: inout NodeMessage, irVersion: Int) {
    guard let layer = o.layer else { return }
    let type = o.layerType ?? ""
    if irVersion >= 10 {
      m.metadata = [EntryMessage(key: keys.layer, value: layer)]
      if !type.isEmpty { m.metadata.append(EntryMessage(key: keys.type, value: type)) }
      if !o.passes.isEmpty { m.metadata.append(EntryMessage(key: keys.passes, value: o.passes.joined(separator: ","))) }
    } else {
      let parts = [type.isEmpty ? "" : " (\(type))", o.passes.isEmpty ? "" : " via \(o.passes.joined(separator: ","))"]
      m.documentation = "from layer '\(layer)'" + parts.joined()
    }
  }
}
