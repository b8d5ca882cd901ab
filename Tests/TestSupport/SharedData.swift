import Foundation

/// Data that is too large for the repository: a folder named by `MODELCONV_SHARED`, or `shared` beside the package.
package enum SharedData {
  /// The package's root.
  package static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folder, or nil where there is none.
  package static let folder: URL? = {
    let candidates =
      ProcessInfo.processInfo.environment["MODELCONV_SHARED"].map { [URL(filePath: $0)] }
      ?? [
        root.deletingLastPathComponent().appending(path: "shared"),
        root.deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared"),
      ]
    return candidates.first { FileManager.default.fileExists(atPath: $0.appending(path: "corpus").path) }
  }()

  /// One case of the corpus: a folder with a model file, what it should lead to, and what is in it.
  package struct Case: Sendable, CustomStringConvertible {
    package let name: String
    package let folder: URL
    package let main: String
    /// `load`, `run`, `reject`, `unsupported`, or two of them joined by `-or-`.
    package let expect: [String]

    package var mainPath: String { folder.appending(path: main).path }
    /// The recorded tensors, nil where there are none.
    package var outputs: String? {
      let p = folder.appending(path: "io.npz").path
      return FileManager.default.fileExists(atPath: p) ? p : nil
    }
    package var description: String { name }
  }

  /// The cases of one folder of the corpus, sorted; empty, with a message, where the corpus is absent.
  package static func corpus(_ kind: String) -> [Case] {
    guard let folder else {
      print("skipped: no corpus at MODELCONV_SHARED or beside the package (\(kind))")
      return []
    }
    let base = folder.appending(path: "corpus/\(kind)")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
    return names.sorted().compactMap { name in
      let dir = base.appending(path: name)
      guard let data = try? Data(contentsOf: dir.appending(path: "case.json")),
        let facts = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
        let main = facts["main"] as? String, let expect = facts["expect"] as? String
      else { return nil }
      return Case(name: "\(kind)/\(name)", folder: dir, main: main, expect: expect.components(separatedBy: "-or-"))
    }
  }
}
