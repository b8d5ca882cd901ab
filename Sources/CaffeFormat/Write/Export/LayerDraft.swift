import Containers
import Diagnostics
import TensorCore

/// A layer that is being written: parameters by block and field, blobs in order.
struct LayerDraft {
  var name: String
  var type: String
  var bottoms: [String]
  var tops: [String]
  var blobs: [Tensor] = []
  private var message = ProtoMessage(CaffeSchema.layer)

  init(_ name: String, _ type: String, bottoms: [String], tops: [String], blobs: [Tensor] = []) {
    self.name = name
    self.type = type
    self.bottoms = bottoms
    self.tops = tops
    self.blobs = blobs
  }

  /// Reads and writes `new` where it read and wrote `old`.
  mutating func renameBlob(_ old: String, to new: String) {
    bottoms = bottoms.map { $0 == old ? new : $0 }
    tops = tops.map { $0 == old ? new : $0 }
  }

  mutating func set(_ block: String, _ field: String, _ values: [ProtoValue]) throws(Diagnostic) {
    var m = try message.messageOrDefault(block)
    try m.set(field, values.map { ProtoElement($0) })
    try message.set(block, .message(m))
  }

  mutating func set(_ block: String, _ field: String, uint v: Int) throws(Diagnostic) {
    try set(block, field, [.uint(UInt64(max(0, v)))])
  }

  mutating func set(_ block: String, _ field: String, int v: Int) throws(Diagnostic) {
    try set(block, field, [.int(Int64(v))])
  }

  mutating func set(_ block: String, _ field: String, float v: Float) throws(Diagnostic) {
    try set(block, field, [.float(v)])
  }

  mutating func set(_ block: String, _ field: String, bool v: Bool) throws(Diagnostic) {
    try set(block, field, [.bool(v)])
  }

  mutating func set(_ block: String, _ field: String, name v: String) throws(Diagnostic) {
    let m = try message.messageOrDefault(block)
    guard let number = m.type.field(field)?.enumeration?.number(v) else { return }
    try set(block, field, [.enumeration(number)])
  }

  /// Extents as a `shape` block.
  mutating func set(_ block: String, shape: [Int]) throws(Diagnostic) {
    let m = try message.messageOrDefault(block)
    guard let type = m.type.field("shape")?.messageType else { return }
    var s = ProtoMessage(type)
    for d in shape { try s.append("dim", .int(Int64(d))) }
    try set(block, "shape", [.message(s)])
  }

  /// The finished layer.
  func layer() throws(Diagnostic) -> CaffeLayer {
    var m = message
    try m.set("name", .string(name))
    try m.set("type", .string(type))
    if !bottoms.isEmpty { try m.set("bottom", bottoms.map { ProtoElement(.string($0)) }) }
    if !tops.isEmpty { try m.set("top", tops.map { ProtoElement(.string($0)) }) }
    return CaffeLayer(m)
  }
}
