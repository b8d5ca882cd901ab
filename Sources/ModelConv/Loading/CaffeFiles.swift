import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import TensorCore
import WeightFormats

/// Caffe's files besides nets and weights: solvers, solver states, single blobs.
enum CaffeFiles {
  /// A mean image or any other single blob, as the tensor `value`.
  static func binaryproto(_ bytes: ByteSlice) throws -> WeightBag {
    let message = try ProtobufReader().read(bytes, as: CaffeSchema.blob)
    var bag = WeightBag(format: "binaryproto")
    try bag.add(WeightBag.valuePath, try tensor(CaffeBlobReader.blob(message)))
    return bag
  }

  private static func tensor(_ blob: CaffeBlob) throws(Diagnostic) -> Tensor {
    if let t = blob.tensor { return t }
    throw blob.problem ?? .error("caffe.blob.missing", "the blob has no values", at: blob.location)
  }

  /// The solver's history under `history.INDEX`; the iteration and the learnt net's name as metadata.
  static func solverState(_ bytes: ByteSlice) throws -> WeightBag {
    let message = try ProtobufReader().read(bytes, as: CaffeSchema.solverState)
    var bag = WeightBag(format: "caffe-solverstate")
    for (i, m) in try message.messages("history").enumerated() {
      try bag.add("history.\(i)", try tensor(CaffeBlobReader.blob(m)))
    }
    for field in ["iter", "current_step"] where message.has(field) {
      bag.metadata.append((field, String(try message.int(field))))
    }
    if message.has("learned_net") { bag.metadata.append(("learned_net", try message.string("learned_net"))) }
    return bag
  }

  /// An HDF5 file under its paths. Caffe's own are recognised: snapshots of weights (`/data/LAYER/INDEX`, and perhaps
  /// `/diff`), and of a solver (`/iter`, `/current_step`, `/learned_net`, `/history/INDEX`), whose facts are metadata too.
  static func hdf5(_ bytes: ByteSlice) throws -> WeightBag {
    var bag = try WeightFile.hdf5.read(bytes)
    func isBlob(_ path: String) -> Bool {
      let parts = path.split(separator: "/")
      return parts.count >= 3 && (parts[0] == "data" || parts[0] == "diff") && parts.last.flatMap { Int($0) } != nil
    }
    if bag["iter"] != nil, bag["learned_net"] != nil || bag.paths.contains(where: { $0.hasPrefix("history/") }) {
      bag.format = "caffe-solverstate"
      for field in ["iter", "current_step"] {
        if let t = bag[field], t.count == 1, let n = try? t.ints().first { bag.metadata.append((field, String(n))) }
      }
      if let t = bag["learned_net"], t.count == 1, let s = try? t.strings().first {
        bag.metadata.append(("learned_net", s.string))
      }
    } else if bag.count > 0, bag.paths.allSatisfy(isBlob) {
      bag.format = "caffe-hdf5"
    }
    return bag
  }

  static func solver(_ bytes: ByteSlice, sink: DiagnosticSink) throws -> ProtoMessage {
    ProtoTextReader(file: bytes.storage.path, sink: sink, policy: CaffeForkPolicy()).read(bytes, as: CaffeSchema.solver)
  }
}
