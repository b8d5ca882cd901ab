import Containers
import Diagnostics

/// V1 → V2: type names for enumerated types, one `param` block per blob, everything else under its own name.
enum V1Upgrade {
  static func upgraded(_ net: ProtoMessage, sink: DiagnosticSink) throws(Diagnostic) -> ProtoMessage {
    if net.has("layer") {
      throw .error(
        "caffe.net.layer-and-layers", "the net has both 'layer' and 'layers' fields", at: net.nameLocation("layers"),
        help: "write all layers as layer { type: \"Name\" }; 'layers' is the older form")
    }
    var out = net
    out.clear("layers")
    var layers: [ProtoElement] = []
    for element in net.elements("layers") {
      guard case .message(let layer) = element.value else { continue }
      layers.append(ProtoElement(.message(try upgrade(layer)), place: element.place, namePlace: element.namePlace))
    }
    try out.set("layer", layers)
    return out
  }

  /// V2 names of V1 types.
  static let types: [String: String] = [
    "NONE": "", "ABSVAL": "AbsVal", "ACCURACY": "Accuracy", "ARGMAX": "ArgMax", "BNLL": "BNLL", "CONCAT": "Concat",
    "CONTRASTIVE_LOSS": "ContrastiveLoss", "CONVOLUTION": "Convolution", "DECONVOLUTION": "Deconvolution",
    "DATA": "Data", "DROPOUT": "Dropout", "DUMMY_DATA": "DummyData", "EUCLIDEAN_LOSS": "EuclideanLoss",
    "ELTWISE": "Eltwise", "EXP": "Exp", "FLATTEN": "Flatten", "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output",
    "HINGE_LOSS": "HingeLoss", "IM2COL": "Im2col", "IMAGE_DATA": "ImageData", "INFOGAIN_LOSS": "InfogainLoss",
    "INNER_PRODUCT": "InnerProduct", "LRN": "LRN", "MEMORY_DATA": "MemoryData",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss", "MVN": "MVN", "POOLING": "Pooling", "POWER": "Power",
    "RELU": "ReLU", "SIGMOID": "Sigmoid", "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "SILENCE": "Silence", "SOFTMAX": "Softmax", "SOFTMAX_LOSS": "SoftmaxWithLoss", "SPLIT": "Split", "SLICE": "Slice",
    "TANH": "TanH", "WINDOW_DATA": "WindowData", "THRESHOLD": "Threshold",
  ]

  /// Fields of the V1 layer that go their own way.
  private static let special: Set<String> = [
    "type", "param", "blob_share_mode", "blobs_lr", "weight_decay", "layer",
  ]

  private static func upgrade(_ v1: ProtoMessage) throws(Diagnostic) -> ProtoMessage {
    var out = ProtoMessage(CaffeSchema.layer, file: v1.file, place: v1.place)
    out.unknown = v1.unknown
    for field in v1.setFields where !special.contains(field.name) {
      // A fork's field that the V2 type does not have keeps its own description.
      guard out.type.field(field.name) != nil else {
        for e in v1.elements(field.name) { out.add(e, to: field) }
        continue
      }
      try V0Upgrade.copy(v1, field.name, &out, field.name)
    }
    if v1.has("type") {
      try out.set("type", .string(try type(of: v1)), at: v1.elements("type").first?.place ?? v1.place)
    }
    try upgradeParams(v1, &out)
    return out
  }

  /// The type's name in the present form.
  ///
  /// Forks give one number several names: 39 without bottoms is DeepLab's data layer, not a deconvolution; of the names of
  /// another number CROP has two bottoms.
  private static func type(of v1: ProtoMessage) throws(Diagnostic) -> String {
    let number = try v1.enumNumber("type")
    if let name = CaffeForks.layerName(number) { return forkType(name) }
    if let name = try v1.enumName("type") {
      if name == "DECONVOLUTION", !v1.has("bottom"), v1.has("top") { return "ImageSegData" }
      return types[name] ?? name
    }
    let names = CaffeForks.layerNames(number: number)
    let isCrop = names.contains("CROP") && v1.count("bottom") == 2
    let name = isCrop ? "CROP" : names.first { $0 != "CROP" } ?? names.first
    return name.map(forkType) ?? "V1 layer type \(number)"
  }

  /// `SEG_ACCURACY` is `SegAccuracy`.
  private static func forkType(_ name: String) -> String {
    if let known = forkTypes[name] { return known }
    return name.split(separator: "_").map { $0.prefix(1) + $0.dropFirst().lowercased() }.joined()
  }

  private static let forkTypes = [
    "BN": "BN", "CONVOLUTION3D": "Convolution3D", "DECONVOLUTION3D": "Deconvolution3D", "POOLING3D": "Pooling3D",
    "RELU6": "ReLU6", "PRELU": "PReLU", "UNPOOLING": "Unpooling", "DENSE_CRF": "DenseCRF", "ROI_POOLING": "ROIPooling",
  ]

  private static func upgradeParams(_ v1: ProtoMessage, _ out: inout ProtoMessage) throws(Diagnostic) {
    guard let type = out.type.field("param")?.messageType else { return }
    var specs: [ProtoMessage] = []
    func reach(_ n: Int) {
      while specs.count < n { specs.append(ProtoMessage(type, file: v1.file, place: v1.place)) }
    }
    for (i, name) in try v1.strings("param").enumerated() {
      reach(i + 1)
      try specs[i].set("name", .string(name), at: v1.elements("param")[i].place)
    }
    for (i, mode) in try v1.enumNumbers("blob_share_mode").enumerated() {
      reach(i + 1)
      try specs[i].set("share_mode", .enumeration(mode), at: v1.place)
    }
    for (field, name) in [("blobs_lr", "lr_mult"), ("weight_decay", "decay_mult")] {
      for (i, v) in try v1.floats(field).enumerated() {
        reach(i + 1)
        try specs[i].set(name, .float(v), at: v1.place)
      }
    }
    if !specs.isEmpty { try out.set("param", specs.map { ProtoElement(.message($0), place: $0.place) }) }
  }
}
