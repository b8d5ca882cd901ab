import ModelGraph

/// Importers of all families, by `domain|name`.
enum OnnxOperators {
  static let importers: [String: OnnxImporter] = {
    let families: [[String: OnnxImporter]] = [
      BinaryFamily.importers, CastFamily.importers, ConvolutionFamily.importers, IndexingFamily.importers,
      JoinAndCutFamily.importers, LinearFamily.importers, NormalizationFamily.importers, PoolingFamily.importers,
      ReductionFamily.importers, ReshapingFamily.importers, UnaryFamily.importers,
    ]
    var all: [String: OnnxImporter] = [:]
    for f in families {
      for (name, importer) in f { all[name.contains("|") ? name : "ai.onnx|\(name)"] = importer }
    }
    return all
  }()
}
