import Containers
import Diagnostics

/// The form a net was written in.
package enum CaffeDialect: String, Sendable, Hashable {
  /// `layers { layer { … } }`, before 2014.
  case v0 = "V0"
  /// `layers { type: CONVOLUTION }`.
  case v1 = "V1"
  /// `layer { type: "Convolution" }`.
  case v2 = "V2"
}

/// Brings a net of any age to the current form, step by step and in the order of caffe/util/upgrade_proto.cpp. Values
/// keep their places in the file.
package enum NetUpgrade {
  /// The net with `layer` alone: no `layers`, no `input` fields.
  ///
  /// - Parameter net: of type `caffe.NetParameter`.
  /// - Throws: what Caffe refuses: both `layer` and `layers`, unknown V0 types, wrong counts of input shapes.
  package static func upgraded(
    _ net: ProtoMessage, sink: DiagnosticSink
  ) throws(Diagnostic) -> (net: ProtoMessage, dialect: CaffeDialect) {
    var net = net
    var dialect = CaffeDialect.v2
    if try net.messages("layers").contains(where: { $0.has("layer") }) {
      dialect = .v0
      net = try V0Upgrade.upgraded(net, sink: sink)
    }
    if net.has("layers") {
      if dialect == .v2 { dialect = .v1 }
      try moveTransformations(&net)
      net = try V1Upgrade.upgraded(net, sink: sink)
    }
    try upgradeInputs(&net)
    try upgradeBatchNorm(&net)
    return (net, dialect)
  }

  /// Moves scale, mean_file, crop_size and mirror of V1 data layers to transform_param.
  private static func moveTransformations(_ net: inout ProtoMessage) throws(Diagnostic) {
    let blocks = ["DATA": "data_param", "IMAGE_DATA": "image_data_param", "WINDOW_DATA": "window_data_param"]
    let fields = ["scale", "mean_file", "crop_size", "mirror"]
    var elements = net.elements("layers")
    var changed = false
    for i in elements.indices {
      guard case .message(var layer) = elements[i].value, let type = try layer.enumName("type"),
        let name = blocks[type], var block = try layer.message(name), fields.contains(where: { block.has($0) })
      else { continue }
      var transform = try layer.messageOrDefault("transform_param")
      for f in fields where block.has(f) {
        try transform.set(f, block.elements(f))
        block.clear(f)
      }
      try layer.set(name, .message(block), at: block.place)
      try layer.set("transform_param", .message(transform), at: transform.place)
      elements[i].value = .message(layer)
      changed = true
    }
    if changed { try net.set("layers", elements) }
  }

  /// Turns `input` with `input_shape` or `input_dim` into an Input layer at the front.
  private static func upgradeInputs(_ net: inout ProtoMessage) throws(Diagnostic) {
    let names = try net.strings("input")
    guard !names.isEmpty else { return }
    let place = net.elements("input").first?.namePlace ?? net.place
    var layer = ProtoMessage(CaffeSchema.layer, file: net.file, place: place)
    try layer.set("name", .string("input"), at: place)
    try layer.set("type", .string("Input"), at: place)
    try layer.set("top", net.elements("input"))
    var block = try layer.messageOrDefault("input_param")
    if net.has("input_shape") {
      let shapes = net.elements("input_shape")
      guard shapes.count >= names.count else {
        throw .error(
          "caffe.input.shape-count", "\(names.count) inputs, but \(shapes.count) input_shape",
          at: net.location("input_shape"), help: "give each input its own input_shape")
      }
      try block.set("shape", Array(shapes.prefix(names.count)))
    } else if net.has("input_dim") {
      // A binary file's numbers have no places of their own.
      let places = net.elements("input_dim").map(\.place)
      let dims = try net.ints("input_dim").enumerated().map { i, v in
        ProtoElement(.int(Int64(v)), place: i < places.count ? places[i] : net.place)
      }
      guard dims.count >= 4 * names.count else {
        throw .error(
          "caffe.input.dim-count",
          "\(names.count) inputs need \(4 * names.count) input_dim, but \(dims.count) are given",
          at: net.location("input_dim"),
          help: "give four numbers for each input (num, channels, height, width), or input_shape { dim: ... }")
      }
      for i in names.indices {
        guard let type = block.type.field("shape")?.messageType else { break }
        var shape = ProtoMessage(type, file: net.file, place: dims[4 * i].place)
        try shape.set("dim", Array(dims[4 * i..<4 * i + 4]))
        try block.append("shape", .message(shape), at: dims[4 * i].place)
      }
    }
    if block.has("shape") { try layer.set("input_param", .message(block), at: place) }
    try net.set("layer", [ProtoElement(.message(layer), place: place)] + net.elements("layer"))
    for f in ["input", "input_shape", "input_dim"] { net.clear(f) }
  }

  /// BatchNorm layers that declare three params get learning rates of 0.
  private static func upgradeBatchNorm(_ net: inout ProtoMessage) throws(Diagnostic) {
    var elements = net.elements("layer")
    var changed = false
    for i in elements.indices {
      guard case .message(var layer) = elements[i].value, try layer.string("type") == "BatchNorm",
        layer.count("param") == 3
      else { continue }
      var params = layer.elements("param")
      for j in params.indices {
        guard case .message(var spec) = params[j].value else { continue }
        try spec.set("lr_mult", .float(0), at: spec.place)
        try spec.set("decay_mult", .float(0), at: spec.place)
        params[j].value = .message(spec)
      }
      try layer.set("param", params)
      elements[i].value = .message(layer)
      changed = true
    }
    if changed { try net.set("layer", elements) }
  }
}
