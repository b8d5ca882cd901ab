import CHDF5
import CHDF5Shim
import Diagnostics
import Synchronization

/// The one door to libhdf5: its calls run one at a time, print nothing, load no plug-ins and follow no external links.
///
/// A crash of the library on damaged bytes ends the process with the status of malformed input and a message that
/// names the file: the library is large, written in C, and known to fail on made-up files.
enum HDF5Library {
  private static let isReady = Mutex(false)
  /// The status of a process that the library crashes; tests tell it from other ends of a process.
  static let crashStatus = Mutex(ExitStatus.dataError.rawValue)

  /// Runs `body` alone. It must not call `withLock` again.
  ///
  /// - Parameter file: the name to give in a crash message.
  static func withLock<R: Sendable>(
    _ file: String?, _ body: () throws(Diagnostic) -> R
  ) throws(Diagnostic) -> R {
    let result: Result<R, Diagnostic> = isReady.withLock { ready in
      if !ready {
        mc_h5_initialise()
        ready = true
      }
      return (file ?? "").withCString { name in
        mc_h5_enter(name, crashStatus.withLock { $0 })
        defer { mc_h5_leave() }
        do throws(Diagnostic) { return .success(try body()) } catch { return .failure(error) }
      }
    }
    return try result.get()
  }

  /// What the library says about its last error, as ": text", or nothing.
  static var reason: String {
    var text = [CChar](repeating: 0, count: 256)
    mc_h5_error_text(&text, text.count)
    let s = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return s.isEmpty ? "" : ": \(s)"
  }
}

/// An identifier of the library that is closed with this value's scope. Only used while the lock is held.
struct HDF5Handle: ~Copyable {
  let id: hid_t
  private let close: (hid_t) -> herr_t

  /// Nil where `id` is negative: the call that made it failed.
  init?(_ id: hid_t, _ close: @escaping (hid_t) -> herr_t) {
    guard id >= 0 else { return nil }
    self.id = id
    self.close = close
  }

  deinit { _ = close(id) }
}
