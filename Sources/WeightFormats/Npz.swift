import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Reads and writes `.npz` files: zip archives with one `.npy` member an array.
package enum Npz {
  /// The arrays under their keys, in the archive's order. Members that are no arrays are listed as opaque.
  ///
  /// - Throws: `zip.*`, `npy.*` with the member's name; `weights.duplicate` when `a` and `a.npy` meet.
  package static func read(_ b: ByteSlice) throws(Diagnostic) -> WeightBag { try read(try ZipArchive(b)) }

  /// The arrays of an archive that is open already.
  package static func read(_ zip: ZipArchive) throws(Diagnostic) -> WeightBag {
    var bag = WeightBag(format: "npz")
    for e in zip.entries where !e.isFolder {
      let key = e.name.hasSuffix(".npy") ? String(e.name.dropLast(4)) : e.name
      // As NumPy does: the bytes decide, not the name.
      let isArray = NpyReader.matches(try zip.prefix(of: e, NpyHeader.magic.count))
      if isArray || e.name.hasSuffix(".npy") {
        do throws(Diagnostic) {
          try bag.add(key, try NpyReader.read(zip, e))
        } catch  where error.code == "npy.object" {
          bag = try objects(try zip.contents(of: e), key, bag)
        }
      } else {
        bag.opaque.append(.init(path: key, kind: "\(e.size) bytes that are no array"))
      }
    }
    return bag
  }

  /// An array of Python objects is a pickle behind its header.
  private static func objects(_ b: ByteSlice, _ key: String, _ bag: WeightBag) throws(Diagnostic) -> WeightBag {
    let start = try NpyHeader(b).dataOffset
    return try PickleWeights.read(try b.checkedSlice(start, b.count - start), from: 0, prefix: key, into: bag)
  }

  /// True where an archive is one of arrays: every member is named `.npy`.
  package static func matches(_ zip: ZipArchive) -> Bool { zip.entries.allSatisfy { $0.name.hasSuffix(".npy") } }

  /// Writes `arrays` uncompressed, in order; equal arrays give equal bytes.
  ///
  /// - Throws: `zip.name` for a key used twice; writing errors of `FileWriter`.
  package static func write(_ arrays: [(key: String, tensor: Tensor)], path: String) throws(Diagnostic) {
    let out = try FileWriter(path)
    try write(arrays, to: out)
    try out.commit()
  }

  /// Appends the archive to `out`.
  package static func write(_ arrays: [(key: String, tensor: Tensor)], to out: FileWriter) throws(Diagnostic) {
    var zip = ZipWriter(out)
    for a in arrays { try zip.add(a.key + ".npy", parts: try NpyWriter.parts(a.tensor)) }
    try zip.finish()
  }
}
