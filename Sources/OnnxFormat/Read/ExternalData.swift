import ByteSource
import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// Data files beside a model: only regular files inside the model's own folder are opened.
final class ExternalData {
  private let model: String?
  private let folder: String
  private var open: [String: ByteStorage] = [:]

  /// - Parameter model: the model file's path; nil or `-` where it has no folder.
  init(model: String?) {
    self.model = model == "-" ? nil : model
    let parts = (model ?? "").split(separator: "/", omittingEmptySubsequences: false)
    folder = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
  }

  private func error(_ code: String, _ tensor: String, _ text: String, help: String? = nil) -> Diagnostic {
    .error(
      "onnx.external-" + code, "tensor '\(tensor)': \(text)", at: SourceLocation(file: model, path: [tensor]),
      help: help)
  }

  /// The bytes that the entries name.
  ///
  /// - Parameter wanted: the size that type and shape ask for; a stated length must agree.
  /// - Throws: `onnx.external-…`
  func bytes(_ entries: [EntryMessage], tensor: String, wanted: Int) throws(Diagnostic) -> ByteSlice {
    func entry(_ key: String) -> String? { entries.last { $0.key == key }?.value }
    guard let location = entry("location"), !location.isEmpty else {
      throw error("no-location", tensor, "its data is in another file, which is not named")
    }
    let offset = try number(entry("offset"), "offset", tensor) ?? 0
    let length = try number(entry("length"), "length", tensor) ?? wanted
    guard length == wanted else {
      throw error("length", tensor, "\(length) bytes of '\(location)' are named where \(wanted) are wanted")
    }
    let storage = try open(location, tensor)
    guard let s = storage.all.slice(offset, length) else {
      throw error(
        "range", tensor, "\(length) bytes at offset \(offset) of '\(location)' are wanted, which has \(storage.count)",
        help: "the data file may have been cut off while it was copied")
    }
    return s
  }

  private func number(_ text: String?, _ what: String, _ tensor: String) throws(Diagnostic) -> Int? {
    guard let text else { return nil }
    guard let n = Int(text), n >= 0 else { throw error("number", tensor, "\(what) '\(text)' is not a size") }
    return n
  }

  private func open(_ location: String, _ tensor: String) throws(Diagnostic) -> ByteStorage {
    if let s = open[location] { return s }
    guard model != nil else {
      throw error("no-folder", tensor, "its data is in '\(location)', but a model from standard input has no folder")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !location.contains("\\"), !location.contains("\0"),
      !parts.contains(where: { $0 == ".." })
    else {
      throw error(
        "outside", tensor, "its data file '\(location)' lies outside the model's folder",
        help: "put the data file beside the model and name it by its plain name")
    }
    var path = folder
    for p in parts where !p.isEmpty && p != "." {
      path += "/" + p
      var st = stat()
      guard lstat(path, &st) == 0 else {
        throw .error(
          "onnx.external-missing", "tensor '\(tensor)': its data file '\(location)' is missing",
          at: SourceLocation(file: model, path: [tensor]),
          help: "copy the data file along with the model", status: .dataError)
      }
      if st.st_mode & S_IFMT == S_IFLNK {
        throw error("link", tensor, "its data file '\(location)' is reached through a link")
      }
    }
    var st = stat()
    guard lstat(path, &st) == 0, st.st_mode & S_IFMT == S_IFREG else {
      throw error("not-a-file", tensor, "'\(location)' is not a regular file")
    }
    let s = try ByteStorage.open(path)
    open[location] = s
    return s
  }
}
