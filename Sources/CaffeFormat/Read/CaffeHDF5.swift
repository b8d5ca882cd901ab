import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Caffe's HDF5 weights: one data set `/data/LAYER/INDEX` for each blob that is not shared from another layer.
enum CaffeHDF5 {
  static func weights(_ bytes: ByteSlice) throws(Diagnostic) -> CaffeWeights {
    let file = try HDF5File(bytes)
    guard file.kind("data") == .group else {
      throw .error(
        "caffe.hdf5.no-data", "the file has no group /data, where Caffe keeps weights", at: file.location(""),
        help: "Caffe writes /data/LAYER/INDEX")
    }
    var order: [String] = []
    var blobs: [String: [Int: CaffeBlob]] = [:]
    for object in file.objects where object.kind == .dataset {
      // A layer's name may have slashes of its own.
      let parts = object.path.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count >= 3, parts[0] == "data", let last = parts.last, let index = Int(last), index >= 0,
        index < 1024
      else { continue }
      let layer = parts[1..<(parts.count - 1)].joined(separator: "/")
      if blobs[layer] == nil { order.append(layer) }
      blobs[layer, default: [:]][index] = blob(file, object.path)
    }
    let layers = order.map { name in
      let found = blobs[name] ?? [:]
      let count = (found.keys.max() ?? -1) + 1
      return CaffeWeights.Layer(
        name: name, blobs: (0..<count).map { found[$0] }, at: file.location("data/\(name)"))
    }
    return CaffeWeights(layers: layers, container: .hdf5, file: bytes.storage.path)
  }

  private static func blob(_ file: HDF5File, _ path: String) -> CaffeBlob {
    do throws(Diagnostic) {
      let t = try file.dataset(path)
      guard t.dtype.isFloat else {
        throw .error(
          "caffe.hdf5.type", "the data set has \(t.dtype.rawValue) elements; Caffe reads floats only",
          at: file.location(path))
      }
      return CaffeBlob(shape: t.shape, tensor: t, at: file.location(path))
    } catch {
      return CaffeBlob(shape: [], tensor: nil, problem: error, at: file.location(path))
    }
  }
}
