import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// A checked range of a `ByteStorage`. Copying it copies no bytes; slicing is O(1) and checked.
package struct ByteSlice: Sendable {
  package let storage: ByteStorage
  /// Start in the storage; for a mapped file this is the file offset.
  package let offset: Int
  package let count: Int

  // Every path to this initialiser has shown 0 <= offset, 0 <= count, offset + count <= storage.count.
  init(storage: ByteStorage, offset: Int, count: Int) {
    self.storage = storage
    self.offset = offset
    self.count = count
  }

  /// No bytes at all.
  package static var empty: ByteSlice { ByteStorage.empty.all }

  package var isEmpty: Bool { count == 0 }

  /// Where byte `at` of this slice stands, for messages.
  package func location(_ at: Int = 0) -> SourceLocation {
    SourceLocation(file: storage.path, byteOffset: offset &+ at)
  }

  /// `length` bytes from `start`, or nil where they are not all there.
  package func slice(_ start: Int, _ length: Int) -> ByteSlice? {
    guard start >= 0, length >= 0, start <= count, length <= count - start else { return nil }
    return ByteSlice(storage: storage, offset: offset + start, count: length)
  }

  /// `length` bytes from `start`.
  ///
  /// - Throws: `bytes.out-of-range`, naming the file and offset.
  package func checkedSlice(_ start: Int, _ length: Int) throws(Diagnostic) -> ByteSlice {
    guard let s = slice(start, length) else {
      throw .error(
        "bytes.out-of-range", "\(length) bytes are wanted at offset \(start) of a part that has \(count)",
        at: location())
    }
    return s
  }

  /// The byte at `i`, or nil past the end.
  package subscript(_ i: Int) -> UInt8? {
    guard i >= 0, i < count else { return nil }
    // SAFETY: i < count, and the slice lies inside the storage.
    return storage.base.load(fromByteOffset: offset + i, as: UInt8.self)
  }

  /// The bytes for the duration of `body`. The buffer's subscripts are unchecked in release builds.
  @inlinable
  package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    let buffer = unsafeBuffer
    defer { withExtendedLifetime(storage) {} }
    return try body(buffer)
  }

  /// The bytes as a buffer that is valid only while `storage` lives: the caller keeps `self` alive.
  package var unsafeBuffer: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: storage.base + offset, count: count)
  }

  /// A copy.
  package var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  /// The bytes as text; invalid UTF-8 is replaced.
  package var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

  package func starts(with prefix: [UInt8]) -> Bool {
    guard prefix.count <= count else { return false }
    return withUnsafeBytes { $0.starts(with: prefix) }
  }

  /// The same bytes (not the same place).
  package func contentEquals(_ other: ByteSlice) -> Bool {
    guard count == other.count else { return false }
    return count == 0 || memcmp(storage.base + offset, other.storage.base + other.offset, count) == 0
  }
}
