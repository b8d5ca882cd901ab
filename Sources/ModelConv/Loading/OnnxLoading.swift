import ByteSource
import Diagnostics
import ModelGraph
import OnnxFormat
import WeightFormats

/// ONNX files as the loader wants them.
enum OnnxLoading {
  static func load(_ bytes: ByteSlice, _ options: LoadOptions, _ sink: DiagnosticSink) throws -> OnnxModel {
    var shapes = try options.dims()
    if let batch = try options.batchDim() {
      // The ranks are known only once the file has been read.
      let plain = try OnnxReader.read(
        bytes.storage, path: bytes.storage.path, options: OnnxReadOptions(inputShapes: shapes), sink: DiagnosticSink())
      for id in plain.graph.inputs {
        guard let v = plain.graph[id], var dims = v.type.shape, !dims.isEmpty, shapes[v.name] == nil else { continue }
        dims[0] = batch
        shapes[v.name] = dims
      }
    }
    return try OnnxReader.read(
      bytes.storage, path: bytes.storage.path, options: OnnxReadOptions(inputShapes: shapes), sink: sink)
  }
}

extension OnnxLoading {
  /// A file with one tensor, as the bag's `value`.
  static func tensorBag(_ bytes: ByteSlice) throws -> WeightBag {
    var bag = WeightBag(format: "onnx-tensor")
    let (name, value) = try OnnxValueFile.read(bytes, as: .unknown)
    guard case .tensor(let t) = value else { return bag }
    try bag.add(WeightBag.valuePath, t)
    if !name.isEmpty { bag.metadata.append(("name", name)) }
    return bag
  }
}
