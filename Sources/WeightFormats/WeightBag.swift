import Diagnostics
import TensorCore

/// The tensors of a weights-only file under their paths, in the file's order, and what else the file holds.
///
/// A path joins dictionary keys, list indices and attributes with `.`, HDF5 groups with `/`; a bare array is `value`.
package struct WeightBag: Sendable {
  /// One tensor.
  package struct Entry: Sendable {
    package let path: String
    package let tensor: Tensor
  }

  /// Something in the file that is no tensor and is not understood: kept for the listing, never executed or followed.
  package struct Opaque: Sendable, Hashable {
    package let path: String
    /// What it is: a class name, `external link to other.h5`, `compound`.
    package let kind: String
  }

  /// The format's name as `list formats` prints it.
  package var format: String
  /// The tensors in file order; paths are unique.
  package private(set) var entries: [Entry] = []
  /// Facts that are no tensors: numbers, strings and header fields by path, as text, in file order.
  package var metadata: [(key: String, value: String)] = []
  package var opaque: [Opaque] = []
  private var byPath: [String: Int] = [:]

  package init(format: String) { self.format = format }

  /// The path of a bare array.
  package static let valuePath = "value"

  package var count: Int { entries.count }
  package var paths: [String] { entries.map(\.path) }

  /// The tensor at `path`.
  package subscript(path: String) -> Tensor? { byPath[path].map { entries[$0].tensor } }

  /// Adds a tensor.
  ///
  /// - Throws: `weights.duplicate` when the path is taken.
  package mutating func add(_ path: String, _ tensor: Tensor) throws(Diagnostic) {
    guard byPath[path] == nil else {
      throw .error("weights.duplicate", "two tensors have the path '\(path)'", at: SourceLocation(path: [path]))
    }
    byPath[path] = entries.count
    entries.append(Entry(path: path, tensor: tensor))
  }

  /// Bytes of all tensors together (a tensor shared by two paths counts twice).
  package var byteCount: Int { entries.reduce(0) { $0 &+ $1.tensor.byteCount } }
}
