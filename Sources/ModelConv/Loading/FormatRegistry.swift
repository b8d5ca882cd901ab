import WeightFormats

/// The formats of this build: what can be recognised, read and written. One line a format.
public struct ModelFormat: Sendable, Hashable, Codable {
  /// The name that `--from` and `--to` take.
  public let name: String
  /// In words.
  public let title: String
  /// Usual file names.
  public let extensions: [String]
  /// This build reads it.
  public let reads: Bool
  /// This build writes it.
  public let writes: Bool
  /// `graph`, `weights` or `tensor`.
  public let holds: String
}

/// The table of formats.
public enum FormatRegistry {
  /// Every format of this build.
  public static let formats: [ModelFormat] = [
    ModelFormat(
      name: "caffe", title: "Caffe net (prototxt V0, V1, V2) and weights (caffemodel)",
      extensions: ["prototxt", "caffemodel"], reads: true, writes: true, holds: "graph"),
    ModelFormat(name: "onnx", title: "ONNX model", extensions: ["onnx"], reads: true, writes: true, holds: "graph"),
    ModelFormat(
      name: "caffe-hdf5", title: "Caffe weights as HDF5", extensions: ["caffemodel.h5"], reads: true, writes: true,
      holds: "weights"),
    ModelFormat(
      name: "caffe-solver", title: "Caffe solver as text", extensions: ["prototxt"], reads: true, writes: false,
      holds: "settings"),
    ModelFormat(
      name: "caffe-solverstate", title: "Caffe solver state", extensions: ["solverstate", "solverstate.h5"],
      reads: true, writes: false,
      holds: "weights"),
    ModelFormat(
      name: "binaryproto", title: "Caffe blob (mean image)", extensions: ["binaryproto"], reads: true, writes: true,
      holds: "tensor"),
    ModelFormat(name: "npy", title: "NumPy array", extensions: ["npy"], reads: true, writes: true, holds: "tensor"),
    ModelFormat(name: "npz", title: "NumPy archive", extensions: ["npz"], reads: true, writes: true, holds: "weights"),
    ModelFormat(
      name: "onnx-tensor", title: "ONNX tensor", extensions: ["pb"], reads: true, writes: true, holds: "tensor"),
    ModelFormat(
      name: "hdf5", title: "HDF5 file", extensions: ["h5", "hdf5"], reads: true, writes: true, holds: "weights"),
    ModelFormat(
      name: "safetensors", title: "safetensors archive", extensions: ["safetensors"], reads: true, writes: true,
      holds: "weights"),
    ModelFormat(
      name: "torch", title: "PyTorch checkpoint", extensions: ["pt", "pth"], reads: true, writes: false,
      holds: "weights"),
    ModelFormat(
      name: "mindspore", title: "MindSpore checkpoint", extensions: ["ckpt"], reads: true, writes: false,
      holds: "weights"),
    ModelFormat(
      name: "pickle", title: "pickled arrays (never run)", extensions: ["pickle", "pkl"], reads: true, writes: false,
      holds: "weights"),
  ]

  /// The format of that name.
  public static func named(_ name: String) -> ModelFormat? { formats.first { $0.name == name } }

  /// File kinds that `--from NAME` stands for.
  static func kinds(_ name: String, text: Bool) -> FileKind? {
    switch name {
    case "caffe": text ? .caffeText : .caffeBinary
    case "onnx": .onnx
    case "caffe-hdf5": .weights(.hdf5)
    case "caffe-solver": .caffeSolver
    case "caffe-solverstate": .caffeSolverState
    case "binaryproto": .binaryproto
    case "onnx-tensor": .onnxTensor
    default: WeightFile(rawValue: name).map { .weights($0) }
    }
  }
}
