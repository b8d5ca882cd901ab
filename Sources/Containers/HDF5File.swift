import ByteSource
import CHDF5
import CHDF5Shim
import Diagnostics
import TensorCore

/// An HDF5 file over mapped bytes: its objects by path, their attributes, and data sets as tensors.
///
/// Contiguous data is mapped; chunked, compressed and converted data is read on first use, within limits. External
/// links and storage are never followed. All calls of the library run one at a time, so sharing is safe.
package final class HDF5File: Sendable {
  /// What a path leads to.
  package enum Kind: Sendable, Hashable {
    case group
    case dataset
    /// Nothing that can be read, and why: a dangling or external link, a named type.
    case other(String)
  }

  /// One entry of the listing.
  package struct Object: Sendable, Hashable {
    /// Names joined by `/`, without a leading one; the root group is the empty path.
    package let path: String
    package let kind: Kind
  }

  package let bytes: ByteSlice
  /// Everything in the file, depth first, members in order of creation where the file keeps it, else by name.
  package let objects: [Object]
  private let kinds: [String: Kind]
  private let id: hid_t
  /// What the library reads: the bytes themselves, or a copy that it understands.
  private let image: ByteSlice

  /// True where the signature stands at the start, or behind a user block of 512 bytes doubled any number of times.
  package static func matches(_ b: ByteSlice) -> Bool { superblock(b) != nil }

  /// Offset of the superblock.
  static func superblock(_ b: ByteSlice) -> Int? {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
    var at = 0
    while at <= b.count - signature.count {
      if let s = b.slice(at, signature.count), s.starts(with: signature) { return at }
      at = at == 0 ? 512 : at * 2
    }
    return nil
  }

  /// Opens the file and lists it.
  ///
  /// - Throws: `hdf5.*` where it is damaged, too deep or too large to list.
  package init(_ bytes: ByteSlice) throws(Diagnostic) {
    let place = bytes.location()
    guard Self.matches(bytes) else {
      throw .error("hdf5.signature", "is not an HDF5 file", at: SourceLocation(file: place.file))
    }
    let image = try HDF5TypeVersions.lowered(bytes) ?? bytes
    let buffer = image.unsafeBuffer
    let opened: (hid_t, [Object]) = try HDF5Library.withLock(place.file) { () throws(Diagnostic) in
      // SAFETY: `self.image` outlives the file; the library only reads.
      let id = mc_h5_open_image(buffer.baseAddress, buffer.count)
      guard id >= 0 else {
        throw .error(
          "hdf5.damaged", "cannot be read as an HDF5 file\(HDF5Library.reason)", at: SourceLocation(file: place.file),
          help: "the file may have been cut off while it was copied or downloaded")
      }
      do throws(Diagnostic) {
        var listing = HDF5Listing(file: id, path: place.file)
        try listing.run()
        return (id, listing.objects)
      } catch {
        H5Fclose(id)
        throw error
      }
    }
    self.bytes = bytes
    self.image = image
    id = opened.0
    objects = opened.1
    kinds = Dictionary(opened.1.map { ($0.path, $0.kind) }, uniquingKeysWith: { a, _ in a })
  }

  deinit {
    let id = id
    // Closing cannot fail in a way that matters, and a deinitialiser has nobody to tell.
    try? HDF5Library.withLock(nil) { _ = H5Fclose(id) }
  }

  /// What stands at `path`; nil where there is nothing.
  package func kind(_ path: String) -> Kind? { path.isEmpty ? .group : kinds[path] }

  /// Names of the members of a group, in the listing's order.
  package func members(of group: String) -> [String] {
    let prefix = group.isEmpty ? "" : group + "/"
    return objects.compactMap {
      guard $0.path.hasPrefix(prefix), !$0.path.isEmpty else { return nil }
      let rest = $0.path.dropFirst(prefix.count)
      return rest.isEmpty || rest.contains("/") ? nil : String(rest)
    }
  }

  package func location(_ path: String) -> SourceLocation {
    SourceLocation(file: bytes.storage.path, member: "/" + path)
  }

  /// Opens an object that the listing names and runs `body` on it while the lock is held.
  func withObject<R: Sendable>(
    _ path: String, _ body: (hid_t) throws(Diagnostic) -> R
  ) throws(Diagnostic) -> R {
    let place = location(path)
    switch kind(path) {
    case .group, .dataset: break
    case .other(let what): throw .error("hdf5.object", "is \(what)", at: place)
    case nil: throw .error("hdf5.missing", "there is no such object", at: place)
    }
    let id = id
    return try HDF5Library.withLock(bytes.storage.path) { () throws(Diagnostic) in
      guard let object = HDF5Handle(H5Oopen(id, "/" + path, 0), H5Oclose) else {
        let reason = HDF5Library.reason
        guard !reason.contains("bad version number") else {
          throw .error(
            "hdf5.version", "it is written in a newer way than the HDF5 library here knows\(reason)", at: place,
            help: "copy it with h5repack --high=v110, or save it with h5py's libver=('earliest', 'v110')")
        }
        throw .error("hdf5.damaged", "cannot be opened\(reason)", at: place)
      }
      do throws(Diagnostic) { return try body(object.id) } catch {
        var d = error
        if d.location.member == nil { d.location = place }
        throw d
      }
    }
  }
}
