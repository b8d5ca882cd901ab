import Foundation
import Testing

/// Rules that hold for every line of the sources: nothing that a file's bytes could turn into a trap, and nothing
/// that ties the project to one machine.
@Suite struct HouseRuleTests {
  /// A construct that traps, and why it may not stand in `Sources`.
  struct Trap: Sendable, CustomTestStringConvertible {
    let text: String
    let reason: String
    var testDescription: String { text }
  }

  /// Uses that cannot be reached from the bytes of a file: path, construct, reason.
  static let allowed: [(path: String, text: String, reason: String)] = []

  @Test(arguments: [
    Trap(text: "try!", reason: "an error becomes a crash"),
    Trap(text: "as!", reason: "a wrong type becomes a crash"),
    Trap(text: "fatalError(", reason: "the process dies on a signal"),
    Trap(text: "preconditionFailure(", reason: "the process dies on a signal"),
    Trap(text: "precondition(", reason: "the process dies on a signal"),
    Trap(text: "assertionFailure(", reason: "debug builds die on a signal"),
    Trap(text: "unsafeDowncast(", reason: "unchecked in release builds"),
    Trap(text: "unsafelyUnwrapped", reason: "unchecked in release builds"),
  ])
  func sourcesHoldNo(trap: Trap) throws {
    for file in try SourceTree.files(under: "Sources", extensions: ["swift"]) {
      for (index, line) in file.lines.enumerated() where HouseRuleTests.uses(trap.text, in: line) {
        let isAllowed = HouseRuleTests.allowed.contains { $0.path == file.path && $0.text == trap.text }
        #expect(isAllowed, "\(file.path):\(index + 1): `\(trap.text)`: \(trap.reason)")
      }
    }
  }

  /// An entry of the allow list that no line needs must go.
  @Test func allowListIsNeeded() throws {
    let files = try SourceTree.files(under: "Sources", extensions: ["swift"])
    for entry in HouseRuleTests.allowed {
      let file = files.first { $0.path == entry.path }
      let isNeeded = file?.lines.contains { HouseRuleTests.uses(entry.text, in: $0) } == true
      #expect(isNeeded, "\(entry.path) no longer uses \(entry.text)")
      #expect(!entry.reason.isEmpty)
    }
  }

  @Test func noFileNamesAMachine() throws {
    let extensions: Set<String> = [
      "swift", "c", "h", "cpp", "py", "sh", "md", "proto", "prototxt", "modulemap", "txt", "json",
    ]
    let places = ["/" + "work/", "/" + "home/", "/" + "root/", "/" + "tmp/bash_jobs", "/" + "farm/"]
    for folder in ["Sources", "Tests", "Schemas", "Samples"] {
      for file in try SourceTree.files(under: folder, extensions: extensions) {
        for (index, line) in file.lines.enumerated() {
          for place in places {
            #expect(!line.contains(place), "\(file.path):\(index + 1): a path of one machine (\(place))")
          }
        }
      }
    }
  }

  @Test(arguments: [
    ("let x = try! f()", "try!", true),
    ("// try! f()", "try!", false),
    ("throw Failure(\"fatalError(\")", "fatalError(", false),
    ("  fatalError(\"no\")", "fatalError(", true),
    ("let y = x as! Int", "as!", true),
    ("hasPrecondition(x)", "precondition(", false),
    ("if canvas != other { }", "as!", false),
  ])
  func usesAreFoundInCodeOnly(line: String, text: String, expected: Bool) {
    #expect(HouseRuleTests.uses(text, in: line) == expected)
  }

  /// Whether `line` holds `text` as code: not in a comment, not in a string, and not as the end of a longer word.
  static func uses(_ text: String, in line: String) -> Bool {
    let code = SourceFile.code(of: line)
    var rest = code[...]
    while let found = rest.range(of: text) {
      let before = found.lowerBound > code.startIndex ? code[code.index(before: found.lowerBound)] : " "
      let isWordStart = !(before.isLetter || before.isNumber || before == "_")
      let after = found.upperBound < code.endIndex ? code[found.upperBound] : " "
      if isWordStart, after != "=" || !text.hasSuffix("!") { return true }
      rest = code[found.upperBound...]
    }
    return false
  }
}
