import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A block of immutable bytes with one owner: a mapped file or allocated memory.
///
/// Nothing outside this module sees the pointer except inside `withUnsafeBytes`, whose buffer is valid for the call.
package final class ByteStorage: @unchecked Sendable {
  // SAFETY: `base` addresses `count` bytes that nobody writes after `init` returned; hence sharing is safe.
  let base: UnsafeRawPointer
  package let count: Int
  /// The file the bytes came from, as the user named it; nil for memory.
  package let path: String?
  private let release: Release

  /// Memory that is allocated at the moment, in bytes: mapped files do not count, and each block counts 256 bytes more
  /// for the objects around it, so that many small ones are seen.
  package static var allocatedBytes: Int { allocated.load(ordering: .relaxed) }
  private static let allocated = Atomic<Int>(0)
  private static let overhead = 256

  private enum Release { case unmap, free, none }

  private init(base: UnsafeRawPointer, count: Int, path: String?, release: Release) {
    self.base = base
    self.count = count
    self.path = path
    self.release = release
  }

  deinit {
    switch release {
    case .unmap: munmap(UnsafeMutableRawPointer(mutating: base), count)
    case .free:
      free(UnsafeMutableRawPointer(mutating: base))
      Self.allocated.wrappingSubtract(count + Self.overhead, ordering: .relaxed)
    case .none: break
    }
  }

  /// The address that stands for "no bytes"; never dereferenced because its count is 0.
  // SAFETY: an allocation that is never written and lives as long as the process.
  private nonisolated(unsafe) static let nowhere = UnsafeRawPointer(
    UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64))

  /// No bytes at all.
  package static let empty = ByteStorage(base: nowhere, count: 0, path: nil, release: .none)

  /// Opens `path` for reading: a regular file is mapped, anything else (pipe, `-` for standard input) is read whole.
  ///
  /// - Throws: status `noInput` when it is missing, a directory or unreadable; `ioError` when reading fails.
  package static func open(_ path: String) throws(Diagnostic) -> ByteStorage {
    let place = SourceLocation(file: path == "-" ? "standard input" : path)
    if path == "-" { return try readAll(fd: 0, place: place, path: path) }
    let fd = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else {
      throw .error(
        "io.cannot-open", "cannot open: \(String(cString: strerror(errno)))", at: place,
        help: errno == ENOENT ? "check the name; the path is relative to the current folder" : nil, status: .noInput)
    }
    defer { close(fd) }
    var st = stat()
    guard fstat(fd, &st) == 0 else {
      throw .error(
        "io.cannot-open", "cannot look at: \(String(cString: strerror(errno)))", at: place, status: .noInput)
    }
    if st.st_mode & S_IFMT == S_IFDIR {
      throw .error("io.is-a-folder", "is a folder, not a file", at: place, status: .noInput)
    }
    guard st.st_mode & S_IFMT == S_IFREG else { return try readAll(fd: fd, place: place, path: path) }
    let size = Int(st.st_size)
    if size == 0 { return ByteStorage(base: nowhere, count: 0, path: path, release: .none) }
    guard let p = mmap(nil, size, PROT_READ, MAP_PRIVATE, fd, 0), p != MAP_FAILED else {
      throw .error("io.cannot-map", "cannot map: \(String(cString: strerror(errno)))", at: place, status: .ioError)
    }
    return ByteStorage(base: UnsafeRawPointer(p), count: size, path: path, release: .unmap)
  }

  private static func readAll(fd: Int32, place: SourceLocation, path: String) throws(Diagnostic) -> ByteStorage {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let n = chunk.withUnsafeMutableBytes { read(fd, $0.baseAddress, $0.count) }
      if n < 0 && errno == EINTR { continue }
      guard n >= 0 else {
        throw .error("io.read-failed", "cannot read: \(String(cString: strerror(errno)))", at: place, status: .ioError)
      }
      if n == 0 { break }
      bytes.append(contentsOf: chunk[0..<n])
    }
    return try ByteStorage.copying(bytes, path: path)
  }

  /// Memory of `count` bytes, 64-byte aligned, filled by `fill` before anyone else sees it.
  ///
  /// - Throws: `memory.exhausted` when the memory cannot be had; the size must already be bounded by real input.
  package static func allocate(
    count: Int, path: String? = nil, zeroed: Bool = false,
    fill: (UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) -> ByteStorage {
    guard count > 0 else { return ByteStorage(base: nowhere, count: 0, path: path, release: .none) }
    var p: UnsafeMutableRawPointer?
    guard count <= 1 << 46, posix_memalign(&p, 64, count) == 0, let p else {
      throw .error("memory.exhausted", "cannot allocate \(count) bytes")
    }
    allocated.wrappingAdd(count + overhead, ordering: .relaxed)
    if zeroed { memset(p, 0, count) }
    let storage = ByteStorage(base: UnsafeRawPointer(p), count: count, path: path, release: .free)
    try fill(UnsafeMutableRawBufferPointer(start: p, count: count))
    return storage
  }

  /// A 64-byte aligned copy of `bytes`.
  package static func copying(_ bytes: some Collection<UInt8>, path: String? = nil) throws(Diagnostic) -> ByteStorage {
    try allocate(count: bytes.count, path: path) { $0.copyBytes(from: bytes) }
  }

  /// All bytes as a slice.
  package var all: ByteSlice { ByteSlice(storage: self, offset: 0, count: count) }
}
