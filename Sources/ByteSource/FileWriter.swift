import CSupport
import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// Writes a file whole or not at all: bytes go to a temporary neighbour, `commit()` renames it into place.
///
/// Dropping the writer without `commit()`, an error, or Ctrl-C leaves nothing behind and an existing file untouched.
/// `-` writes to standard output directly.
package final class FileWriter {
  package let path: String
  /// Bytes written so far.
  package private(set) var position = 0
  /// Where the bytes go until `commit()`, for a library that writes a file itself: it may replace the file's contents
  /// as long as nothing is written here. Nil where the output is written in place (a pipe, a device).
  package var temporaryPath: String? { temporary }
  private let temporary: String?
  private let slot: Int32
  private var fd: Int32
  private var buffer: [UInt8] = []
  private var committed = false
  private static let capacity = 1 << 20

  /// - Throws: status `cantCreate` when the folder does not exist or is not writable.
  package init(_ path: String) throws(Diagnostic) {
    self.path = path
    if path == "-" {
      fd = 1
      temporary = nil
      slot = -1
      return
    }
    var st = stat()
    if stat(path, &st) == 0, st.st_mode & S_IFMT == S_IFDIR {
      throw .error("io.is-a-folder", "is a folder, not a file", at: SourceLocation(file: path), status: .cantCreate)
    }
    if stat(path, &st) == 0, st.st_mode & S_IFMT != S_IFREG {
      // A device or a pipe cannot be replaced by a rename; it is written in place.
      fd = Glibc.open(path, O_WRONLY | O_CLOEXEC)
      temporary = nil
      slot = -1
    } else {
      let name = path + ".part-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
      fd = Glibc.open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      temporary = name
      slot = fd >= 0 ? mc_remember_temporary(name) : -1
    }
    guard fd >= 0 else {
      throw .error(
        "io.cannot-create", "cannot create: \(String(cString: strerror(errno)))", at: SourceLocation(file: path),
        status: .cantCreate)
    }
  }

  deinit {
    guard !committed else { return }
    if fd > 1 { close(fd) }
    if let temporary { unlink(temporary) }
    mc_forget_temporary(slot)
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    position += bytes.count
    if buffer.count + bytes.count > Self.capacity { try flush() }
    if bytes.count >= Self.capacity {
      try writeAll(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  package func write(_ bytes: [UInt8]) throws(Diagnostic) {
    try bytes.withUnsafeBufferPointer { (b) throws(Diagnostic) in try write(UnsafeRawBufferPointer(b)) }
  }

  package func write(_ text: String) throws(Diagnostic) { try write(Array(text.utf8)) }

  /// Appends a slice in chunks, so that the pages of a mapped source are touched once and in order.
  package func write(_ slice: ByteSlice) throws(Diagnostic) {
    var at = 0
    while at < slice.count {
      let n = min(Self.capacity, slice.count - at)
      guard let part = slice.slice(at, n) else { return }
      // Copying through the buffer is faster than writing from the mapping: page faults inside write(2) are slow.
      try part.withUnsafeBytes { (b) throws(Diagnostic) in
        position += b.count
        if buffer.count + b.count > Self.capacity { try flush() }
        buffer.append(contentsOf: b)
      }
      at += n
    }
  }

  private func flush() throws(Diagnostic) {
    guard !buffer.isEmpty else { return }
    try buffer.withUnsafeBufferPointer { (b) throws(Diagnostic) in try writeAll(UnsafeRawBufferPointer(b)) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    var done = 0
    while done < bytes.count {
      guard let base = bytes.baseAddress else { return }
      let n = Glibc.write(fd, base + done, bytes.count - done)
      if n < 0 && errno == EINTR { continue }
      guard n > 0 else {
        throw .error(
          "io.write-failed", "cannot write: \(String(cString: strerror(errno)))", at: SourceLocation(file: path),
          help: errno == ENOSPC ? "the disk is full; free some room or write elsewhere" : nil, status: .ioError)
      }
      done += n
    }
  }

  /// Flushes and puts the file in place.
  package func commit() throws(Diagnostic) {
    try flush()
    guard let temporary else {
      if fd > 1 { close(fd) }
      committed = true
      return
    }
    // close(2) is where a network file system reports a full disk.
    let closed = close(fd)
    fd = -1
    guard closed == 0, rename(temporary, path) == 0 else {
      let e = Diagnostic.error(
        "io.cannot-create", "cannot put the file in place: \(String(cString: strerror(errno)))",
        at: SourceLocation(file: path), status: .cantCreate)
      unlink(temporary)
      mc_forget_temporary(slot)
      committed = true
      throw e
    }
    mc_forget_temporary(slot)
    committed = true
  }
}
