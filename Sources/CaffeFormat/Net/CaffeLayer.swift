import Containers
import Diagnostics
import ModelGraph

/// One layer of a net as its `LayerParameter` (V2 form) says it, with its place in the file.
package struct CaffeLayer: Sendable {
  package var name: String
  package var type: String
  package var bottoms: [String]
  package var tops: [String]
  /// The layer's whole message; blobs of a binary file are slices of it.
  package var message: ProtoMessage
  /// Made by split insertion, not given by the file.
  package var isAutomaticSplit = false

  /// - Parameter message: of type `caffe.LayerParameter`.
  package init(_ message: ProtoMessage) {
    self.message = message
    name = (try? message.string("name")) ?? ""
    type = (try? message.string("type")) ?? ""
    bottoms = (try? message.strings("bottom")) ?? []
    tops = (try? message.strings("top")) ?? []
  }

  /// The parameter block of that name; without values where the layer does not have it.
  package func parameters(_ block: String) -> ParameterBlock {
    ParameterBlock("layer", message, isPresent: true).block(block)
  }

  /// The layer itself as a block.
  package var block: ParameterBlock { ParameterBlock("layer", message, isPresent: true) }

  package var location: SourceLocation {
    var at = message.location()
    at.path = [name]
    return at
  }

  package var origin: Origin {
    let at = message.location()
    return Origin(file: at.file, layer: name, layerType: type, line: at.line, column: at.column)
  }

  /// `layer 'pool5' (Pooling): TEXT`.
  package func text(_ message: String) -> String { "layer '\(name)' (\(type)): \(message)" }

  /// Names of the layer's parameter blobs by position; "" where a blob has none.
  package var parameterNames: [String] { block.blocks("param").map { $0.string("name") } }

  package var lossWeights: [Float] { block.floats("loss_weight") }
}
