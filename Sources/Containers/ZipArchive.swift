import ByteSource
import CZip
import Diagnostics
import Synchronization
import TensorCore

/// A zip file over mapped bytes: stored members are views, deflated ones are inflated on first use.
///
/// libzip reads the directory, checks and inflates; `ZipDirectory` finds the offsets of stored members. Encrypted
/// members and methods other than store and deflate are listed but cannot be opened. Safe to share between threads.
package final class ZipArchive: Sendable {
  /// One member.
  package struct Entry: Sendable {
    /// The name as UTF-8; other encodings are converted as zip tools do.
    package let name: String
    /// Bytes when unpacked.
    package let size: Int
    /// Bytes in the file.
    package let compressedSize: Int
    package let crc: UInt32
    /// 0 stored, 8 deflated; others cannot be opened.
    package let method: Int
    package let isEncrypted: Bool
    fileprivate let index: Int

    package var isStored: Bool { method == 0 && !isEncrypted }
    package var isFolder: Bool { name.hasSuffix("/") }
  }

  package let bytes: ByteSlice
  /// The members in the order of the directory.
  package let entries: [Entry]
  private let directory: ZipDirectory
  private let byName: [String: Int]
  private let library: Mutex<Handle>

  /// Unpacked bytes that are always allowed, and the ratio allowed beyond them: an array of zeros packs 1:1000.
  private static let freeSize = 256 << 20
  private static let ratioLimit = 256
  /// Deflate cannot expand by more than 1032, so a larger claim is a lie.
  private static let deflateRatio = 1032

  private struct Handle: @unchecked Sendable {
    // SAFETY: used only inside the mutex that owns it; it reads the bytes that the archive keeps alive.
    let archive: OpaquePointer
  }

  /// True where the bytes look like a zip file: a local header or, for an archive without members, an end record.
  package static func matches(_ b: ByteSlice) -> Bool {
    b.starts(with: [0x50, 0x4b, 3, 4]) || b.starts(with: [0x50, 0x4b, 5, 6]) || b.starts(with: [0x50, 0x4b, 6, 6])
  }

  /// - Throws: `zip.*` where the directory is missing, damaged or names a member twice.
  package init(_ bytes: ByteSlice) throws(Diagnostic) {
    let directory = try ZipDirectory(bytes)
    let handle = try Self.open(bytes)
    var owned: OpaquePointer? = handle
    defer { if let owned { zip_discard(owned) } }
    guard zip_get_num_entries(handle, 0) == zip_int64_t(directory.records.count) else {
      throw .error("zip.directory", "the zip directory is ambiguous: two readings differ", at: bytes.location())
    }
    var entries: [Entry] = []
    var byName: [String: Int] = [:]
    entries.reserveCapacity(directory.records.count)
    for (i, r) in directory.records.enumerated() {
      var st = zip_stat_t()
      guard zip_stat_index(handle, zip_uint64_t(i), 0, &st) == 0, let name = st.name,
        st.size == UInt64(r.size), st.comp_size == UInt64(r.compressedSize)
      else {
        throw .error("zip.directory", "member \(i) of the zip directory is damaged", at: bytes.location())
      }
      let entry = Entry(
        name: String(cString: name), size: r.size, compressedSize: r.compressedSize, crc: r.crc,
        method: Int(r.method), isEncrypted: r.flags & 1 != 0 || st.encryption_method != 0, index: i)
      guard byName.updateValue(i, forKey: entry.name) == nil else {
        throw .error(
          "zip.duplicate", "two members have the name '\(entry.name)'",
          at: SourceLocation(file: bytes.storage.path, member: entry.name),
          help: "which one counts depends on the reader, so the file is refused; pack it anew")
      }
      entries.append(entry)
    }
    self.bytes = bytes
    self.entries = entries
    self.directory = directory
    self.byName = byName
    library = Mutex(Handle(archive: handle))
    owned = nil
  }

  deinit { library.withLock { zip_discard($0.archive) } }

  private static func open(_ bytes: ByteSlice) throws(Diagnostic) -> OpaquePointer {
    var error = zip_error_t()
    zip_error_init(&error)
    defer { zip_error_fini(&error) }
    // SAFETY: the buffer is only read, and `self.bytes` keeps it alive as long as the handle.
    let buffer = bytes.unsafeBuffer
    if let source = zip_source_buffer_create(buffer.baseAddress, UInt64(buffer.count), 0, &error) {
      if let archive = zip_open_from_source(source, ZIP_RDONLY, &error) { return archive }
      zip_source_free(source)
    }
    throw .error(
      "zip.damaged", "cannot be read as a zip file: \(String(cString: zip_error_strerror(&error)))",
      at: bytes.location())
  }

  /// The member with this exact name.
  package subscript(name: String) -> Entry? { byName[name].map { entries[$0] } }

  /// Where a member stands, for messages.
  package func location(_ e: Entry) -> SourceLocation { SourceLocation(file: bytes.storage.path, member: e.name) }

  /// The unpacked bytes: a view of the file for a stored member, a copy for a deflated one; the checksum is compared.
  package func contents(of e: Entry) throws(Diagnostic) -> ByteSlice {
    if e.isStored { return try checked(try storedBytes(of: e), e) }
    return try unpack(e, prefix: nil)
  }

  /// The first `count` unpacked bytes (fewer where the member is shorter), unchecked: to look at headers.
  package func prefix(of e: Entry, _ count: Int) throws(Diagnostic) -> ByteSlice {
    if e.isStored { return try storedBytes(of: e).checkedSlice(0, min(count, e.size)) }
    return try unpack(e, prefix: min(count, e.size))
  }

  /// A range of the unpacked bytes as tensor storage, made (or its checksum compared) on first use.
  ///
  /// - Throws: at once where the range is outside the member or the member cannot be opened.
  package func storage(of e: Entry, from start: Int, count: Int) throws(Diagnostic) -> TensorStorage {
    guard start >= 0, count >= 0, start <= e.size, count <= e.size - start else {
      throw .error(
        "zip.member", "\(count) bytes at \(start) are wanted, the member has \(e.size)", at: location(e))
    }
    if e.isStored { _ = try storedBytes(of: e) } else { try checkLimits(e) }
    return TensorStorage(byteCount: count) { () throws(Diagnostic) in
      try self.contents(of: e).checkedSlice(start, count)
    }
  }

  /// The bytes of a stored member without comparing its checksum.
  package func storedBytes(of e: Entry) throws(Diagnostic) -> ByteSlice {
    guard e.isStored, e.size == e.compressedSize else {
      throw .error("zip.member", "a stored member must have equal sizes", at: location(e))
    }
    return try directory.data(of: directory.records[e.index], in: bytes, named: e.name)
  }

  private func checked(_ b: ByteSlice, _ e: Entry) throws(Diagnostic) -> ByteSlice {
    let crc = Checksum.crc32(b)
    guard crc == e.crc else {
      throw .error(
        "zip.checksum", "the member is damaged: its checksum is wrong", at: location(e),
        help: "copy or download the file again")
    }
    return b
  }

  private func checkLimits(_ e: Entry) throws(Diagnostic) {
    guard !e.isEncrypted else {
      throw .error(
        "zip.encrypted", "the member is encrypted", at: location(e),
        help: "unpack the archive with its password and pack it again without")
    }
    guard e.method == 8 || e.method == 0 else {
      throw .error(
        "zip.method",
        "the member is packed with method \(e.method)\(Self.methodName(e.method)), not stored or deflated",
        at: location(e), help: "pack the archive again with deflate, or without compression")
    }
    let possible = e.compressedSize.multipliedReportingOverflow(by: Self.deflateRatio)
    guard possible.overflow || e.size <= possible.partialValue &+ 64 else {
      throw .error(
        "zip.size-lie", "\(e.compressedSize) packed bytes cannot unpack to \(e.size)", at: location(e))
    }
    let allowed = e.compressedSize.multipliedReportingOverflow(by: Self.ratioLimit)
    guard e.size <= Self.freeSize || allowed.overflow || e.size <= allowed.partialValue else {
      throw .error(
        "zip.bomb", "\(e.compressedSize) packed bytes would unpack to \(e.size): refused", at: location(e),
        help: "unpack it with another tool if you trust it, and pack it without compression")
    }
  }

  private static func methodName(_ m: Int) -> String {
    switch m {
    case 9: " (deflate64)"
    case 12: " (bzip2)"
    case 14: " (lzma)"
    case 93: " (zstd)"
    case 95: " (xz)"
    case 99: " (AES)"
    default: ""
    }
  }

  /// Inflates through libzip, which compares size and checksum when the end is reached.
  private func unpack(_ e: Entry, prefix: Int?) throws(Diagnostic) -> ByteSlice {
    try checkLimits(e)
    let wanted = prefix ?? e.size
    let place = location(e)
    let result: Result<ByteSlice, Diagnostic> = library.withLock { handle in
      do throws(Diagnostic) {
        return .success(try Self.read(handle.archive, e, wanted, whole: prefix == nil, place))
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func read(
    _ archive: OpaquePointer, _ e: Entry, _ wanted: Int, whole: Bool, _ place: SourceLocation
  ) throws(Diagnostic) -> ByteSlice {
    guard let file = zip_fopen_index(archive, zip_uint64_t(e.index), 0) else {
      throw .error("zip.member", "cannot be opened: \(String(cString: zip_strerror(archive)))", at: place)
    }
    defer { zip_fclose(file) }
    let storage = try ByteStorage.allocate(count: wanted, path: place.file) { (out) throws(Diagnostic) in
      var at = 0
      while at < wanted {
        guard let base = out.baseAddress else { return }
        // SAFETY: at most wanted - at bytes are written from offset at.
        let n = zip_fread(file, base + at, zip_uint64_t(min(wanted - at, 1 << 24)))
        guard n > 0 else {
          let why = n < 0 ? String(cString: zip_file_strerror(file)) : "it ends after \(at) of \(wanted) bytes"
          throw .error("zip.member", "cannot be unpacked: \(why)", at: place)
        }
        at += Int(n)
      }
    }
    if whole {
      var extra: UInt8 = 0
      let n = zip_fread(file, &extra, 1)
      guard n == 0 else {
        let why = n < 0 ? String(cString: zip_file_strerror(file)) : "it is longer than the \(wanted) bytes declared"
        throw .error("zip.member", "cannot be unpacked: \(why)", at: place)
      }
    }
    return storage.all
  }
}
