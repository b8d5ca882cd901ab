/// Which modules each target of `Sources` may import: the table that the picture of layers stands for.
/// Arrows point down only. System modules (`Foundation`, `Glibc`) are listed apart.
enum AllowedEdges {
  /// Swift targets, from the bottom layer up; a target may import only targets of earlier rows.
  static let layers: [(layer: Int, target: String, folder: String, imports: Set<String>)] = [
    (0, "Diagnostics", "Sources/Diagnostics", []),
    (0, "ByteSource", "Sources/ByteSource", ["Diagnostics", "CSupport"]),
    (1, "TensorCore", "Sources/TensorCore", ["Diagnostics", "ByteSource"]),
    (
      2, "Containers", "Sources/Containers",
      [
        "Diagnostics", "ByteSource", "TensorCore", "CHDF5", "CHDF5Shim", "CZip", "CZlib", "CProtobufText", "CProtobufC",
        "CSupport",
      ]
    ),
    (
      2, "Pictures", "Sources/Pictures", ["Diagnostics", "ByteSource", "TensorCore", "CPNG", "CJPEG", "CPictureCodecs"]
    ),
    (2, "ModelGraph", "Sources/ModelGraph", ["Diagnostics", "TensorCore"]),
    (3, "Rewrites", "Sources/Rewrites", ["Diagnostics", "TensorCore", "ModelGraph"]),
    (
      3, "CPURuntime", "Sources/CPURuntime",
      ["Diagnostics", "TensorCore", "ModelGraph", "Pictures", "CKernels", "COpenBLAS"]
    ),
    (
      4, "CaffeFormat", "Sources/CaffeFormat",
      ["Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites", "CCaffeProto", "CProtobufC"]
    ),
    (
      4, "OnnxFormat", "Sources/OnnxFormat",
      ["Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites", "COnnxProto", "CProtobufC"]
    ),
    (
      4, "WeightFormats", "Sources/WeightFormats",
      ["Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites"]
    ),
    (
      5, "ModelConv", "Sources/ModelConv",
      [
        "Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites", "CPURuntime",
        "CaffeFormat", "OnnxFormat", "WeightFormats", "Pictures",
      ]
    ),
    (6, "modelconv", "Sources/modelconv-cli", ["ModelConv", "CSupport", "ArgumentParser"]),
  ]

  /// The standard library's and the platform's own modules: allowed everywhere.
  static let platform: Set<String> = [
    "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Dispatch", "Synchronization", "Swift",
  ]

  /// Folders of `Sources` without Swift code: C targets and system library modules.
  static let foldersWithoutSwift: Set<String> = [
    "System", "CSupport", "CHDF5Shim", "CCaffeProto", "COnnxProto", "CProtobufText", "CKernels", "CPictureCodecs",
    "kernel-bench",
  ]
}
