import CaffeFormat

/// What this build does with one Caffe layer type.
public struct CaffeLayerSupport: Sendable, Codable {
  /// The type's name in a net.
  public var type: String
  /// True for the layers of BVLC's Caffe, false for those of forks.
  public var isCore: Bool
  /// True where it is read with its parameters, weights and shapes.
  public var reads: Bool
  /// True where the executor computes it.
  public var runs: Bool
  /// True where it is exported to standard ONNX.
  public var exports: Bool
  /// True where networks of other formats are written with it; a Caffe net keeps all its layers when it is written.
  public var isWrittenFromOtherFormats: Bool
  /// What is refused, or is otherwise than in Caffe.
  public var limits: [String]
}

extension Capabilities {
  /// Caffe's layer types with a meaning here, by name: BVLC's first, then those of forks.
  public static var layers: [CaffeLayerSupport] {
    let all = CaffeLayerTable.all.flatMap { t in t.types.map { (type: $0, support: t.support) } }
    return all.map { type, support in
      CaffeLayerSupport(
        type: type, isCore: CaffeCoreTypes.all.contains(type), reads: true, runs: support.runObstacle == nil,
        exports: support.onnxObstacle == nil, isWrittenFromOtherFormats: CaffeExport.types.contains(type),
        limits: support.limits + [support.runObstacle, support.onnxObstacle].compactMap { $0 })
    }.sorted { ($0.isCore ? 0 : 1, $0.type) < ($1.isCore ? 0 : 1, $1.type) }
  }

  /// The table of layers as a page of the documentation.
  public static var layersPage: String {
    var lines = [
      "# Caffe layers", "",
      "What is read, run, exported and written, type by type.", "",
      "## Overview", "",
      "A layer is read with its parameters, weights and shapes, and checked as Caffe checks it. \"Run\" is the executor of",
      "this project, \"ONNX\" an export in standard operators. A Caffe net that is written again keeps all its layers, those",
      "of unknown types too; \"from others\" are the types in which networks of other formats are written as Caffe.",
      "",
      "This page is written by `make docs` from what the layers' translators declare; tests read, run and export an example",
      "of every type.", "",
    ]
    for (title, isCore) in [("BVLC", true), ("Forks", false)] {
      lines += [
        "### \(title)", "", "| layer | read | run | ONNX | from others | limits |", "|---|---|---|---|---|---|",
      ]
      for l in layers where l.isCore == isCore {
        let cells = [
          "`\(l.type)`", mark(l.reads), mark(l.runs), mark(l.exports), mark(l.isWrittenFromOtherFormats),
          l.limits.joined(separator: "; "),
        ]
        lines.append("| " + cells.joined(separator: " | ") + " |")
      }
      lines.append("")
    }
    return lines.joined(separator: "\n")
  }

  private static func mark(_ value: Bool) -> String { value ? "yes" : "no" }
}
