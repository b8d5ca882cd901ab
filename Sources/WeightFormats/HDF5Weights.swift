import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Reads and writes any HDF5 file as a bag of weights: every data set under its path.
package enum HDF5Weights {
  /// Data sets that are no tensors, and links that lead nowhere or out of the file, are listed as opaque.
  ///
  /// - Throws: `hdf5.*` where the file is damaged or its data is cut off.
  package static func read(_ b: ByteSlice) throws(Diagnostic) -> WeightBag { try read(try HDF5File(b)) }

  package static func read(_ file: HDF5File) throws(Diagnostic) -> WeightBag {
    var bag = WeightBag(format: "hdf5")
    for o in file.objects {
      switch o.kind {
      case .group: break
      case .other(let what): bag.opaque.append(.init(path: o.path, kind: what))
      case .dataset:
        do throws(Diagnostic) {
          try bag.add(o.path, try file.dataset(o.path))
        } catch  where Self.isUnsupported(error) {
          bag.opaque.append(.init(path: o.path, kind: error.message))
        }
      }
    }
    return bag
  }

  /// What a data set may be without the file being damaged.
  private static func isUnsupported(_ d: Diagnostic) -> Bool {
    ["hdf5.type", "hdf5.external", "hdf5.filter", "hdf5.empty", "hdf5.version"].contains(d.code)
  }

  /// Writes tensors at their paths; narrow floats without an HDF5 type become float32.
  package static func write(
    _ tensors: [(key: String, tensor: Tensor)], path: String
  ) throws(Diagnostic) {
    let out = try HDF5Writer(path)
    for t in tensors { try out.dataset(t.key, try encodable(t.tensor)) }
    try out.commit()
  }

  private static func encodable(_ t: Tensor) throws(Diagnostic) -> Tensor {
    t.dtype == .bfloat16 ? t : try NpyWriter.encodable(t)
  }
}
