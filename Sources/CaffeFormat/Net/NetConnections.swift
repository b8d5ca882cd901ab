import Containers
import Diagnostics

/// The layers of a net and its blobs, connected as Caffe's Net::Init connects them.
package struct NetConnections: Sendable {
  /// A layer with the blobs it reads and writes.
  package struct Entry: Sendable {
    package var layer: CaffeLayer
    /// Blob of each bottom; nil where no layer before produces it (reported).
    package var bottoms: [Int?]
    /// Blob of each top, automatic ones of loss layers included; nil where the top was refused (reported).
    package var tops: [Int?]
    /// Tops that overwrite the bottom at the same place.
    package var isInPlace: [Bool]
  }

  /// Split layers included, in execution order: what `Net::layers()` holds.
  package private(set) var entries: [Entry] = []
  /// Names in Caffe's order; `(automatic)` for a top that the net does not name.
  package private(set) var blobs: [String] = []
  /// Blobs that nobody reads, ordered by name as Caffe orders a net's outputs.
  package private(set) var outputs: [Int] = []
  private let unselected: [CaffeLayer]
  private var available: Set<String> = []
  private var blobIndex: [String: Int] = [:]

  /// Connects layers that have their Split layers.
  ///
  /// - Parameters:
  ///   - automaticTops: how many tops a layer of that type gets at least (1 for losses).
  ///   - unselected: layers that do not take part, for messages.
  /// Reports unknown bottoms and tops with two sources; such a layer stays in `entries`.
  package init(
    _ layers: [CaffeLayer], automaticTops: (String) -> Int, unselected: [CaffeLayer] = [], sink: DiagnosticSink
  ) {
    self.unselected = unselected
    for layer in layers { entries.append(connect(layer, automaticTops(layer.type), sink)) }
    outputs = available.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap { blobIndex[$0] }
  }

  private mutating func connect(_ layer: CaffeLayer, _ automaticTops: Int, _ sink: DiagnosticSink) -> Entry {
    var entry = Entry(layer: layer, bottoms: [], tops: [], isInPlace: [])
    for (i, blob) in layer.bottoms.enumerated() {
      guard available.remove(blob) != nil else {
        reportUnknown(layer, i, sink)
        entry.bottoms.append(nil)
        continue
      }
      entry.bottoms.append(blobIndex[blob])
    }
    for (i, blob) in layer.tops.enumerated() {
      if i < layer.bottoms.count, blob == layer.bottoms[i] {
        entry.tops.append(blobIndex[blob])
        entry.isInPlace.append(true)
        available.insert(blob)
        continue
      }
      entry.isInPlace.append(false)
      if blobIndex[blob] != nil {
        reportTwice(layer, i, sink)
        entry.tops.append(nil)
        continue
      }
      blobIndex[blob] = blobs.count
      entry.tops.append(blobs.count)
      blobs.append(blob)
      available.insert(blob)
    }
    while entry.tops.count < automaticTops {
      entry.tops.append(blobs.count)
      entry.isInPlace.append(false)
      blobs.append("(automatic)")
    }
    return entry
  }

  private func reportUnknown(_ layer: CaffeLayer, _ i: Int, _ sink: DiagnosticSink) {
    var at = layer.message.location("bottom", i)
    at.path = [layer.name, "bottom"]
    let blob = layer.bottoms[i]
    let near = closestName(to: blob, among: blobs)
    let left = unselected.first { $0.tops.contains(blob) }
    sink.error(
      "caffe.net.unknown-bottom", layer.text("bottom '\(blob)' is not the top of any layer before"), at: at,
      notes: left.map { ["layer '\($0.name)' makes it, but its rules leave it out here"] } ?? [],
      help: left.map { _ in "select other layers with --phase train, --level or --stage" } ?? near.map {
        "did you mean '\($0)'?"
      }
        ?? "a layer can only read tops of layers that stand before it and take part in this phase")
  }

  private func reportTwice(_ layer: CaffeLayer, _ i: Int, _ sink: DiagnosticSink) {
    var at = layer.message.location("top", i)
    at.path = [layer.name, "top"]
    let blob = layer.tops[i]
    let first = entries.first { $0.layer.tops.contains(blob) }?.layer
    let reader = layer.bottoms.contains { $0.hasPrefix(blob + "_") && $0.contains("_split_") }
    sink.error(
      "caffe.net.top-twice", layer.text("top '\(blob)' is already produced by layer '\(first?.name ?? "")'"), at: at,
      help: reader
        ? "an in-place layer must be the only reader of its bottom; give this top a name of its own"
        : "give this top a name of its own, or leave one of the layers out with include or exclude rules")
  }
}
