import ByteSource
import Containers
import Diagnostics
import TensorCore

/// The weights-only formats that are recognised by content.
package enum WeightFile: String, Sendable, CaseIterable {
  case npy, npz, hdf5, safetensors, torch, pickle, mindspore

  /// The format of the bytes; nil where they are none of these. An archive is a checkpoint or one of arrays.
  package static func recognise(_ b: ByteSlice) -> WeightFile? {
    if NpyReader.matches(b) { return .npy }
    if HDF5File.matches(b) { return .hdf5 }
    if ZipArchive.matches(b) {
      guard let zip = try? ZipArchive(b) else { return nil }
      if TorchCheckpoint.matches(zip) { return .torch }
      return Npz.matches(zip) ? .npz : nil
    }
    if TorchCheckpoint.matchesLegacy(b) { return .torch }
    if Safetensors.matches(b) { return .safetensors }
    if MindSporeCheckpoint.matches(b) { return .mindspore }
    if PickleWeights.matches(b) || Gzip.matches(b) { return .pickle }
    return nil
  }

  /// Reads the bytes as this format.
  package func read(_ b: ByteSlice) throws(Diagnostic) -> WeightBag {
    switch self {
    case .npy: try NumpyWeights.read(b)
    case .npz: try Npz.read(b)
    case .hdf5: try HDF5Weights.read(b)
    case .safetensors: try Safetensors.read(b)
    case .torch: try TorchCheckpoint.read(b)
    case .pickle: try PickleWeights.read(b)
    case .mindspore: try MindSporeCheckpoint.read(b)
    }
  }
}
