import Containers
import Diagnostics

/// V0 → V1: padding layers are merged into what follows them, and each layer's flat fields move to parameter blocks.
enum V0Upgrade {
  static func upgraded(_ net: ProtoMessage, sink: DiagnosticSink) throws(Diagnostic) -> ProtoMessage {
    var out = net
    var layers: [ProtoElement] = []
    for element in try mergePadding(net) {
      guard case .message(let layer) = element.value else { continue }
      layers.append(
        ProtoElement(.message(try upgrade(layer, sink)), place: element.place, namePlace: element.namePlace))
    }
    try out.set("layers", layers)
    return out
  }

  private static func type(_ layer: ProtoMessage) throws(Diagnostic) -> String {
    try layer.messageOrDefault("layer").string("type")
  }

  private static func name(_ layer: ProtoMessage) throws(Diagnostic) -> String {
    try layer.messageOrDefault("layer").string("name")
  }

  /// Removes `padding` layers; the convolution or pooling that reads one takes its pad and its bottom.
  private static func mergePadding(_ net: ProtoMessage) throws(Diagnostic) -> [ProtoElement] {
    let layers = try net.messages("layers")
    let elements = net.elements("layers")
    var lastTop: [String: Int] = [:]
    for blob in try net.strings("input") { lastTop[blob] = -1 }
    var out: [ProtoElement] = []
    for (i, layer) in layers.enumerated() {
      var merged = layer
      for (j, blob) in try layer.strings("bottom").enumerated() {
        guard let source = lastTop[blob] else {
          throw .error(
            "caffe.net.unknown-bottom",
            "layer '\(try name(layer))': bottom '\(blob)' is not the top of any layer before",
            at: layer.location("bottom", j))
        }
        guard source >= 0, try type(layers[source]) == "padding" else { continue }
        let padding = layers[source]
        let kind = try type(layer)
        let fits =
          (kind == "conv" || kind == "pool") && layer.count("bottom") == 1 && padding.count("bottom") == 1
          && padding.count("top") == 1
        guard fits else {
          throw .error(
            "caffe.v0.padding",
            "padding layer '\(try name(padding))' must have one bottom and one top and lead to one conv or pool layer, "
              + "but leads to '\(try name(layer))' (\(kind))", at: padding.location())
        }
        var inner = try merged.messageOrDefault("layer")
        let source0 = try padding.messageOrDefault("layer")
        let pad = source0.has("pad") ? source0.elements("pad") : [ProtoElement(.uint(0), place: source0.place)]
        try inner.set("pad", pad)
        try merged.set("layer", .message(inner), at: inner.place)
        var bottoms = merged.elements("bottom")
        bottoms[j] = padding.elements("bottom")[0]
        try merged.set("bottom", bottoms)
      }
      if try type(layer) != "padding" {
        out.append(ProtoElement(.message(merged), place: elements[i].place, namePlace: elements[i].namePlace))
      }
      for blob in try layer.strings("top") { lastTop[blob] = i }
    }
    return out
  }

  /// Where a V0 field goes: block and field by V0 layer type.
  private static let moves: [(field: String, targets: [String: (block: String, field: String)])] = [
    ("num_output", both("num_output")), ("biasterm", both("bias_term")), ("weight_filler", both("weight_filler")),
    ("bias_filler", both("bias_filler")),
    ("pad", window("pad")), ("kernelsize", window("kernel_size")), ("stride", window("stride")),
    ("group", ["conv": ("convolution_param", "group")]),
    ("pool", ["pool": ("pooling_param", "pool")]),
    ("dropout_ratio", ["dropout": ("dropout_param", "dropout_ratio")]),
    ("local_size", ["lrn": ("lrn_param", "local_size")]), ("alpha", ["lrn": ("lrn_param", "alpha")]),
    ("beta", ["lrn": ("lrn_param", "beta")]), ("k", ["lrn": ("lrn_param", "k")]),
    (
      "source",
      data("source").merging(["infogain_loss": ("infogain_loss_param", "source")], uniquingKeysWith: { a, _ in a })
    ),
    ("batchsize", data("batch_size")),
    ("rand_skip", ["data": ("data_param", "rand_skip"), "images": ("image_data_param", "rand_skip")]),
    ("shuffle_images", ["images": ("image_data_param", "shuffle")]),
    ("new_height", ["images": ("image_data_param", "new_height")]),
    ("new_width", ["images": ("image_data_param", "new_width")]),
    ("concat_dim", ["concat": ("concat_param", "concat_dim")]),
    ("det_fg_threshold", ["window_data": ("window_data_param", "fg_threshold")]),
    ("det_bg_threshold", ["window_data": ("window_data_param", "bg_threshold")]),
    ("det_fg_fraction", ["window_data": ("window_data_param", "fg_fraction")]),
    ("det_context_pad", ["window_data": ("window_data_param", "context_pad")]),
    ("det_crop_mode", ["window_data": ("window_data_param", "crop_mode")]),
  ]

  private static func both(_ f: String) -> [String: (block: String, field: String)] {
    ["conv": ("convolution_param", f), "innerproduct": ("inner_product_param", f)]
  }

  private static func window(_ f: String) -> [String: (block: String, field: String)] {
    ["conv": ("convolution_param", f), "pool": ("pooling_param", f)]
  }

  private static func data(_ f: String) -> [String: (block: String, field: String)] {
    [
      "data": ("data_param", f), "hdf5_data": ("hdf5_data_param", f), "images": ("image_data_param", f),
      "window_data": ("window_data_param", f),
    ]
  }

  /// V1 names of V0 types.
  private static let types: [String: String] = [
    "accuracy": "ACCURACY", "bnll": "BNLL", "concat": "CONCAT", "conv": "CONVOLUTION", "data": "DATA",
    "dropout": "DROPOUT", "euclidean_loss": "EUCLIDEAN_LOSS", "flatten": "FLATTEN", "hdf5_data": "HDF5_DATA",
    "hdf5_output": "HDF5_OUTPUT", "im2col": "IM2COL", "images": "IMAGE_DATA", "infogain_loss": "INFOGAIN_LOSS",
    "innerproduct": "INNER_PRODUCT", "lrn": "LRN", "multinomial_logistic_loss": "MULTINOMIAL_LOGISTIC_LOSS",
    "pool": "POOLING", "relu": "RELU", "sigmoid": "SIGMOID", "softmax": "SOFTMAX", "softmax_loss": "SOFTMAX_LOSS",
    "split": "SPLIT", "tanh": "TANH", "window_data": "WINDOW_DATA",
  ]

  private static func upgrade(_ layer: ProtoMessage, _ sink: DiagnosticSink) throws(Diagnostic) -> ProtoMessage {
    guard let v0 = try layer.message("layer") else { return layer }
    var out = layer
    out.clear("layer")
    out.unknown += v0.unknown
    let type = try v0.string("type")
    for f in ["name", "blobs_lr", "weight_decay"] where v0.has(f) { try copy(v0, f, &out, f) }
    if v0.has("blobs") { try out.set("blobs", v0.elements("blobs")) }
    if v0.has("type") {
      guard let v1 = types[type], let number = out.type.field("type")?.enumeration?.number(v1) else {
        throw .error(
          "caffe.v0.type", "layer '\(try v0.string("name"))': unknown V0 layer type '\(type)'", at: v0.location("type"),
          help: closestName(to: type, among: types.keys).map { "did you mean '\($0)'?" })
      }
      try out.set("type", .enumeration(number), at: v0.place)
    }
    for move in moves where v0.has(move.field) {
      guard let target = move.targets[type] else {
        let at = v0.location(move.field)
        sink.warning(
          "caffe.v0.parameter", "layer '\(try v0.string("name"))' (\(type)): '\(move.field)' has no meaning here",
          at: at)
        continue
      }
      var block = try out.messageOrDefault(target.block)
      if !block.has(target.field) || block.type.field(target.field)?.isRepeated != true { block.clear(target.field) }
      try copy(v0, move.field, &block, target.field)
      try out.set(target.block, .message(block), at: v0.place)
    }
    try upgradeTransform(v0, &out)
    if v0.has("hdf5_output_param") { try copy(v0, "hdf5_output_param", &out, "hdf5_output_param") }
    return out
  }

  private static func upgradeTransform(_ v0: ProtoMessage, _ out: inout ProtoMessage) throws(Diagnostic) {
    for (old, new) in [("scale", "scale"), ("meanfile", "mean_file"), ("cropsize", "crop_size"), ("mirror", "mirror")]
    where v0.has(old) {
      var block = try out.messageOrDefault("transform_param")
      try copy(v0, old, &block, new)
      try out.set("transform_param", .message(block), at: v0.place)
    }
  }

  /// Moves a field with its places; lists of numbers stay slices of the file.
  static func copy(
    _ from: ProtoMessage, _ field: String, _ to: inout ProtoMessage, _ name: String
  ) throws(Diagnostic) {
    let elements = from.elements(field)
    if elements.isEmpty {
      try to.set(name, bulk: try from.bulk(field))
    } else {
      try to.set(name, elements)
    }
  }
}
