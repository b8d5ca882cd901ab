import Containers
import Diagnostics

/// Fields that forks add to BVLC's own parameter blocks, and that a layer of this program might overlook.
enum ForkFields {
  /// Which program computes, how a net is trained, and how it is filled: no part of what a layer computes.
  private static let harmless: Set<String> = [
    "engine", "stats_batch_size", "filler", "bias_filler", "scale_filler", "conv_algorithm",
    "cudnn_convolution_algo_seeker", "conv_algos_override", "random_seed", "update_global_stats",
    // Of fixed-point arithmetic, whose other fields are refused.
    "quantize_method",
  ]

  private static func isDefault(_ value: ProtoValue, _ field: ProtoField) -> Bool {
    switch (value, field.defaultValue) {
    case (.bool(let a), .bool(let b)?): a == b
    case (.bool(let a), nil): !a
    case (.int(let a), .int(let b)?): a == b
    case (.int(let a), nil): a == 0
    case (.uint(let a), .uint(let b)?): a == b
    case (.uint(let a), nil): a == 0
    case (.float(let a), .float(let b)?): a == b
    case (.float(let a), nil): a == 0
    case (.double(let a), .double(let b)?): a == b
    case (.double(let a), nil): a == 0
    case (.enumeration(let a), .enumeration(let b)?): a == b
    default: false
    }
  }

  /// Warns of every such field that is set to other than its default and that the layer's translator did not ask for, and
  /// of fields of a binary file that no fork explains.
  static func warnOfUnread(_ layer: CaffeLayer, _ reads: [String: FieldReads], _ sink: DiagnosticSink) {
    for field in layer.message.setFields where field.kind == .message && !field.isRepeated {
      guard let type = field.messageType, type.name.hasPrefix("caffe."), let asked = reads[field.name],
        let block = try? layer.message.message(field.name)
      else { continue }
      for inner in block.setFields where type.field(inner.name) == nil && !harmless.contains(inner.name) {
        if asked.names.contains(inner.name) || block.elements(inner.name).allSatisfy({ isDefault($0.value, inner) }) {
          continue
        }
        var at = block.location(inner.name)
        at.path = [layer.name, field.name, inner.name]
        sink.warning(
          "caffe.fork.field-unread", layer.text("\(field.name): '\(inner.name)' of a fork is not taken into account"),
          at: at)
      }
      for case .wire(let item, _) in block.unknown {
        sink.warning(
          "caffe.fork.field-unknown",
          layer.text("\(field.name): field \(item.number) is of no known fork; it is kept, unread"),
          at: layer.location, help: "--fork NAME reads the file by a fork's schema")
      }
    }
  }
}
