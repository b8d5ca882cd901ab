import ByteSource
import Diagnostics

/// What modelconv knows of a Caffe layer type: how many bottoms and tops it takes and how it becomes neutral operators.
///
/// To add a layer: one file with a conforming type, one line in `CaffeLayerTable`.
package protocol LayerTranslator: Sendable {
  /// The type names it stands for, forks' spellings included.
  static var types: [String] { get }
  static var bottoms: ClosedRange<Int> { get }
  /// Tops the layer gives; a loss gets its first one even where the net does not name it.
  static var tops: ClosedRange<Int> { get }
  /// The layer makes this many tops even where the net names fewer.
  static var automaticTops: Int { get }
  /// As many tops as bottoms.
  static var pairsBottomsWithTops: Bool { get }
  /// As `pairsBottomsWithTops`, for one layer.
  static func pairsBottomsWithTops(_ layer: CaffeLayer) -> Bool
  /// A top may have the name of the bottom at its place. False also where Caffe lets it pass but computes nonsense.
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool
  /// Tops are the bottom's own memory under another name and shape.
  static func sharesMemory(_ layer: CaffeLayer) -> Bool
  /// What of the layer is not read, run or exported as in Caffe.
  static var support: LayerSupport { get }
  /// Checks the layer as its SetUp and Reshape do, and inserts its nodes.
  static func build(_ l: LayerBuilder) throws(Diagnostic)
}

extension LayerTranslator {
  package static var bottoms: ClosedRange<Int> { 1...1 }
  package static var tops: ClosedRange<Int> { 1...1 }
  package static var automaticTops: Int { 0 }
  package static var pairsBottomsWithTops: Bool { false }
  package static func pairsBottomsWithTops(_ layer: CaffeLayer) -> Bool { pairsBottomsWithTops }
  package static func allowsInPlace(_ layer: CaffeLayer) -> Bool { false }
  package static func sharesMemory(_ layer: CaffeLayer) -> Bool { false }
  package static var support: LayerSupport { .full }
}

/// An element-wise layer: one bottom, one top of the same shape, in place where wanted.
package protocol NeuronTranslator: LayerTranslator {}

extension NeuronTranslator {
  package static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }
}

/// No upper limit on bottoms or tops.
let unlimited = Int(Int32.max)
