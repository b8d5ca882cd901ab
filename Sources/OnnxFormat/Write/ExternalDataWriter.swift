import ByteSource
import Diagnostics
import TensorCore

/// Moves large constants of a model into a data file.
enum ExternalDataWriter {
  /// Constants below this stay in the model, where shape inference can see them.
  private static let threshold = 1024
  /// Offsets are multiples of this, so that a runtime can map each tensor by itself.
  private static let alignment = 4096
  /// Smaller tensors are aligned to this only.
  private static let smallAlignment = 64

  static func move(_ m: inout ModelMessage, to file: FileWriter, named name: String) throws(Diagnostic) {
    for i in m.graph.initializers.indices {
      let t: Tensor
      var half: DType?
      switch m.graph.initializers[i].payload {
      case .tensor(let tensor) where tensor.dtype != .string: t = tensor
      case .halved(let tensor, let type):
        t = tensor
        half = type
      default: continue
      }
      guard t.byteCount >= threshold else { continue }
      let unit = t.byteCount >= 16 * alignment ? alignment : smallAlignment
      let gap = (unit - file.position % unit) % unit
      if gap > 0 { try file.write([UInt8](repeating: 0, count: gap)) }
      let offset = file.position
      if let half {
        try TensorStream.forEachHalvedPiece(of: t, half) { (b) throws(Diagnostic) in try file.write(b) }
      } else {
        try TensorStream.forEachPiece(of: t) { (b) throws(Diagnostic) in try file.write(b) }
      }
      m.graph.initializers[i].payload = .external([
        EntryMessage(key: "location", value: name), EntryMessage(key: "offset", value: String(offset)),
        EntryMessage(key: "length", value: String(file.position - offset)),
      ])
    }
  }
}
