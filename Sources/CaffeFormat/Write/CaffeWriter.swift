import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Writes nets and weights in Caffe's current form: `layer` blocks, shape blobs. Fields that nobody here understands are
/// written as they were read.
package enum CaffeWriter {
  /// The net as text, without weights: all its layers, whatever their phase.
  ///
  /// Unknown fields of a binary file have no name and are left out (the caffemodel keeps them).
  ///
  /// - Parameter isSelected: the layers were selected when the net was saved; rules and phases that could leave one out
  ///   now are not written.
  package static func prototxt(_ net: CaffeNet, isSelected: Bool = false) throws(Diagnostic) -> String {
    var message = net.message
    let layers = net.layers.map { layer in
      var layer = layer.message
      if isSelected { for f in ["include", "exclude", "phase"] { layer.clear(f) } }
      return ProtoElement(.message(layer))
    }
    try message.set("layer", layers)
    return try ProtoTextPrinter(omitting: ["blobs"]) { CaffeForks.valueName($0, in: $1) }.print(message)
  }

  /// A caffemodel: the layers that take part, each with its blobs as float32 and its parameters.
  package static func caffemodel(_ model: CaffeModel) throws(Diagnostic) -> ProtobufBuilder {
    try caffemodel(name: model.net.name, layers: model.layers, blobs: model.blobs)
  }

  /// A caffemodel of layers and their blobs. Values are not copied where they lie in a file as they are.
  package static func caffemodel(
    name: String, layers: [CaffeLayer], blobs: [[Tensor]]
  ) throws(Diagnostic) -> ProtobufBuilder {
    var net = ProtoMessage(CaffeSchema.net)
    if !name.isEmpty { try net.set("name", .string(name)) }
    for (i, layer) in layers.enumerated() {
      var message = layer.message
      message.clear("blobs")
      for tensor in i < blobs.count ? blobs[i] : [] { try message.append("blobs", .message(try blob(tensor))) }
      try net.append("layer", .message(try CaffeForks.withFileNumbers(message)))
    }
    return try net.encoded()
  }

  /// A `BlobProto` with shape and float data.
  package static func blob(_ tensor: Tensor) throws(Diagnostic) -> ProtoMessage {
    var message = ProtoMessage(CaffeSchema.blob)
    guard let shapeType = message.type.field("shape")?.messageType else { return message }
    var shape = ProtoMessage(shapeType)
    for d in tensor.shape { try shape.append("dim", .int(Int64(d))) }
    try message.set("shape", .message(shape))
    let values = try WeightBinder.asFloat32(tensor, tensor.shape)
    try message.set("data", bulk: ProtoBulk(kind: .float, packed: try values.bytes()))
    return message
  }

  /// A `.caffemodel.h5`: `/data/LAYER/INDEX` for every blob that is not shared from a layer before.
  ///
  /// - Throws: `caffe.hdf5.layer-name` for a name that HDF5 cannot hold; what writing throws.
  package static func hdf5(_ model: CaffeModel, to path: String) throws(Diagnostic) {
    let out = try HDF5Writer(path)
    try out.group("data")
    var owned: Set<String> = []
    for (i, layer) in model.layers.enumerated() {
      guard !layer.name.contains("/"), !layer.name.isEmpty, layer.name != "." else {
        throw .error(
          "caffe.hdf5.layer-name", layer.text("HDF5 weights cannot name a layer '\(layer.name)'"), at: layer.location,
          help: "write a .caffemodel instead")
      }
      try out.group("data/\(layer.name)")
      let names = layer.parameterNames
      for (j, tensor) in model.blobs[i].enumerated() {
        if j < names.count, !names[j].isEmpty, !owned.insert(names[j]).inserted { continue }
        try out.dataset("data/\(layer.name)/\(j)", try WeightBinder.asFloat32(tensor, tensor.shape))
      }
    }
    try out.commit()
  }
}
