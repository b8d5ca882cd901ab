import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// What a layer translator works with: the layer's parameters, its bottoms, its weights, and the graph being built.
///
/// A translator reads parameters, checks them as the Caffe layer's SetUp and Reshape do, asks for its blobs in their
/// order, inserts nodes, and gives every top a value. Bottoms are float32 tensors of known rank.
package final class LayerBuilder {
  package let layer: CaffeLayer
  /// TEST unless the net or the layer says TRAIN.
  package let isTraining: Bool
  let net: NetTranslator
  package let bottoms: [ValueID]
  private let bottomShapes: [[Dim]]
  private var tops: [ValueID?]
  private var roles: Set<String> = []
  private(set) var blobCount = 0

  init(_ layer: CaffeLayer, net: NetTranslator, bottoms: [ValueID], shapes: [[Dim]], isTraining: Bool) {
    self.layer = layer
    self.net = net
    self.bottoms = bottoms
    self.isTraining = isTraining
    bottomShapes = shapes
    tops = Array(repeating: nil, count: layer.tops.count)
  }

  package var origin: Origin { layer.origin }
  package var topCount: Int { tops.count }

  /// The parameter block of that name; absent fields have the schema's defaults.
  package func parameters(_ block: String) -> ParameterBlock {
    var p = layer.parameters(block)
    let noted = reads[block] ?? FieldReads()
    reads[block] = noted
    p.reads = noted
    return p
  }
  /// What was asked for, by block.
  private(set) var reads: [String: FieldReads] = [:]

  // MARK: Bottoms

  /// The extents of bottom `i`.
  package func shape(_ i: Int = 0) -> [Dim] { i < bottomShapes.count ? bottomShapes[i] : [] }

  package func rank(_ i: Int = 0) -> Int { shape(i).count }

  /// Bottom `i`.
  ///
  /// - Throws: `caffe.layer.bottom-count` where there are fewer.
  package func bottom(_ i: Int = 0) throws(Diagnostic) -> ValueID {
    guard i < bottoms.count else { throw error("caffe.layer.bottom-count", "bottom \(i) is missing") }
    return bottoms[i]
  }

  /// `axis` counted from the end where negative, as Blob::CanonicalAxisIndex does.
  package func axis(_ axis: Int, of i: Int = 0, _ block: ParameterBlock?, _ field: String = "axis") throws(Diagnostic)
    -> Int
  {
    let n = rank(i)
    guard axis >= -n, axis < n else {
      throw error(
        "caffe.layer.axis-range", "\(field) \(axis) is out of range for a bottom of shape \(shapeText(shape(i)))",
        block, field)
    }
    return axis < 0 ? axis + n : axis
  }

  /// An extent that must be a number.
  package func size(_ axis: Int, of i: Int = 0, _ what: String) throws(Diagnostic) -> Int {
    let s = shape(i)
    guard axis < s.count else {
      throw error("caffe.layer.rank", "the bottom has shape \(shapeText(s)): there is no axis \(axis) (\(what))")
    }
    guard let v = s[axis].value else {
      throw error(
        "caffe.layer.symbolic", "\(what) must be a known number, but is \(s[axis])",
        help: "give the input's shape with numbers: --shape NAME=1,3,224,224")
    }
    return v
  }

  /// Runs shape arithmetic; its error becomes one about this layer.
  package func dims<R>(_ body: () throws(InferenceError) -> R) throws(Diagnostic) -> R {
    do throws(InferenceError) { return try body() } catch { throw self.error("caffe.layer.shape", error.message) }
  }

  /// The product of extents.
  package func count(_ d: some Sequence<Dim>) throws(Diagnostic) -> Dim {
    try dims { () throws(InferenceError) in try ShapeRule.product(d) }
  }

  /// The product of extents as a number.
  package func number(_ d: Dim, _ what: String) throws(Diagnostic) -> Int {
    guard let v = d.value else {
      throw error(
        "caffe.layer.symbolic", "\(what) must be a known number, but is \(d)",
        help: "give the input's shape with numbers: --shape NAME=1,3,224,224")
    }
    return v
  }

  /// Throws unless bottoms `i` and `j` can have one shape.
  package func requireSameShape(_ i: Int, _ j: Int, _ code: String, help: String? = nil) throws(Diagnostic) {
    let a = shape(i)
    let b = shape(j)
    let fits =
      a.count == b.count
      && zip(a, b).allSatisfy { x, y in
        if let m = x.value, let n = y.value { return m == n }
        return true
      }
    guard fits else {
      throw error(code, "bottoms \(i) and \(j) have shapes \(shapeText(a)) and \(shapeText(b))", help: help)
    }
  }

  // MARK: Weights

  /// The layer's next blob (they are asked for in order) as a constant of the graph.
  ///
  /// - Parameters:
  ///   - shape: what Caffe would give the blob.
  ///   - filler: what fills it where no weights are given.
  package func blob(_ role: String, shape: [Int], filler: Filler) throws(Diagnostic) -> ValueID {
    let index = blobCount
    blobCount += 1
    return try net.weights.constant(layer, index, role, shape, filler, net)
  }

  /// The layer's next blob as a tensor, for blobs that are folded into others.
  package func blobTensor(shape: [Int], filler: Filler) throws(Diagnostic) -> Tensor {
    let index = blobCount
    blobCount += 1
    // These values are read at once: without a file behind them their number is bounded here.
    guard let count = checkedProduct(shape), count <= 1 << 26 else {
      throw error("caffe.blob.size", "blob \(index) of shape \(shape) is too large")
    }
    return try net.weights.tensor(layer, index, shape, filler)
  }

  /// What a variance that no file gives is: 0 as in a fresh Caffe net, or 1 where weights are made to be run.
  package var freshVariance: Filler { net.options.impliedFiller == nil ? .zeros : .constant(1) }

  /// All blobs that the weights file has for this layer, in whatever shapes; for layers whose blobs' shapes do not follow
  /// from the net. None where there is no file.
  package func freeBlobs() throws(Diagnostic) -> [Tensor] {
    let blobs = net.weights.foreignBlobs()
    guard blobs.allSatisfy({ $0.count <= 1 << 26 }) else { throw error("caffe.blob.size", "a blob is too large") }
    blobCount = blobs.count
    return blobs
  }

  /// The shape that blob `i` has in the weights file; nil where there is none.
  package func sourceBlobShape(_ i: Int) -> [Int]? { net.weights.sourceBlobShape(i) }

  /// A constant that is derived from the parameters.
  package func constant(_ role: String, _ tensor: Tensor) -> ValueID {
    net.editor.addConstant(net.freeName("\(layer.name).\(unique(role))"), tensor)
  }

  package func constant(_ role: String, ints: [Int]) throws(Diagnostic) -> ValueID {
    constant(role, try Tensor(ints.map(Int64.init)))
  }

  package func constant(_ role: String, scalar: Float) throws(Diagnostic) -> ValueID {
    constant(role, try Tensor(scalar: scalar))
  }

  // MARK: Nodes

  /// Inserts a helper node and gives its first result.
  package func add(_ op: any Operator, _ inputs: [ValueID?], _ role: String) throws(Diagnostic) -> ValueID {
    guard let v = try addAll(op, inputs, role)[0] else {
      throw error("caffe.layer.internal", "\(op.operatorName) gives no result")
    }
    return v
  }

  /// Inserts a helper node and gives all its results.
  package func addAll(_ op: any Operator, _ inputs: [ValueID?], _ role: String) throws(Diagnostic) -> [ValueID?] {
    let name = "\(layer.name)/\(unique(role))"
    let wanted = net.freeName(name)
    return try net.editor.insert(op, inputs, name: name, outputNames: [wanted], origin: origin)
  }

  /// Inserts the node that makes top `i`; it bears the layer's name.
  @discardableResult
  package func emit(_ op: any Operator, _ inputs: [ValueID?], top i: Int = 0) throws(Diagnostic) -> ValueID {
    let name = i == 0 || tops.count <= 1 ? layer.name : "\(layer.name)/\(i)"
    let out = try net.editor.insert(op, inputs, name: name, outputNames: [topName(i)], origin: origin)
    guard let v = out[0] else { throw error("caffe.layer.internal", "\(op.operatorName) gives no result") }
    setTop(i, v)
    return v
  }

  /// Inserts a node of which result `j` is top `j`.
  package func emitAll(_ op: any Operator, _ inputs: [ValueID?]) throws(Diagnostic) {
    let names = (0..<tops.count).map { topName($0) }
    let out = try net.editor.insert(op, inputs, name: layer.name, outputNames: names, origin: origin)
    for i in tops.indices where i < out.count { if let v = out[i] { setTop(i, v) } }
  }

  /// Makes `value` top `i`. A bottom's value may be given: the top is then the same values under another name.
  package func setTop(_ i: Int, _ value: ValueID) { if i < tops.count { tops[i] = value } }

  func topName(_ i: Int) -> String {
    net.freeName("\(i < layer.tops.count ? layer.tops[i] : "\(layer.name)_\(i)")@\(layer.name)")
  }

  /// The tops as set; nil where the translator gave none.
  var results: [ValueID?] { tops }

  /// Result types of a value in the graph so far.
  package func type(of value: ValueID) -> ValueType { net.editor.graph[value]?.type ?? .unknown }

  package func shape(of value: ValueID) -> [Dim] { type(of: value).shape ?? [] }

  private func unique(_ role: String) -> String {
    if roles.insert(role).inserted { return role }
    var k = 1
    while !roles.insert("\(role)_\(k)").inserted { k += 1 }
    return "\(role)_\(k)"
  }

  /// A shape as an operand: one extent may be symbolic and is then inferred.
  package func shapeConstant(_ shape: [Dim], _ role: String) throws(Diagnostic) -> ValueID {
    var out: [Int] = []
    var inferred = false
    for d in shape {
      if let v = d.value {
        out.append(v)
      } else if !inferred {
        inferred = true
        out.append(-1)
      } else {
        throw error(
          "caffe.layer.symbolic", "the shape \(shapeText(shape)) has more than one extent that is not known",
          help: "give the input's shape with numbers: --shape NAME=1,3,224,224")
      }
    }
    return try constant(role, ints: out)
  }

  /// The same elements in another shape: `x` itself where it has it already.
  package func reshaped(_ x: ValueID, to wanted: [Dim], _ role: String) throws(Diagnostic) -> ValueID {
    if shape(of: x) == wanted, type(of: x).shape != nil { return x }
    return try add(Reshape(allowsZero: hasZero(wanted)), [x, try shapeConstant(wanted, role + "_shape")], role)
  }

  /// Makes top `i` the elements of `x` in another shape.
  package func emitReshaped(_ x: ValueID, to wanted: [Dim], top i: Int = 0) throws(Diagnostic) {
    try emit(Reshape(allowsZero: hasZero(wanted)), [x, try shapeConstant(wanted, "shape")], top: i)
  }

  private func hasZero(_ s: [Dim]) -> Bool { s.contains { $0.value == 0 } }

  /// How many blobs the weights file has for this layer; nil where it has none or there is no file.
  package var sourceBlobCount: Int? { net.weights.sourceBlobCount }

  // MARK: Messages

  /// Thrown by a translator that leaves the layer as it is: it is kept like one of an unknown type.
  static let keepForeign = Diagnostic(.note, "caffe.layer.keep-foreign", "")

  /// An error about this layer, at the place of `field` in `block` where that is known.
  package func error(
    _ code: String, _ message: String, _ block: ParameterBlock? = nil, _ field: String? = nil, help: String? = nil
  ) -> Diagnostic {
    .error(code, layer.text(message), at: place(block, field), help: help)
  }

  package func warn(
    _ code: String, _ message: String, _ block: ParameterBlock? = nil, _ field: String? = nil, help: String? = nil
  ) { net.sink.warning(code, layer.text(message), at: place(block, field), help: help) }

  package func note(_ code: String, _ message: String, help: String? = nil) {
    net.sink.note(code, layer.text(message), at: layer.location, help: help)
  }

  private func place(_ block: ParameterBlock?, _ field: String?) -> SourceLocation {
    var at = layer.location
    guard let block else { return at }
    let found = field.flatMap { block.location(of: $0) } ?? block.location
    if let line = found?.line {
      at.line = line
      at.column = found?.column
    }
    at.path = [layer.name, block.name] + (field.map { [$0] } ?? [])
    return at
  }
}
