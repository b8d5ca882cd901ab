import Containers

/// Reads what forks add to a net's text.
///
/// A field is looked up by its name in the table of forks; where several forks have one, the one whose message knows
/// most of the names in the block is taken. Blocks of a layer type that is not BVLC's are kept unread; anything else
/// that is unknown is an error.
package struct CaffeForkPolicy: ProtoTextPolicy {
  /// The fork that is asked first.
  package var preferred: String?

  package init(preferred: String? = nil) { self.preferred = preferred }

  package func unknownField(_ field: ProtoTextField, in context: ProtoTextContext) -> ProtoUnknownDecision {
    if context.type === ProtoType.open { return .keep }
    let candidates = CaffeForks.fields(field.name, of: context.type.shortName)
    if let found = candidates.first(where: { $0.fork.name == preferred }) { return .typed(found.field) }
    let best = candidates.max { a, b in Self.known(field, a.field) < Self.known(field, b.field) }
    // `max` gives the last of equals; the table has the most used fork first.
    if let best {
      let score = Self.known(field, best.field)
      return .typed(candidates.first { Self.known(field, $0.field) == score }?.field ?? best.field)
    }
    // How a data layer reads its pictures changes from fork to fork and has no bearing on the net.
    if context.messages.count > 2, Self.isDataLayer(context.messages[1]) { return .keep }
    let isLayer = context.type.shortName == "LayerParameter"
    if isLayer, let layer = context.messages.last, !Self.isCore(layer), Self.isBlock(field) { return .keep }
    return .refuse
  }

  package func unknownName(_ name: String, for field: ProtoField, in context: ProtoTextContext) -> Int32? {
    guard let enumeration = field.enumeration else { return nil }
    if enumeration.name.hasSuffix("." + V1Upgrade.enumeration) { return V1Upgrade.forkNumber(name) }
    let forks = CaffeForks.all.filter { $0.name == preferred } + CaffeForks.all
    // Descriptors name an enumeration with its package: `caffe.V1LayerParameter.LayerType`.
    return forks.lazy.compactMap { fork in
      fork.names.first { enumeration.name == $0.key || enumeration.name.hasSuffix("." + $0.key) }?.value[name]
    }.first
  }

  /// How many fields of the blocks written are fields of the message; a message that is not tabulated knows none.
  private static func known(_ written: ProtoTextField, _ field: ProtoField) -> Int {
    guard let type = field.messageType else { return 0 }
    var n = 0
    for case .message(let block) in written.values.map(\.content) {
      for item in block.fields { n += type.field(item.name) == nil ? -1 : 1 }
    }
    return n
  }

  private static func isDataLayer(_ layer: ProtoTextMessage) -> Bool {
    for field in layer.fields where field.name == "type" {
      switch field.values.first?.content {
      case .scalar(.string(let bytes)): return DataLayer.types.contains(String(decoding: bytes, as: UTF8.self))
      // A V1 type is a name: DATA, IMAGE_SEG_DATA, …
      case .scalar(let name): return name.written == "DATA" || name.written.hasSuffix("_DATA")
      default: return false
      }
    }
    return false
  }

  private static func isBlock(_ field: ProtoTextField) -> Bool {
    !field.values.isEmpty && field.values.allSatisfy { if case .message = $0.content { true } else { false } }
  }

  private static func isCore(_ layer: ProtoTextMessage) -> Bool {
    for field in layer.fields where field.name == "type" {
      if case .scalar(.string(let bytes))? = field.values.first?.content {
        return CaffeCoreTypes.all.contains(String(decoding: bytes, as: UTF8.self))
      }
    }
    return true
  }
}

/// The layer types that BVLC's Caffe registers.
package enum CaffeCoreTypes {
  package static let all: Set<String> = [
    "AbsVal", "Accuracy", "ArgMax", "BNLL", "BatchNorm", "BatchReindex", "Bias", "Clip", "Concat", "ContrastiveLoss",
    "Convolution", "Crop", "Data", "Deconvolution", "Dropout", "DummyData", "ELU", "Eltwise", "Embed", "EuclideanLoss",
    "Exp", "Filter", "Flatten", "HDF5Data", "HDF5Output", "HingeLoss", "Im2col", "ImageData", "InfogainLoss",
    "InnerProduct", "Input", "LRN", "LSTM", "LSTMUnit", "Log", "MVN", "MemoryData", "MultinomialLogisticLoss", "PReLU",
    "Parameter", "Pooling", "Power", "Python", "RNN", "ReLU", "Reduction", "Reshape", "SPP", "Scale", "Sigmoid",
    "SigmoidCrossEntropyLoss", "Silence", "Slice", "Softmax", "SoftmaxWithLoss", "Split", "Swish", "TanH", "Threshold",
    "Tile", "WindowData",
  ]
}
