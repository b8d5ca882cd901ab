import Foundation

/// The package's own files, found from this file's place in the tree.
enum SourceTree {
  static let root: URL = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The text files under `folder` whose extension is one of `extensions`, sorted by path.
  static func files(under folder: String, extensions: Set<String>) throws -> [SourceFile] {
    let base = root.appending(path: folder, directoryHint: .isDirectory)
    guard
      let walker = FileManager.default.enumerator(
        at: base, includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles])
    else { return [] }
    var files: [SourceFile] = []
    for case let url as URL in walker where extensions.contains(url.pathExtension) {
      guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
      let path = String(url.standardizedFileURL.path.dropFirst(root.standardizedFileURL.path.count + 1))
      let text = try String(contentsOf: url, encoding: .utf8)
      files.append(SourceFile(path: path, lines: text.components(separatedBy: "\n")))
    }
    return files.sorted { $0.path < $1.path }
  }
}

/// One file: its path relative to the package root, and its lines.
struct SourceFile: Sendable {
  let path: String
  let lines: [String]

  /// The modules that `import` declarations name, with 1-based line numbers; a submodule or declaration import
  /// (`import struct Foundation.URL`) counts as an import of its module.
  var imports: [(module: String, line: Int)] {
    lines.enumerated().compactMap { index, line in
      SourceFile.importedModule(line).map { ($0, index + 1) }
    }
  }

  /// The module that `line` imports, or nil when it is no import declaration.
  static func importedModule(_ line: String) -> String? {
    var words = code(of: line).split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ";" }).map(String.init)
    let modifiers: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    while let first = words.first, first.hasPrefix("@") || modifiers.contains(first) { words.removeFirst() }
    guard words.first == "import", words.count >= 2 else { return nil }
    let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
    let name = kinds.contains(words[1]) && words.count >= 3 ? words[2] : words[1]
    return name.split(separator: ".").first.map(String.init)
  }

  /// `line` without its `//` comment and with the contents of one-line string literals blanked, so that words in
  /// messages and comments are not taken for code.
  static func code(of line: String) -> String {
    var result = ""
    var inString = false
    var previous: Character = " "
    var isEscaped = false
    for character in line {
      if inString {
        if isEscaped {
          isEscaped = false
        } else if character == "\\" {
          isEscaped = true
        } else if character == "\"" {
          inString = false
          result.append(character)
        }
        continue
      }
      if character == "/", previous == "/" {
        result.removeLast()
        return result
      }
      if character == "\"" { inString = true }
      result.append(character)
      previous = character
    }
    return result
  }
}
