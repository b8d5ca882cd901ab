import ByteSource
import Containers
import Diagnostics

/// Reads a caffemodel that stands alone by the schema of the fork that wrote it.
package enum CaffeForkProfile {
  private static let reader = ProtobufReader()

  /// Applies the fork of that name, or with nil the one that `detect(_:)` finds, which is reported as a note.
  ///
  /// - Returns: its name; nil where none was applied.
  /// - Throws: `caffe.fork.unknown` for a name that is not in the table.
  package static func complete(
    _ net: inout ProtoMessage, fork name: String?, sink: DiagnosticSink
  ) throws(Diagnostic) -> String? {
    if let name {
      guard let fork = CaffeForks.fork(name) else { throw unknown(name) }
      try apply(fork, to: &net)
      return name
    }
    guard let fork = detect(net) else { return nil }
    try apply(fork, to: &net)
    try explainRest(of: &net)
    sink.note(
      "caffe.fork.detected", "read by the schema of \(fork.title)", at: SourceLocation(file: net.file),
      help: "--fork NAME reads it by another one")
    return fork.name
  }

  /// The error of a name that the table of forks does not have.
  static func unknown(_ name: String) -> Diagnostic {
    let known = CaffeForks.all.map(\.name)
    let start = known.filter { $0.hasPrefix(name) || name.hasPrefix($0) }
    let near = start.isEmpty ? closestName(to: name, among: known).map { [$0] } ?? [] : start
    return .error(
      "caffe.fork.unknown", "there is no fork '\(name)'",
      help: near.isEmpty
        ? "one of: " + known.joined(separator: ", ")
        : "did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?", status: .usage)
  }

  /// The fork whose fields fit what the layers hold beside BVLC's; nil where nothing speaks for one.
  ///
  /// A field counts for a fork where its name goes with the layer's type and where its bytes are those of its message;
  /// a field that the fork does not have counts against it.
  package static func detect(_ net: ProtoMessage) -> CaffeFork? {
    var evidence: [(type: String, item: WireField)] = []
    var inner: [(message: String, item: WireField)] = []
    for layer in (try? net.messages("layer")) ?? [] {
      let type = Self.plain((try? layer.string("type")) ?? "")
      for item in Self.foreign(layer, type) where evidence.count < 4096 { evidence.append((type, item)) }
      for (message, item) in Self.foreignInBlocks(layer) where inner.count < 4096 { inner.append((message, item)) }
    }
    for layer in (try? net.messages("layers")) ?? [] {
      for case .wire(let item, _) in layer.unknown where inner.count < 4096 { inner.append((Self.oldLayer, item)) }
      for (message, item) in Self.foreignInBlocks(layer) where inner.count < 4096 { inner.append((message, item)) }
    }
    guard !evidence.isEmpty || !inner.isEmpty else { return nil }
    var best: (fork: CaffeFork, score: Int)?
    for fork in CaffeForks.all {
      var score = evidence.reduce(0) { $0 + Self.score($1.type, $1.item, fork) }
      score += inner.reduce(0) {
        $0 + (Self.fits($1.item, fork.field(number: $1.item.number, of: $1.message)) ? 1 : -1)
      }
      if score > max(0, best?.score ?? 0) { best = (fork, score) }
    }
    return best?.fork
  }

  private static let oldLayer = "V1LayerParameter"

  /// The fields of BVLC's own blocks that its schema does not have, with the block's type.
  private static func foreignInBlocks(_ layer: ProtoMessage) -> [(message: String, item: WireField)] {
    var out: [(message: String, item: WireField)] = []
    for field in layer.setFields where field.kind == .message && !field.isRepeated {
      guard let type = field.messageType, type.name.hasPrefix("caffe."), let block = try? layer.message(field.name)
      else {
        continue
      }
      for case .wire(let item, _) in block.unknown { out.append((type.shortName, item)) }
    }
    return out
  }

  /// Whether the bytes can be those of the field, packed numbers included.
  private static func fits(_ item: WireField, _ field: ProtoField?) -> Bool {
    guard let field else { return false }
    return field.kind.wireType == item.type || field.isRepeated && item.type == .lengthDelimited
  }

  /// The fork that knows most of the fields in the layers' blocks that are not BVLC's; of equals the first of the table.
  package static func used(by layers: [CaffeLayer]) -> String? { used(by: layers.map(\.message)) }

  /// The same for a net as its text has it, of either form of layers.
  static func used(byText net: ProtoMessage) -> String? {
    used(by: layers(of: net))
  }

  /// Layers of both forms.
  private static func layers(of net: ProtoMessage) -> [ProtoMessage] {
    ((try? net.messages("layer")) ?? []) + ((try? net.messages("layers")) ?? [])
  }

  /// Whether all fields of a text that the fork has were read as its own.
  static func explains(_ name: String, _ net: ProtoMessage) -> Bool {
    guard let fork = CaffeForks.fork(name) else { return false }
    func isOwn(_ field: ProtoField, _ message: String) -> Bool {
      guard let own = fork.field(field.name, of: message) else { return true }
      return own.number == field.number && own.messageType === field.messageType
        && own.enumeration === field.enumeration
    }
    return layers(of: net).allSatisfy { layer in
      layer.setFields.allSatisfy { field in
        guard let type = field.messageType else { return true }
        guard type.name.hasPrefix("caffe.") else { return isOwn(field, "LayerParameter") }
        let blocks = (try? layer.messages(field.name)) ?? []
        return blocks.allSatisfy { block in
          block.setFields.allSatisfy { type.field($0.name) != nil || isOwn($0, type.shortName) }
        }
      }
    }
  }

  private static func used(by layers: [ProtoMessage]) -> String? {
    var counts: [String: Int] = [:]
    for layer in layers {
      for field in layer.setFields {
        guard let type = field.messageType else { continue }
        let block = (try? layer.messages(field.name))?.first
        if type.name.hasPrefix("caffe.") {
          for name in block?.setFields.map(\.name) ?? [] where type.field(name) == nil {
            for fork in CaffeForks.all where fork.field(name, of: type.shortName) != nil {
              counts[fork.name, default: 0] += 1
            }
          }
          continue
        }
        let inner = block?.setFields.map(\.name) ?? []
        for fork in CaffeForks.all {
          guard let own = fork.field(field.name, of: "LayerParameter")?.messageType else { continue }
          counts[fork.name, default: 0] += 1 + inner.count { name in own.fields.contains { $0.name == name } }
        }
      }
    }
    let best = counts.values.max() ?? 0
    return CaffeForks.all.first { best > 0 && counts[$0.name] == best }?.name
  }

  /// Gives the layers of a net the fork's fields, under the fork's names.
  package static func apply(_ fork: CaffeFork, to net: inout ProtoMessage) throws(Diagnostic) {
    var layers = net.elements("layer")
    for i in layers.indices {
      guard case .message(var layer) = layers[i].value else { continue }
      let type = plain(try layer.string("type"))
      let numbers = Set(foreign(layer, type).map(\.number))
      for field in fork.fields["LayerParameter"] ?? [] where numbers.contains(field.number) {
        _ = try? reader.adopt(field, in: &layer)
      }
      try extendBlocks(of: &layer, fork)
      layers[i].value = .message(layer)
    }
    if !layers.isEmpty { try net.set("layer", layers) }
    try extendOldLayers(of: &net, fork)
    try nameOldTypes(fork, in: &net)
  }

  /// Blocks that the net's fork does not have, by another fork's field that goes with the layer's type and fits its bytes:
  /// a net may have layers of several forks.
  private static func explainRest(of net: inout ProtoMessage) throws(Diagnostic) {
    var layers = net.elements("layer")
    var isChanged = false
    for i in layers.indices {
      guard case .message(var layer) = layers[i].value else { continue }
      let name = try layer.string("type")
      let type = plain(name)
      for item in CaffeCoreTypes.all.contains(name) ? [] : foreign(layer, type) {
        let found = CaffeForks.all.first { score(type, item, $0) == 3 }
        guard let field = found?.field(number: item.number, of: "LayerParameter") else { continue }
        if (try? reader.adopt(field, in: &layer)) == true { isChanged = true }
      }
      if try explainBlocks(of: &layer) { isChanged = true }
      layers[i].value = .message(layer)
    }
    if isChanged { try net.set("layer", layers) }
  }

  /// What is left unexplained in BVLC's blocks, where all forks that have such a field call it alike.
  private static func explainBlocks(of layer: inout ProtoMessage) throws(Diagnostic) -> Bool {
    var isChanged = false
    for (message, item) in foreignInBlocks(layer) {
      let found = CaffeForks.all.compactMap { $0.field(number: item.number, of: message) }.filter { fits(item, $0) }
      guard let field = found.first, found.allSatisfy({ $0.name == field.name }) else { continue }
      for own in layer.setFields where own.messageType?.name == "caffe." + message {
        guard var block = try layer.message(own.name), (try? reader.adopt(field, in: &block)) == true else { continue }
        try layer.set(own.name, .message(block), at: block.place)
        isChanged = true
      }
    }
    return isChanged
  }

  /// The fork's fields in layers of the older form, and in BVLC's blocks in them.
  private static func extendOldLayers(of net: inout ProtoMessage, _ fork: CaffeFork) throws(Diagnostic) {
    var layers = net.elements("layers")
    guard !layers.isEmpty else { return }
    for i in layers.indices {
      guard case .message(var layer) = layers[i].value else { continue }
      var numbers: Set<UInt32> = []
      for case .wire(let item, _) in layer.unknown { numbers.insert(item.number) }
      for field in fork.fields[oldLayer] ?? [] where numbers.contains(field.number) {
        _ = try? reader.adopt(field, in: &layer)
      }
      try extendBlocks(of: &layer, fork)
      layers[i].value = .message(layer)
    }
    try net.set("layers", layers)
  }

  /// Layer types of the older form by the fork's own names, where it has a number under another name than others.
  private static func nameOldTypes(_ fork: CaffeFork, in net: inout ProtoMessage) throws(Diagnostic) {
    guard let names = fork.names[CaffeForks.layerType], net.has("layers") else { return }
    var layers = net.elements("layers")
    for i in layers.indices {
      guard case .message(var layer) = layers[i].value, layer.has("type") else { continue }
      let number = try layer.enumNumber("type")
      guard let name = names.first(where: { $0.value == number })?.key, let own = CaffeForks.layerNumber(name) else {
        continue
      }
      try layer.set("type", .enumeration(own), at: layer.elements("type").first?.place ?? layer.place)
      layers[i].value = .message(layer)
    }
    try net.set("layers", layers)
  }

  /// Fields that a fork adds to BVLC's own blocks, and its names of values there.
  private static func extendBlocks(of layer: inout ProtoMessage, _ fork: CaffeFork) throws(Diagnostic) {
    for field in layer.setFields where field.kind == .message && !field.isRepeated {
      guard let type = field.messageType, type.name.hasPrefix("caffe."), var block = try layer.message(field.name)
      else { continue }
      let added = fork.fields[type.shortName]
      let isNamed = try CaffeForks.nameValues(of: &block, by: fork)
      guard added != nil || isNamed else { continue }
      for item in added ?? [] { _ = try? reader.adopt(item, in: &block) }
      try layer.set(field.name, .message(block), at: block.place)
    }
  }

  /// The fields of a layer that BVLC's schema does not explain: unknown ones, and blocks of a layer of another type.
  private static func foreign(_ layer: ProtoMessage, _ type: String) -> [WireField] {
    var out: [WireField] = []
    for case .wire(let item, _) in layer.unknown { out.append(item) }
    let suspects = layer.setFields.filter { field in
      field.kind == .message && field.number > 100 && !goes(field.name, with: type)
        && !CaffeForks.fields(number: field.number, of: "LayerParameter").isEmpty
    }
    guard !suspects.isEmpty, let wire = layer.wire, let whole = try? WireMessage(wire) else { return out }
    for field in suspects { out += whole.fields(field.number) }
    return out
  }

  private static func score(_ type: String, _ item: WireField, _ fork: CaffeFork) -> Int {
    guard let field = fork.field(number: item.number, of: "LayerParameter"), field.kind.wireType == item.type else {
      return -1
    }
    var score = goes(field.name, with: type) ? 2 : 0
    if let message = field.messageType, !message.fields.isEmpty {
      // Any message type without a descriptor is decoded by its table.
      let table = ProtoType(message.name, message.fields)
      guard let read = try? reader.read(item.payload, as: table), read.unknown.isEmpty else { return -1 }
      score += 1
    }
    return score
  }

  /// `prior_box_param` goes with PriorBox, `norm_param` with Normalize.
  private static func goes(_ name: String, with type: String) -> Bool {
    let stem = plain(name.hasSuffix("_param") ? String(name.dropLast(6)) : name)
    guard !stem.isEmpty, !type.isEmpty else { return false }
    // The one block of BVLC's that is not named after its layers.
    if stem == "recurrent" { return type == "lstm" || type == "rnn" }
    return type == stem || type.hasPrefix(stem) || stem.hasPrefix(type) || type.hasSuffix(stem)
  }

  /// Letters and digits alone, in lower case.
  private static func plain(_ s: String) -> String { s.lowercased().filter { $0.isLetter || $0.isNumber } }
}
