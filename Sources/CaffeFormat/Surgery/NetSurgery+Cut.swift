import Containers
import Diagnostics

extension NetSurgery {
  /// The layers that lead from blob `from` (which becomes an input of that shape) to blob `to`.
  ///
  /// - Parameter shape: of `from`; nil leaves the Input layer without a shape.
  /// - Throws: `caffe.surgery.no-blob`; `caffe.surgery.order` where `to` is not computed from `from`;
  ///   `caffe.surgery.incomplete` where it needs other blobs too.
  package static func cut(
    _ net: CaffeNet, from: String?, to: String?, shape: [Int]?, sink: DiagnosticSink = DiagnosticSink()
  ) throws(Diagnostic) -> CaffeNet {
    for case let blob? in [from, to] { try requireBlob(net, blob) }
    var layers = net.layers
    if let to, let last = layers.lastIndex(where: { $0.tops.contains(to) }) {
      layers = needed(Array(layers[...last]), for: [to])
    }
    if let from {
      guard let last = layers.lastIndex(where: { $0.tops.contains(from) }) else { throw order(net, from, to ?? "") }
      let rest = Array(layers[(last + 1)...])
      // What stands before and is computed from nothing stays.
      let constants = reachable(
        layers[..<last].filter { !isInput($0) && !$0.tops.contains(from) }, known: [])
      var (kept, missing, lost) = computed(constants + rest, from: from, to: to)
      guard missing.isEmpty else { throw incomplete(net, from, to, missing) }
      if !lost.ends.isEmpty {
        sink.warning(
          "caffe.surgery.left-out",
          "\(quoted(lost.ends)) left out: not computed from '\(from)' alone, but from \(quoted(lost.missing)) too",
          at: SourceLocation(file: net.file), help: "--to-blob names what is wanted")
      }
      if to == nil, !constants.isEmpty {
        let own = Set(constants.flatMap(\.tops))
        kept = needed(kept, for: Set(kept.flatMap(\.tops)).subtracting(own))
      }
      let taken = Set(net.layers.filter { !isInput($0) }.map(\.name) + kept.map(\.name))
      layers = [try input(from, shape, net, besides: taken)] + kept
    }
    var out = net
    out.layers = layers
    out.broken = []
    return out
  }

  /// Throws where no layer makes the blob.
  package static func requireBlob(_ net: CaffeNet, _ blob: String) throws(Diagnostic) {
    if !net.layers.contains(where: { $0.tops.contains(blob) }) { throw noBlob(net, blob) }
  }

  /// The layers of the part, the blobs that it lacks, and the net's last blobs that cannot be in it.
  private static func computed(
    _ layers: [CaffeLayer], from: String, to: String?
  ) -> (kept: [CaffeLayer], missing: [String], lost: (ends: [String], missing: [String])) {
    if let to {
      let kept = needed(layers, for: [to])
      return (kept, lacking(kept, known: [from]), ([], []))
    }
    let kept = reachable(layers, known: [from])
    // The last layers that depend on the blob: one of them must be computable from it alone.
    var dependent: Set<String> = [from]
    let following = layers.filter { l in
      guard l.bottoms.contains(where: dependent.contains) else { return false }
      dependent.formUnion(l.tops)
      return true
    }
    let read = Set(following.flatMap { l in l.bottoms.filter { !l.tops.contains($0) } })
    let known = Set([from] + kept.flatMap(\.tops))
    let ends = following.filter { l in l.tops.allSatisfy { !read.contains($0) } }
    let lost = ends.filter { l in !l.bottoms.allSatisfy(known.contains) }
    guard !lost.isEmpty else { return (kept, [], ([], [])) }
    let missing = lacking(following, known: known)
    return (kept, lost.count == ends.count ? missing : [], (lost.map { $0.tops.first ?? $0.name }, missing))
  }

  /// Layers that `blobs` depend on, in order.
  private static func needed(_ layers: [CaffeLayer], for blobs: Set<String>) -> [CaffeLayer] {
    var wanted = blobs
    var kept: [CaffeLayer] = []
    for layer in layers.reversed() where layer.tops.contains(where: { wanted.contains($0) }) {
      kept.append(layer)
      for top in layer.tops where !layer.bottoms.contains(top) { wanted.remove(top) }
      wanted.formUnion(layer.bottoms)
    }
    return kept.reversed()
  }

  /// Layers all of whose bottoms can be computed from known blobs and from layers without bottoms.
  private static func reachable(_ layers: [CaffeLayer], known: Set<String>) -> [CaffeLayer] {
    var known = known
    var kept: [CaffeLayer] = []
    for layer in layers where layer.bottoms.allSatisfy({ known.contains($0) }) {
      kept.append(layer)
      known.formUnion(layer.tops)
    }
    return kept
  }

  /// Blobs that layers read and none of them makes before.
  private static func lacking(_ layers: [CaffeLayer], known: Set<String>) -> [String] {
    var known = known
    var out: [String] = []
    for layer in layers {
      for blob in layer.bottoms where known.insert(blob).inserted { out.append(blob) }
      known.formUnion(layer.tops)
    }
    return out
  }

  private static func isInput(_ layer: CaffeLayer) -> Bool {
    layer.type == "Input" || DataLayerFacts.isDataLayer(layer)
  }

  // MARK: Inputs

  /// An Input layer of that blob, under a name that no layer has whose weights would be bound to it.
  static func input(
    _ blob: String, _ shape: [Int]?, _ net: CaffeNet, besides taken: Set<String> = []
  ) throws(Diagnostic) -> CaffeLayer {
    var name = blob
    var k = 1
    while taken.contains(name) {
      name = k == 1 ? "\(blob)_input" : "\(blob)_input_\(k)"
      k += 1
    }
    var message = ProtoMessage(CaffeSchema.layer, file: net.file)
    try message.set("name", .string(name))
    try message.set("type", .string("Input"))
    try message.set("top", .string(blob))
    if let shape {
      var block = try message.messageOrDefault("input_param")
      guard let type = block.type.field("shape")?.messageType else { return CaffeLayer(message) }
      var s = ProtoMessage(type)
      for d in shape { try s.append("dim", .int(Int64(d))) }
      try block.append("shape", .message(s))
      try message.set("input_param", .message(block))
    }
    return CaffeLayer(message)
  }

  // MARK: Errors

  private static func quoted(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }

  private static func order(_ net: CaffeNet, _ from: String, _ to: String) -> Diagnostic {
    let first = net.layers.firstIndex { $0.tops.contains(from) }
    let last = net.layers.lastIndex { $0.tops.contains(to) }
    let isAfter = if let first, let last { first > last } else { false }
    return .error(
      "caffe.surgery.order",
      isAfter
        ? "blob '\(from)' is not before '\(to)': the net makes it later"
        : "blob '\(to)' is not computed from '\(from)'", at: SourceLocation(file: net.file),
      help: isAfter
        ? "a part goes from an earlier to a later blob: --from-blob \(to) --to-blob \(from)"
        : "name a blob that leads to '\(to)' with --from-blob", status: .usage)
  }

  private static func incomplete(_ net: CaffeNet, _ from: String, _ to: String?, _ missing: [String]) -> Diagnostic {
    let blobs = "blob\(missing.count == 1 ? "" : "s") \(quoted(missing))"
    return .error(
      "caffe.surgery.incomplete",
      to.map { "'\($0)' is not computed from '\(from)' alone: it needs \(blobs) too" }
        ?? "no output is computed from '\(from)' alone: \(blobs) would be needed too",
      at: SourceLocation(file: net.file),
      help:
        "a Caffe net is cut at one blob: take one through which everything goes, or convert the net to ONNX and cut "
        + "that with --from-blob for each", status: .usage)
  }
}
