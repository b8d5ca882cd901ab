import Containers
import Diagnostics

/// Changes to a net that keep everything else as it was written.
package enum NetSurgery {
  /// Renames a layer, and the blob of the same name with it where the layer makes it.
  ///
  /// - Throws: `caffe.surgery.no-layer` where there is none of that name, `caffe.surgery.name-taken`.
  package static func renaming(_ net: CaffeNet, _ old: String, to new: String) throws(Diagnostic) -> CaffeNet {
    guard net.layers.contains(where: { $0.name == old }) else { throw noLayer(net, old) }
    guard !net.layers.contains(where: { $0.name == new }) else {
      throw .error("caffe.surgery.name-taken", "there is a layer '\(new)' already", status: .usage)
    }
    let makesBlob = net.layers.contains { $0.name == old && $0.tops.contains(old) }
    let isFree = !net.layers.contains { $0.tops.contains(new) || $0.bottoms.contains(new) }
    return try mapping(net) { (layer) throws(Diagnostic) in
      var layer = layer
      if layer.name == old { try layer.set(name: new) }
      if makesBlob, isFree { try layer.renameBlob(old, to: new) }
      return layer
    }
  }

  /// Removes a layer: readers of its first top read its first bottom instead.
  ///
  /// - Throws: `caffe.surgery.no-layer`; `caffe.surgery.drop` where the layer has no bottom that could take the place.
  package static func dropping(_ net: CaffeNet, _ name: String) throws(Diagnostic) -> CaffeNet {
    guard let i = net.layers.firstIndex(where: { $0.name == name }) else { throw noLayer(net, name) }
    let layer = net.layers[i]
    var out = net
    out.layers.remove(at: i)
    guard let top = layer.tops.first, layer.bottoms.first != top else { return out }
    let isRead = out.layers.contains { $0.bottoms.contains(top) }
    guard isRead else { return out }
    guard let bottom = layer.bottoms.first else {
      throw .error(
        "caffe.surgery.drop", layer.text("has no bottom that the readers of '\(top)' could read instead"),
        at: layer.location)
    }
    for j in i..<out.layers.count { try out.layers[j].renameBlob(top, to: bottom) }
    return out
  }

  private static func mapping(
    _ net: CaffeNet, _ body: (CaffeLayer) throws(Diagnostic) -> CaffeLayer
  ) throws(Diagnostic) -> CaffeNet {
    var out = net
    for i in out.layers.indices { out.layers[i] = try body(out.layers[i]) }
    return out
  }

  private static func noLayer(_ net: CaffeNet, _ name: String) -> Diagnostic {
    .error(
      "caffe.surgery.no-layer", "there is no layer '\(name)'", at: SourceLocation(file: net.file),
      help: closestName(to: name, among: net.layers.map(\.name)).map { "did you mean '\($0)'?" }, status: .usage)
  }

  static func noBlob(_ net: CaffeNet, _ name: String) -> Diagnostic {
    .error(
      "caffe.surgery.no-blob", "there is no blob '\(name)'", at: SourceLocation(file: net.file),
      help: closestName(to: name, among: net.layers.flatMap(\.tops)).map { "did you mean '\($0)'?" }, status: .usage)
  }
}

extension CaffeLayer {
  /// Changes the name, in the message too.
  mutating func set(name new: String) throws(Diagnostic) {
    name = new
    try message.set("name", .string(new), at: message.place)
  }

  /// Changes the type, in the message too.
  mutating func set(type new: String) throws(Diagnostic) {
    type = new
    try message.set("type", .string(new), at: message.place)
  }

  /// Reads and writes `new` where it read and wrote `old`.
  mutating func renameBlob(_ old: String, to new: String) throws(Diagnostic) {
    if bottoms.contains(old) { try set(bottoms: bottoms.map { $0 == old ? new : $0 }) }
    if tops.contains(old) { try set(tops: tops.map { $0 == old ? new : $0 }) }
  }

  mutating func set(bottoms new: [String]) throws(Diagnostic) {
    bottoms = new
    try message.set("bottom", new.map { ProtoElement(.string($0), place: message.place) })
  }

  mutating func set(tops new: [String]) throws(Diagnostic) {
    tops = new
    try message.set("top", new.map { ProtoElement(.string($0), place: message.place) })
  }
}
