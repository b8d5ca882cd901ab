import ModelGraph

/// Importers of all families, by `domain|name`.
enum OnnxOperators {
  static let importers: [String: OnnxImporter] = {
    let families: [[String: OnnxImporter]] = [
      AlgebraFamily.importers, AttentionFamily.importers, BinaryFamily.importers, CastFamily.importers,
      ControlFamily.importers, ConvolutionFamily.importers, IndexingFamily.importers,
      ImageFamily.importers, JoinAndCutFamily.importers, LayerNormFamily.importers, LinearFamily.importers,
      MlFamily.importers, MlModelFamily.importers, MlFeatureFamily.importers, MlForestFamily.importers,
      MovementFamily.importers, QuantizedFamily.importers, RandomFamily.importers,
      RecurrentFamily.importers,
      ResizeFamily.importers, SelectionFamily.importers, SequenceFamily.importers, StringFamily.importers,
      TrainingFamily.importers,
      NormalizationFamily.importers, PoolingFamily.importers,
      ReductionFamily.importers, ReshapingFamily.importers, UnaryFamily.importers,
    ]
    var all: [String: OnnxImporter] = [:]
    for f in families {
      for (name, importer) in f { all[name.contains("|") ? name : "ai.onnx|\(name)"] = importer }
    }
    return all
  }()
}
