import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Reads an `.npy` file as a bag of weights: an array under `value`, or what a pickled object array holds.
package enum NumpyWeights {
  /// - Throws: `npy.*`, and `pickle.*` for object arrays.
  package static func read(_ b: ByteSlice) throws(Diagnostic) -> WeightBag {
    var bag = WeightBag(format: "npy")
    let header = try NpyHeader(b)
    if header.element == .object {
      return try PickleWeights.read(
        try b.checkedSlice(header.dataOffset, b.count - header.dataOffset), from: 0, prefix: "", into: bag)
    }
    try bag.add(WeightBag.valuePath, try NpyReader.read(b))
    return bag
  }
}
