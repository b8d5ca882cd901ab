import ByteSource
import Diagnostics
import Synchronization

/// A string element: bytes, because files hold text that is not always UTF-8 and nothing may be lost.
package struct ByteString: Sendable, Hashable, ExpressibleByStringLiteral {
  package var bytes: [UInt8]
  package init(_ bytes: [UInt8]) { self.bytes = bytes }
  package init(_ s: String) { bytes = Array(s.utf8) }
  package init(stringLiteral s: String) { bytes = Array(s.utf8) }
  /// The text; invalid UTF-8 is replaced.
  package var string: String { String(decoding: bytes, as: UTF8.self) }
}

/// Immutable payload of tensors: bytes (owned or mapped), strings, or bytes that are made on first use.
package final class TensorStorage: Sendable {
  private enum Kind: Sendable {
    case bytes(ByteSlice)
    case strings([ByteString])
    case deferred(byteCount: Int, @Sendable () throws(Diagnostic) -> ByteSlice)
  }
  private let state: Mutex<Kind>

  /// Memory that tensors and other byte blocks of this process hold, mapped files not counted.
  package static var allocatedBytes: Int { ByteStorage.allocatedBytes }

  /// Bytes in the machine's order (little-endian), owned or mapped.
  package init(_ bytes: ByteSlice) { state = Mutex(.bytes(bytes)) }

  package init(strings: [ByteString]) { state = Mutex(.strings(strings)) }

  /// Bytes made by `load` at most once, on first use (HDF5 chunks, deflated members, swapped data, gathered fields).
  ///
  /// - Parameter byteCount: what `load` must yield; another size is an error.
  package init(byteCount: Int, deferred load: @escaping @Sendable () throws(Diagnostic) -> ByteSlice) {
    state = Mutex(.deferred(byteCount: byteCount, load))
  }

  /// The bytes; loads them first where they are deferred.
  package func bytes() throws(Diagnostic) -> ByteSlice {
    let result: Result<ByteSlice, Diagnostic> = state.withLock { kind in
      switch kind {
      case .bytes(let b): return .success(b)
      case .strings: return .failure(.error("tensor.strings", "a string tensor has no plain bytes"))
      case .deferred(let n, let load):
        do throws(Diagnostic) {
          let b = try load()
          guard b.count == n else {
            return .failure(.error("tensor.size", "\(b.count) bytes were read where \(n) are wanted", at: b.location()))
          }
          kind = .bytes(b)
          return .success(b)
        } catch { return .failure(error) }
      }
    }
    return try result.get()
  }

  /// The size without loading.
  package var byteCount: Int {
    state.withLock {
      switch $0 {
      case .bytes(let b): b.count
      case .strings: 0
      case .deferred(let n, _): n
      }
    }
  }

  /// The strings of a string tensor; nil for others.
  package var strings: [ByteString]? {
    state.withLock { if case .strings(let s) = $0 { s } else { nil } }
  }

  /// True where the bytes lie in a mapped file or in memory already.
  package var isResident: Bool {
    state.withLock { if case .deferred = $0 { false } else { true } }
  }
}
