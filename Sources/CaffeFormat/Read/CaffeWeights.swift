import ByteSource
import Containers
import Diagnostics
import TensorCore

/// One array of a weights file.
package struct CaffeBlob: Sendable {
  /// As the file has it; four entries for the legacy num, channels, height, width.
  package var shape: [Int]
  /// True for the legacy form, whose axes are matched from the end.
  package var isLegacy: Bool
  /// The values: float32, float64 or float16, as the file has them; nil where the file is damaged here.
  package var tensor: Tensor?
  /// Why there is no tensor.
  package var problem: Diagnostic?
  package var location: SourceLocation

  package init(
    shape: [Int], isLegacy: Bool = false, tensor: Tensor?, problem: Diagnostic? = nil, at location: SourceLocation
  ) {
    self.shape = shape
    self.isLegacy = isLegacy
    self.tensor = tensor
    self.problem = problem
    self.location = location
  }

  /// Blob::ShapeEquals: a legacy shape is compared from the last axis on, missing leading axes count as 1.
  package func fits(_ wanted: [Int]) -> Bool {
    guard isLegacy else { return shape == wanted }
    guard wanted.count <= 4 else { return false }
    return Array(repeating: 1, count: 4 - wanted.count) + wanted == shape
  }
}

/// The arrays of a weights file by layer, in the file's order.
package struct CaffeWeights: Sendable {
  package struct Layer: Sendable {
    package var name: String
    /// The type the file gives; "" where it gives none (HDF5).
    package var type: String
    /// By index; nil for an index that an HDF5 file leaves out (a shared parameter).
    package var blobs: [CaffeBlob?]
    package var location: SourceLocation

    package init(name: String, type: String = "", blobs: [CaffeBlob?], at location: SourceLocation) {
      self.name = name
      self.type = type
      self.blobs = blobs
      self.location = location
    }
  }
  package enum Container: String, Sendable, Hashable { case protobuf, hdf5 }

  package var layers: [Layer]
  package var container: Container
  /// As the user named it.
  package var file: String?
  /// What the data layers of the net that was saved did to pictures.
  package var transforms: [DataTransform] = []
  /// Values of named parameters whose layer was taken out of the net; they go before those of other layers.
  package var carried: [String: CaffeBlob] = [:]

  /// The files whose layers these are, in the order in which they were copied; one, unless files were laid over another.
  package private(set) var parts: [Part] = []
  package struct Part: Sendable {
    /// As the user named it.
    package var file: String?
    /// Names of its layers that have blobs.
    package var layers: [String]
  }

  package init(layers: [Layer], container: Container, file: String?) {
    self.layers = layers
    self.container = container
    self.file = file
    parts = [Part(file: file, layers: layers.filter { $0.blobs.contains { $0 != nil } }.map(\.name))]
  }

  /// These layers where a later file does not have them, then the later file's: what Caffe has after copying from both,
  /// one after the other. Blobs that an HDF5 file leaves out stay.
  package func overwritten(by later: CaffeWeights) -> CaffeWeights {
    let replaced = Set(later.layers.map(\.name))
    var mine: [String: Layer] = [:]
    for layer in layers { mine[layer.name] = layer }
    var out = self
    out.layers.removeAll { replaced.contains($0.name) }
    for layer in later.layers {
      var layer = layer
      for (i, blob) in (mine[layer.name]?.blobs ?? []).enumerated() where later.container == .hdf5 {
        if i >= layer.blobs.count { layer.blobs.append(blob) } else if layer.blobs[i] == nil { layer.blobs[i] = blob }
      }
      out.layers.append(layer)
    }
    // A binary file says more: how many blobs each layer has.
    out.container = container == later.container ? container : .protobuf
    out.parts += later.parts
    if !later.transforms.isEmpty { out.transforms = later.transforms }
    return out
  }

  /// Number of values in all blobs.
  package var parameterCount: Int {
    layers.reduce(0) { $0 + $1.blobs.reduce(0) { $0 + ($1?.tensor?.count ?? 0) } }
  }
}

/// Reads `BlobProto` messages.
package enum CaffeBlobReader {
  /// The blob of a message of type `caffe.BlobProto`; problems are kept in it.
  package static func blob(_ message: ProtoMessage) -> CaffeBlob {
    do throws(Diagnostic) { return try read(message) } catch {
      return CaffeBlob(shape: [], tensor: nil, problem: error, at: message.location())
    }
  }

  private static func read(_ message: ProtoMessage) throws(Diagnostic) -> CaffeBlob {
    let legacyFields = ["num", "channels", "height", "width"]
    let isLegacy = legacyFields.contains { message.has($0) }
    var shape: [Int] = []
    if isLegacy {
      for f in legacyFields { shape.append(try message.int(f)) }
    } else if let s = try message.message("shape") {
      shape = try s.ints("dim")
    }
    let at = message.location()
    guard shape.count <= 32, let count = checkedProduct(shape) else {
      return CaffeBlob(
        shape: shape, isLegacy: isLegacy, tensor: nil,
        problem: .error("caffe.blob.shape", "a blob has the impossible shape \(shape)", at: at), at: at)
    }
    let (payload, type) = try values(message)
    let have = type == .float16 ? payload.count / 2 : payload.count
    guard have == count else {
      let problem = Diagnostic.error(
        "caffe.blob.count", "a blob of shape \(shape) needs \(count) values, but the file has \(have)", at: at,
        help: "the file is damaged or was written by a broken program")
      return CaffeBlob(shape: shape, isLegacy: isLegacy, tensor: nil, problem: problem, at: at)
    }
    guard let bytes = type.byteCount(count) else {
      throw .error("caffe.blob.shape", "a blob has the impossible shape \(shape)", at: at)
    }
    let storage =
      payload.isInPlace
      ? TensorStorage(try payload.contiguous())
      : TensorStorage(byteCount: bytes) { () throws(Diagnostic) -> ByteSlice in try payload.contiguous() }
    return CaffeBlob(
      shape: shape, isLegacy: isLegacy, tensor: try Tensor(storage: storage, dtype: type, shape: shape), at: at)
  }

  /// The values and their type: double_data first, as Blob::FromProto takes it; NVCaffe's raw data where the others are
  /// absent.
  private static func values(_ message: ProtoMessage) throws(Diagnostic) -> (ProtoBulk, DType) {
    if message.count("double_data") > 0 { return (try message.bulk("double_data"), .float64) }
    if message.count("data") > 0 { return (try message.bulk("data"), .float32) }
    if let raw = rawData(message) {
      switch raw.type {
      case 0: return (ProtoBulk(kind: .double, packed: raw.bytes), .float64)
      case 1: return (ProtoBulk(kind: .float, packed: raw.bytes), .float32)
      case 2: return (ProtoBulk(kind: .bytes, packed: raw.bytes), .float16)
      default:
        throw .error(
          "caffe.blob.raw-type", "a blob holds raw data of the integer type \(raw.type), which has no scale",
          at: message.location(), help: "save the model with floating-point weights")
      }
    }
    return (ProtoBulk(kind: .float), .float32)
  }

  /// NVCaffe: raw_data_type = 10 (DOUBLE 0, FLOAT 1, FLOAT16 2, INT 3, UINT 4), raw_data = 12.
  private static func rawData(_ message: ProtoMessage) -> (type: Int, bytes: ByteSlice)? {
    var type = 1
    var bytes: ByteSlice?
    for case .wire(let field, _) in message.unknown {
      if field.number == 10, field.type == .varint { type = Int(clamping: field.value) }
      if field.number == 12, field.type == .lengthDelimited { bytes = field.payload }
    }
    return bytes.map { (type, $0) }
  }
}
