import Diagnostics
import TensorCore
import WeightFormats

extension FormatRegistry {
  /// The format to write: by name, else by a file's ending.
  ///
  /// - Throws: `usage.format` where there is none, or it is only read.
  public static func target(_ name: String?, fileName: String) throws(ModelConvError) -> ModelFormat {
    let writable = formats.filter(\.writes).map(\.name)
    if let name {
      guard let format = named(name) else {
        throw .usage(
          "usage.format", "there is no format '\(name)'",
          help: Suggestion.closest(to: name, among: formats.map(\.name)).map { "did you mean '\($0)'?" }
            ?? "modelconv list formats names them")
      }
      guard format.writes else {
        throw .usage(
          "usage.format", "'\(name)' is read, but not written by this build",
          help: "it writes \(writable.joined(separator: ", "))")
      }
      return format
    }
    let lower = fileName.lowercased()
    // The longest ending decides: .caffemodel.h5 is not any .h5.
    let found = formats.filter(\.writes).max { a, b in
      endingLength(a, lower) < endingLength(b, lower)
    }.flatMap { endingLength($0, lower) > 0 ? $0 : nil }
    guard let found else {
      throw .usage(
        "usage.format", "the name '\(fileName)' does not tell a format that this build writes",
        help: "use --to with one of \(writable.joined(separator: ", "))")
    }
    return found
  }
}

extension FormatRegistry {
  private static func endingLength(_ f: ModelFormat, _ name: String) -> Int {
    f.extensions.filter { name.hasSuffix("." + $0) }.map(\.count).max() ?? 0
  }
}

extension Model {
  /// Writes all tensors of the weights to an archive.
  ///
  /// - Returns: what was written.
  /// - Throws: `weights.none` where there is nothing to write, `weights.damaged` where a tensor cannot be read.
  public func writeWeights(as format: ModelFormat, to path: String) throws(ModelConvError) -> [ValueSummary] {
    try rethrowing {
      try requireUnchanged("an archive of weights")
      var arrays: [(key: String, tensor: Tensor)] = []
      for t in tensors {
        guard let tensor = t.tensor else {
          throw Diagnostic.error(
            "weights.damaged", "tensor '\(t.name)': \(t.problem ?? "cannot be read")",
            at: SourceLocation(file: files.first))
        }
        arrays.append((t.name, tensor))
      }
      guard !arrays.isEmpty else {
        throw Diagnostic.error(
          "weights.none", "\(files.joined(separator: ", ")) holds no weights", at: SourceLocation(file: files.first))
      }
      switch format.name {
      case "npz": try Npz.write(arrays, path: path)
      case "safetensors": try Safetensors.write(arrays, path: path)
      case "hdf5": try HDF5Weights.write(arrays.map { (key: $0.key, tensor: $0.tensor) }, path: path)
      default:
        throw Diagnostic.error(
          "usage.format", "weights of several tensors are not written as \(format.name)",
          help: "use npz, safetensors or hdf5, or modelconv tensor for one of them", status: .usage)
      }
      return arrays.map { ValueSummary(name: $0.key, .tensor($0.tensor.dtype, sizes: $0.tensor.shape)) }
    }
  }
}
