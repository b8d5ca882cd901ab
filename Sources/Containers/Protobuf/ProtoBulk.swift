import ByteSource
import Diagnostics

/// The values of a repeated scalar field (or one bytes field) as slices of the file, in the order of the file.
///
/// A file may hold them packed, in several packed pieces, one by one with a tag before each, or mixed.
package struct ProtoBulk: Sendable {
  /// A stretch of values that lie behind each other.
  package enum Run: Sendable {
    /// Values without anything between them.
    case packed(ByteSlice)
    /// Whole fields: before each value `tagBytes` bytes of tag.
    case tagged(ByteSlice, tagBytes: Int)

    var bytes: ByteSlice {
      switch self {
      case .packed(let b), .tagged(let b, _): b
      }
    }
  }

  package let kind: ProtoKind
  package private(set) var runs: [Run] = []
  /// Number of values; for bytes the number of bytes.
  package private(set) var count = 0
  /// True where values take `kind.elementSize` bytes each; false where they are varints.
  package let isFixedWidth: Bool

  /// No values.
  package init(kind: ProtoKind) {
    self.kind = kind
    isFixedWidth = kind.wireType != .varint
  }

  /// Values behind each other.
  ///
  /// - Parameter isFixedWidth: give true where integers lie in `elementSize` bytes each rather than as varints.
  package init(kind: ProtoKind, packed: ByteSlice, isFixedWidth: Bool? = nil) {
    self.kind = kind
    self.isFixedWidth = isFixedWidth ?? (kind.wireType != .varint)
    runs = [.packed(packed)]
    count = self.isFixedWidth ? packed.count / kind.elementSize : ProtoBulk.varintCount(packed)
  }

  /// True where the values are one slice of the file as they are: `contiguous()` copies nothing.
  package var isInPlace: Bool {
    guard isFixedWidth else { return count == 0 }
    if runs.isEmpty { return true }
    if runs.count == 1, case .packed = runs[0] { return true }
    return false
  }

  /// Bytes that `contiguous()` yields. Saturates instead of overflowing.
  package var byteCount: Int {
    let (n, o) = count.multipliedReportingOverflow(by: kind.elementSize)
    return o ? Int.max : n
  }

  /// Where the first value stands.
  package var place: ProtoPlace? { runs.first.map { .byte($0.bytes.offset) } }

  /// The values behind each other, little-endian, `kind.elementSize` bytes each: the file's own bytes where they lie so
  /// (not necessarily aligned), otherwise a copy.
  ///
  /// - Throws: `memory.exhausted`; `bytes.varint-overflow` for a damaged varint.
  package func contiguous() throws(Diagnostic) -> ByteSlice {
    if isInPlace {
      if let run = runs.first { return run.bytes }
      return .empty
    }
    let size = kind.elementSize
    return try ByteStorage.allocate(count: byteCount, path: runs.first?.bytes.storage.path) {
      (target) throws(Diagnostic) in
      var at = 0
      for run in runs {
        var cursor = ByteCursor(run.bytes)
        if case .packed(let bytes) = run, isFixedWidth {
          bytes.withUnsafeBytes { source in
            let n = min(source.count, target.count - at)
            UnsafeMutableRawBufferPointer(rebasing: target[at..<at + n]).copyMemory(
              from: UnsafeRawBufferPointer(rebasing: source[0..<n]))
            at += n
          }
          continue
        }
        let tagBytes = if case .tagged(_, let n) = run { n } else { 0 }
        while !cursor.isAtEnd {
          try cursor.skip(tagBytes)
          let v = try isFixedWidth ? (size == 8 ? cursor.u64() : UInt64(cursor.u32())) : decoded(cursor.varint())
          guard size <= target.count - at else { return }
          // SAFETY: at + size <= target.count was just shown.
          switch size {
          case 8: target.storeBytes(of: v, toByteOffset: at, as: UInt64.self)
          case 4: target.storeBytes(of: UInt32(truncatingIfNeeded: v), toByteOffset: at, as: UInt32.self)
          default: target.storeBytes(of: UInt8(v != 0 ? 1 : 0), toByteOffset: at, as: UInt8.self)
          }
          at += size
        }
      }
    }.all
  }

  /// Undoes zigzag where the kind has it.
  private func decoded(_ v: UInt64) -> UInt64 {
    switch kind {
    case .sint32, .sint64: (v >> 1) ^ (0 &- (v & 1))
    default: v
    }
  }

  /// Integers of any kind; 64-bit unsigned ones are clamped to `Int.max`.
  package func integers() throws(Diagnostic) -> [Int] {
    try extended().map { kind.isUnsigned ? Int(clamping: $0) : Int(Int64(bitPattern: $0)) }
  }

  /// Integers as 64 bits each, extended by their sign.
  func extended() throws(Diagnostic) -> [UInt64] {
    var cursor = ByteCursor(try contiguous())
    var result: [UInt64] = []
    result.reserveCapacity(min(count, cursor.remaining))
    while cursor.remaining >= kind.elementSize {
      switch kind.elementSize {
      case 8: result.append(try cursor.u64())
      case 4: result.append(kind.isUnsigned ? UInt64(try cursor.u32()) : UInt64(bitPattern: Int64(try cursor.i32())))
      default: result.append(UInt64(try cursor.u8()))
      }
    }
    return result
  }

  /// float and double as double.
  package func doubles() throws(Diagnostic) -> [Double] {
    var cursor = ByteCursor(try contiguous())
    var result: [Double] = []
    guard kind == .float || kind == .double else { return try integers().map { Double($0) } }
    result.reserveCapacity(min(count, cursor.remaining))
    while cursor.remaining >= kind.elementSize {
      result.append(kind == .double ? try cursor.f64() : Double(try cursor.f32()))
    }
    return result
  }

  // MARK: For the scanner

  /// Adds values that lie behind each other. The caller has checked that the size is a multiple of the element's.
  mutating func append(packed bytes: ByteSlice, count n: Int) {
    guard n > 0 else {
      if runs.isEmpty { runs.append(.packed(bytes)) }
      return
    }
    if runs.count == 1, runs[0].bytes.isEmpty { runs.removeAll() }
    runs.append(.packed(bytes))
    count += n
  }

  /// Adds one whole field and `repeats` like it directly behind it; grows the last run where they follow it directly.
  mutating func append(tagged field: WireField, repeats: Int = 0) {
    let length = field.bytes.count * (repeats + 1)
    guard let added = field.bytes.storage.all.slice(field.bytes.offset, length) else { return }
    count += repeats + 1
    let tagBytes = field.bytes.count - field.payload.count
    if let last = runs.last, case .tagged(let bytes, tagBytes) = last, bytes.storage === field.bytes.storage,
      bytes.offset + bytes.count == field.bytes.offset,
      let longer = bytes.storage.all.slice(bytes.offset, bytes.count + length)
    {
      runs[runs.count - 1] = .tagged(longer, tagBytes: tagBytes)
      return
    }
    if runs.count == 1, runs[0].bytes.isEmpty { runs.removeAll() }
    runs.append(.tagged(added, tagBytes: tagBytes))
  }

  /// Varints in `bytes`: bytes without the continuation bit.
  static func varintCount(_ bytes: ByteSlice) -> Int {
    bytes.withUnsafeBytes { buffer in
      var n = 0
      for b in buffer where b < 0x80 { n += 1 }
      return n
    }
  }
}
