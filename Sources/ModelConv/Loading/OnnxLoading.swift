import ByteSource
import Diagnostics
import ModelGraph
import OnnxFormat
import Rewrites
import WeightFormats

/// ONNX files as the loader wants them.
enum OnnxLoading {
  static func load(_ bytes: ByteSlice, _ options: LoadOptions, _ sink: DiagnosticSink) throws -> OnnxModel {
    let read = OnnxReadOptions(
      inputShapes: try options.dims(), batch: try options.batchDim(),
      folded: { graph in
        let passes: [any RewritePass] = [FoldConstants(), InlineConstantBranches()]
        return try? PassManager(passes, context: .withRuntime()).run(graph, rounds: 3).graph
      })
    return try OnnxReader.read(bytes.storage, path: bytes.storage.path, options: read, sink: sink)
  }

  /// A file with one tensor, as the bag's `value`.
  static func tensorBag(_ bytes: ByteSlice) throws -> WeightBag {
    var bag = WeightBag(format: "onnx-tensor")
    let (name, value) = try OnnxDataFile.read(bytes)
    guard case .tensor(let t) = value else { return bag }
    try bag.add(WeightBag.valuePath, t)
    if !name.isEmpty { bag.metadata.append(("name", name)) }
    return bag
  }
}
