import Containers

/// Reads what forks add to a net's text.
///
/// A field is looked up by its name in the table of forks; where several forks have one, the one whose message knows
/// most of the names in the block is taken. Blocks of a layer type that is not BVLC's are kept unread; anything else
/// that is unknown is an error.
package struct CaffeForkPolicy: ProtoTextPolicy {
  /// The fork that is asked first.
  package var preferred: String?
  /// The fork that is taken where it knows all that is written, so that one fork explains as much of a net as it can.
  package var leaning: String?

  package init(preferred: String? = nil, leaning: String? = nil) {
    self.preferred = preferred
    self.leaning = leaning
  }

  package func unknownField(_ field: ProtoTextField, in context: ProtoTextContext) -> ProtoUnknownDecision {
    if context.type === ProtoType.open { return .keep }
    var candidates = CaffeForks.fields(field.name, of: context.type.shortName)
    // A layer of the older form has a fork's blocks under the same names.
    if candidates.isEmpty, context.type.shortName == "V1LayerParameter" {
      candidates = CaffeForks.fields(field.name, of: "LayerParameter")
    }
    if let found = candidates.first(where: { $0.fork.name == preferred }) { return .typed(found.field) }
    if let found = candidates.first(where: { $0.fork.name == leaning }), Self.known(field, found.field) >= 0 {
      return .typed(found.field)
    }
    let best = candidates.max { a, b in Self.known(field, a.field) < Self.known(field, b.field) }
    // `max` gives the last of equals; the table has the most used fork first.
    if let best {
      let score = Self.known(field, best.field)
      return .typed(candidates.first { Self.known(field, $0.field) == score }?.field ?? best.field)
    }
    // How a data layer reads its pictures changes from fork to fork and has no bearing on the net.
    if context.messages.count > 2, Self.isDataLayer(context.messages[1]) { return .keep }
    let isLayer = ["LayerParameter", "V1LayerParameter"].contains(context.type.shortName)
    if isLayer, let layer = context.messages.last, !Self.isCore(layer), Self.isBlock(field) { return .keep }
    return .refuse
  }

  package func unknownName(_ name: String, for field: ProtoField, in context: ProtoTextContext) -> Int32? {
    guard let enumeration = field.enumeration else { return nil }
    if enumeration.name.hasSuffix(CaffeForks.layerType) { return CaffeForks.layerNumber(name) }
    let forks =
      CaffeForks.all.filter { $0.name == preferred } + CaffeForks.all.filter { $0.name == leaning } + CaffeForks.all
    // Descriptors name an enumeration with its package: `caffe.V1LayerParameter.LayerType`.
    let number = forks.lazy.compactMap { fork in
      fork.names.first { enumeration.name == $0.key || enumeration.name.hasSuffix("." + $0.key) }?.value[name]
    }.first
    return number.map { CaffeForks.memoryNumber($0, named: name, in: enumeration.name) }
  }

  /// How well the blocks written fit the message: the number of their fields where it knows them all, less than 0 where it
  /// does not; 0 for a message that is not tabulated.
  private static func known(_ written: ProtoTextField, _ field: ProtoField) -> Int {
    guard let type = field.messageType, type !== ProtoType.open else { return 0 }
    var (known, unknown) = (0, 0)
    for case .message(let block) in written.values.map(\.content) {
      for item in block.fields { if type.field(item.name) == nil { unknown += 1 } else { known += 1 } }
    }
    return unknown > 0 ? -unknown : known
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
      switch field.values.first?.content {
      case .scalar(.string(let bytes)): return CaffeCoreTypes.all.contains(String(decoding: bytes, as: UTF8.self))
      case .scalar(.identifier(let name, _)): return V1Upgrade.types[name] != nil
      default: break
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
