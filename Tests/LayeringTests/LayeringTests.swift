import Foundation
import Testing

/// SwiftPM lets an undeclared transitive import through, so the edges are checked on the text of the sources.
@Suite struct LayeringTests {
  @Test(arguments: AllowedEdges.layers.map(\.target))
  func importsStayWithinTheTable(target: String) throws {
    let row = try #require(AllowedEdges.layers.first { $0.target == target })
    let files = try SourceTree.files(under: row.folder, extensions: ["swift"])
    #expect(!files.isEmpty, "\(row.folder) has no Swift file")
    let allowed = row.imports.union(AllowedEdges.platform)
    for file in files {
      for (module, line) in file.imports {
        #expect(allowed.contains(module), "\(file.path):\(line): \(target) may not import \(module)")
      }
    }
  }

  @Test func edgesPointDown() {
    let layerOf = Dictionary(
      AllowedEdges.layers.map { ($0.target, $0.layer) }, uniquingKeysWith: { first, _ in first })
    #expect(layerOf.count == AllowedEdges.layers.count)
    var seen: Set<String> = []
    for row in AllowedEdges.layers {
      for imported in row.imports {
        guard let below = layerOf[imported] else { continue }
        #expect(seen.contains(imported), "\(row.target) imports \(imported), which stands above it")
        #expect(below <= row.layer)
        if row.layer == 4 { #expect(below < 4, "format targets do not import each other") }
      }
      seen.insert(row.target)
    }
    #expect(AllowedEdges.layers.first { $0.target == "Rewrites" }?.imports.contains("CPURuntime") == false)
  }

  @Test func everyFolderIsInTheTable() throws {
    let sources = SourceTree.root.appending(path: "Sources", directoryHint: .isDirectory)
    let folders = try FileManager.default.contentsOfDirectory(
      at: sources, includingPropertiesForKeys: [.isDirectoryKey], options: [.skipsHiddenFiles])
    let known = Set(AllowedEdges.layers.map { $0.folder.replacing("Sources/", with: "") })
      .union(AllowedEdges.foldersWithoutSwift)
    for folder in folders.map(\.lastPathComponent) {
      #expect(known.contains(folder), "Sources/\(folder) is missing from AllowedEdges")
    }
    for folder in AllowedEdges.foldersWithoutSwift {
      let swift = try SourceTree.files(under: "Sources/\(folder)", extensions: ["swift"])
      #expect(swift.isEmpty, "Sources/\(folder) holds Swift code and needs a row in AllowedEdges")
    }
  }

  /// `Package.swift` must not declare a dependency that the table forbids.
  @Test func manifestAgreesWithTheTable() throws {
    let manifest = try String(contentsOf: SourceTree.root.appending(path: "Package.swift"), encoding: .utf8)
    for row in AllowedEdges.layers {
      let declared = try #require(Manifest.dependencies(of: row.target, in: manifest), "no target \(row.target)")
      for dependency in declared {
        #expect(row.imports.contains(dependency), "Package.swift: \(row.target) depends on \(dependency)")
      }
    }
  }

  @Test func manifestReaderSeesDependencies() {
    let manifest = """
      .target(name: "A", swiftSettings: swift),
      .target(
        name: "B",
        dependencies: ["A", "C", .product(name: "P", package: "p")],
        swiftSettings: swift),
      """
    #expect(Manifest.dependencies(of: "A", in: manifest) == [])
    #expect(Manifest.dependencies(of: "B", in: manifest) == ["A", "C", "P"])
    #expect(Manifest.dependencies(of: "D", in: manifest) == nil)
  }

  @Test(arguments: [
    ("import ModelGraph", "ModelGraph"),
    ("@testable import ModelGraph", "ModelGraph"),
    ("package import TensorCore  // views", "TensorCore"),
    ("@_exported public import Diagnostics", "Diagnostics"),
    ("import struct Foundation.URL", "Foundation"),
    ("  import CZip;", "CZip"),
  ])
  func importDeclarationsAreSeen(line: String, module: String) {
    #expect(SourceFile.importedModule(line) == module)
  }

  @Test(arguments: ["// import ModelGraph", "let s = \"import ModelGraph\"", "importModel()", ""])
  func otherLinesAreNotImports(line: String) {
    #expect(SourceFile.importedModule(line) == nil)
  }
}

/// Just enough reading of `Package.swift` to list a target's declared dependencies.
enum Manifest {
  /// Dependency names of the target called `name`, products included; nil when there is no such target.
  static func dependencies(of name: String, in manifest: String) -> [String]? {
    let declarations = manifest.components(separatedBy: "arget(").dropFirst()
    for declaration in declarations {
      let body = declaration.components(separatedBy: ")\n").first ?? declaration
      let head = body.drop { $0.isWhitespace }
      guard head.hasPrefix("name: \"\(name)\"") else { continue }
      guard let start = declaration.range(of: "dependencies: [") else { return [] }
      guard let end = declaration[start.upperBound...].firstIndex(of: "]") else { return [] }
      return declaration[start.upperBound..<end].components(separatedBy: ",").compactMap(dependencyName)
    }
    return nil
  }

  /// `"Name"` and `.product(name: "Name"` give Name; the `package:` half of a product gives nil.
  private static func dependencyName(_ text: String) -> String? {
    guard !text.contains("package:") else { return nil }
    let parts = text.components(separatedBy: "\"")
    return parts.count >= 3 ? parts[1] : nil
  }
}
