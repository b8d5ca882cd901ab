import ByteSource
import Containers
import Diagnostics
import WeightFormats

/// What a file is, told by its bytes alone.
package enum FileKind: Sendable, Hashable {
  case caffeText, caffeBinary, caffeSolver, caffeSolverState, binaryproto
  case onnx, onnxTensor
  /// A bag of weights.
  case weights(WeightFile)
  case zip
  case png, jpeg
  case empty, unknown

  /// In words, for messages.
  package var title: String {
    switch self {
    case .caffeText: "a Caffe net as protobuf text"
    case .caffeBinary: "a Caffe model (caffemodel)"
    case .caffeSolver: "a Caffe solver as protobuf text"
    case .caffeSolverState: "a Caffe solver state"
    case .binaryproto: "a Caffe blob (binaryproto)"
    case .onnx: "an ONNX model"
    case .onnxTensor: "an ONNX tensor"
    case .weights(.hdf5): "an HDF5 file"
    case .weights(.npy): "a NumPy array"
    case .weights(.npz): "a NumPy archive"
    case .weights(.safetensors): "a safetensors archive"
    case .weights(.torch): "a PyTorch checkpoint"
    case .weights(.pickle): "a pickle"
    case .weights(.mindspore): "a MindSpore checkpoint"
    case .zip: "a zip archive"
    case .png: "a PNG picture"
    case .jpeg: "a JPEG picture"
    case .empty: "empty"
    case .unknown: "of no format that modelconv knows"
    }
  }

  package static func identify(_ b: ByteSlice) -> FileKind {
    if b.isEmpty { return .empty }
    if b.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return .png }
    if b.starts(with: [0xff, 0xd8, 0xff]) { return .jpeg }
    if let weights = WeightFile.recognise(b) { return .weights(weights) }
    if ZipArchive.matches(b) { return .zip }
    if let text = ProtoTextSketch(b) { return text.isSolver ? .caffeSolver : .caffeText }
    return ProtoSketch(b).kind ?? .unknown
  }
}

/// The top-level fields of a protobuf message, payloads untouched: enough to tell the known messages apart.
struct ProtoSketch {
  /// Wire types seen by field number. A file that is cut off shows the fields before the cut.
  private var types: [UInt32: Set<WireType>] = [:]
  private static let fieldLimit = 4096

  init(_ b: ByteSlice) {
    var reader = WireReader(b)
    for _ in 0..<Self.fieldLimit {
      let at = reader.position
      do throws(Diagnostic) {
        guard let f = try reader.next() else { return }
        types[f.number, default: []].insert(f.type)
      } catch {
        // The field that is cut off counts where its tag makes sense.
        if let byte = b[at], let type = WireType(rawValue: byte & 7), byte >= 8, byte < 0x80,
          at > 0 || type == .lengthDelimited
        {
          types[UInt32(byte >> 3), default: []].insert(type)
        } else if at == 0 {
          types = [:]
        }
        return
      }
    }
  }

  private func has(_ n: UInt32, _ t: WireType) -> Bool { types[n]?.contains(t) ?? false }

  var kind: FileKind? {
    guard !types.isEmpty else { return nil }
    // NetParameter: 1 name, 2 layers, 100 layer; ModelProto: 1 ir_version is a number.
    if has(100, .lengthDelimited) { return .caffeBinary }
    if has(1, .lengthDelimited), !has(1, .varint), !has(7, .lengthDelimited), !has(9, .lengthDelimited),
      Set(types.keys).isSubset(of: [1, 2, 3, 4, 5, 6, 7, 8, 100])
    {
      return .caffeBinary
    }
    if has(7, .lengthDelimited), has(8, .lengthDelimited) || has(2, .lengthDelimited) || has(1, .varint),
      !has(2, .varint), !has(5, .lengthDelimited), !has(4, .fixed32)
    {
      return .onnx
    }
    let isTensorData =
      has(4, .lengthDelimited) || has(5, .lengthDelimited) || has(7, .lengthDelimited)
      || has(9, .lengthDelimited) || has(10, .lengthDelimited) || has(6, .lengthDelimited) || has(13, .lengthDelimited)
    if has(2, .varint), !has(3, .varint), isTensorData || has(8, .lengthDelimited) { return .onnxTensor }
    if has(5, .lengthDelimited) || has(5, .fixed32) || has(8, .lengthDelimited),
      has(7, .lengthDelimited) || has(1, .varint)
    {
      return .binaryproto
    }
    if has(1, .varint), has(2, .lengthDelimited) || has(3, .lengthDelimited),
      Set(types.keys).isSubset(of: [1, 2, 3, 4])
    {
      return .caffeSolverState
    }
    if has(2, .lengthDelimited), Set(types.keys).isSubset(of: [1, 2, 3, 4, 5, 6, 7, 8]), !has(1, .varint) {
      return .caffeBinary
    }
    if has(1, .varint), types.keys.contains(where: { $0 == 8 || $0 == 2 || $0 == 7 }) { return .onnx }
    return nil
  }
}

/// A first look at protobuf text: is it text at all, and which fields stand at the top.
struct ProtoTextSketch {
  private(set) var fields: Set<String> = []

  private static let solverFields: Set<String> = [
    "net", "net_param", "train_net", "train_net_param", "test_net", "base_lr", "lr_policy", "max_iter", "test_iter",
    "snapshot", "snapshot_prefix", "solver_mode", "solver_type",
  ]

  var isSolver: Bool {
    !fields.isDisjoint(with: Self.solverFields) && fields.isDisjoint(with: ["layer", "layers", "input"])
  }

  /// nil where the bytes are not text of the form `name: value` or `name { … }`.
  init?(_ b: ByteSlice) {
    let head = b.slice(0, min(b.count, 1 << 16)) ?? b
    let bytes = head.bytes
    // Text has no control characters; bytes above 127 may be UTF-8 in strings and comments.
    guard !bytes.contains(where: { $0 < 9 || ($0 > 13 && $0 < 32) || $0 == 127 }) else { return nil }
    var i = 0
    var depth = 0
    var word: [UInt8] = []
    var isSpaced = false
    var sawField = false
    func isWord(_ c: UInt8) -> Bool {
      (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39) || c == 0x5f
    }
    while i < bytes.count {
      let c = bytes[i]
      switch c {
      case UInt8(ascii: "#"):
        while i < bytes.count, bytes[i] != 0x0a { i += 1 }
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        i += 1
        while i < bytes.count, bytes[i] != c, bytes[i] != 0x0a { i += bytes[i] == 0x5c ? 2 : 1 }
        word = []
      case UInt8(ascii: "{"), UInt8(ascii: "<"):
        if depth == 0, !word.isEmpty { fields.insert(String(decoding: word, as: UTF8.self)) }
        sawField = sawField || !word.isEmpty
        depth += 1
        word = []
      case UInt8(ascii: "}"), UInt8(ascii: ">"):
        depth = max(0, depth - 1)
        word = []
      case UInt8(ascii: ":"):
        if depth == 0, !word.isEmpty { fields.insert(String(decoding: word, as: UTF8.self)) }
        sawField = sawField || !word.isEmpty
        // Whatever follows up to white space or a brace is the value, not a name.
        word = []
      case 9...13, 32: isSpaced = true
      default:
        // `name {`: white space may stand between a name and its brace, but not within a name.
        if isSpaced { word = [] }
        isSpaced = false
        if isWord(c) { word.append(c) } else { word = [] }
      }
      i += 1
    }
    // A file of comments and blanks is text as well: the reader says what it lacks.
    let isBlank = !bytes.contains { !(9...13).contains($0) && $0 != 32 } || bytes.first == UInt8(ascii: "#")
    guard sawField || isBlank else { return nil }
  }
}
