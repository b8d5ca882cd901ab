import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// A net and weights written from a neutral graph: networks of the kind that Caffe can say.
///
/// What Caffe has no layer for is reported, all of it at once. Sizes must be numbers.
package struct CaffeExport: Sendable {
  /// The layer types that are written for graphs of other formats.
  package static let types: Set<String> = [
    "AbsVal", "BNLL", "BatchNorm", "Bias", "Clip", "Concat", "Convolution", "Crop", "Deconvolution", "ELU", "Eltwise",
    "Exp", "Flatten", "InnerProduct", "Input", "LRN", "Log", "MVN", "PReLU", "Parameter", "Pooling", "Power", "ReLU",
    "Reduction", "Reshape", "Scale", "Sigmoid", "Silence", "Slice", "Softmax", "Split", "Swish", "TanH", "Threshold",
    "Tile",
  ]

  package var name: String
  package var layers: [CaffeLayer]
  package var blobs: [[Tensor]]

  /// The layers of a graph from any format.
  ///
  /// - Throws: `caffe.write.*` for every node that Caffe cannot say.
  package init(_ graph: Graph) throws(Diagnostics) {
    var writer = GraphExportWriter(graph)
    writer.run()
    if !writer.problems.isEmpty { throw Diagnostics(writer.problems) }
    name = graph.name
    var layers: [CaffeLayer] = []
    for draft in writer.drafts {
      do throws(Diagnostic) { layers.append(try draft.layer()) } catch { throw Diagnostics([error]) }
    }
    self.layers = layers
    blobs = writer.drafts.map(\.blobs)
  }

  /// The net as text.
  package func prototxt() throws(Diagnostic) -> String {
    var net = ProtoMessage(CaffeSchema.net)
    if !name.isEmpty { try net.set("name", .string(name)) }
    try net.set("layer", layers.map { ProtoElement(.message($0.message)) })
    return try ProtoTextPrinter(omitting: ["blobs"]).print(net)
  }

  /// The weights as a caffemodel.
  package func caffemodel() throws(Diagnostic) -> ProtobufBuilder {
    try CaffeWriter.caffemodel(name: name, layers: layers, blobs: blobs)
  }
}

/// Walks a graph and collects layers.
struct GraphExportWriter {
  let graph: Graph
  var drafts: [LayerDraft] = []
  var problems: [Diagnostic] = []
  /// The Caffe blob that holds a value.
  private var blobs: [ValueID: String] = [:]
  private var blobNames: Set<String> = []
  private var layerNames: Set<String> = []
  /// Outputs that could not keep their value's name.
  private var outputBlobs: Set<String> = []

  init(_ graph: Graph) { self.graph = graph }

  mutating func run() {
    for id in graph.inputs where graph[id]?.constant == nil {
      do throws(Diagnostic) {
        let shape = try sizes(id)
        let name = newBlob(id)
        var d = LayerDraft(newLayer(name), "Input", bottoms: [], tops: [name])
        try d.set("input_param", shape: shape)
        drafts.append(d)
      } catch { problems.append(error) }
    }
    for node in graph.nodes {
      do throws(Diagnostic) { try GraphExportRules.write(node, &self) } catch {
        // What reads the result of a node that failed would fail only because of it.
        if error.code != Self.followUp.code { problems.append(error) }
      }
    }
    nameOutputs()
    silenceRest()
  }

  /// A net's outputs are the blobs that nothing reads: a Silence layer takes those that are no outputs.
  private mutating func silenceRest() {
    let read = Set(drafts.flatMap(\.bottoms)).union(graph.outputs.compactMap { graph[$0]?.name })
    let rest = drafts.flatMap(\.tops).filter { !read.contains($0) && !outputBlobs.contains($0) }
    if !rest.isEmpty { drafts.append(LayerDraft(newLayer("unused"), "Silence", bottoms: rest, tops: [])) }
  }

  /// Outputs that are another value's blob get their own name through a Split layer of one top; so do outputs that a
  /// layer reads, because a net's outputs are the blobs that nothing reads.
  private mutating func nameOutputs() {
    for id in graph.outputs {
      guard let v = graph[id], let blob = blobs[id] else { continue }
      if blob == v.name {
        guard drafts.contains(where: { $0.bottoms.contains(blob) }) else { continue }
        if drafts.contains(where: { $0.type == "Input" && $0.tops.contains(blob) }) {
          // An input keeps its name; the output beside it cannot have the same.
          let top = free(blob + "/output", &blobNames)
          outputBlobs.insert(top)
          drafts.append(LayerDraft(newLayer(top), "Split", bottoms: [blob], tops: [top]))
          continue
        }
        let inner = free(blob + "/inner", &blobNames)
        for i in drafts.indices { drafts[i].renameBlob(blob, to: inner) }
        drafts.append(LayerDraft(newLayer(v.name + "/output"), "Split", bottoms: [inner], tops: [blob]))
      } else if blobNames.insert(v.name).inserted {
        drafts.append(LayerDraft(newLayer(v.name), "Split", bottoms: [blob], tops: [v.name]))
      }
    }
  }

  // MARK: Values

  static let followUp = Diagnostic(.note, "caffe.write.follow-up", "")

  /// The blob of operand `i`; a constant becomes a Parameter layer.
  mutating func bottom(_ node: Node, _ i: Int) throws(Diagnostic) -> String {
    guard i < node.inputs.count, let id = node.inputs[i] else { throw refuse(node, "operand \(i) is missing") }
    if let name = blobs[id] { return name }
    guard let t = graph[id]?.constant else { throw Self.followUp }
    guard t.dtype.isFloat else { throw refuse(node, "operand \(i) is a constant of whole numbers") }
    let name = newBlob(id)
    var d = LayerDraft(newLayer(name), "Parameter", bottoms: [], tops: [name], blobs: [t])
    try d.set("parameter_param", shape: t.shape)
    drafts.append(d)
    return name
  }

  /// The blob for result `i`, under the value's own name.
  mutating func top(_ node: Node, _ i: Int = 0) throws(Diagnostic) -> String {
    guard i < node.outputs.count, let id = node.outputs[i] else {
      return free(node.name + "_\(i)", &blobNames)
    }
    return newBlob(id)
  }

  /// Makes result 0 another name of operand 0.
  mutating func alias(_ node: Node) throws(Diagnostic) {
    guard let out = node.outputs.first ?? nil else { return }
    blobs[out] = try bottom(node, 0)
  }

  /// A blob between two layers of one node.
  mutating func inner(_ node: Node, _ role: String) -> String { free("\(node.name)/\(role)", &blobNames) }

  private mutating func newBlob(_ id: ValueID) -> String {
    let name = free(graph[id]?.name ?? "blob", &blobNames)
    blobs[id] = name
    return name
  }

  mutating func newLayer(_ wanted: String) -> String { free(wanted, &layerNames) }

  private func free(_ wanted: String, _ names: inout Set<String>) -> String {
    var name = wanted.isEmpty ? "layer" : wanted
    var k = 1
    while !names.insert(name).inserted {
      name = "\(wanted)_\(k)"
      k += 1
    }
    return name
  }

  /// The floats of operand `i`, which must be a constant.
  func constant(_ node: Node, _ i: Int) -> Tensor? {
    guard i < node.inputs.count, let id = node.inputs[i] else { return nil }
    return graph[id]?.constant
  }

  func has(_ node: Node, _ i: Int) -> Bool { i < node.inputs.count && node.inputs[i] != nil }

  func shape(_ node: Node, _ i: Int) throws(Diagnostic) -> [Int] {
    guard i < node.inputs.count, let id = node.inputs[i] else { throw refuse(node, "operand \(i) is missing") }
    return try sizes(id)
  }

  func resultShape(_ node: Node) throws(Diagnostic) -> [Int] {
    guard let id = node.outputs.first ?? nil else { return [] }
    return try sizes(id)
  }

  private func sizes(_ id: ValueID) throws(Diagnostic) -> [Int] {
    guard let v = graph[id], let s = v.type.sizes else {
      throw .error(
        "caffe.write.shape", "value '\(graph[id]?.name ?? "")' has no fixed shape; Caffe wants numbers",
        help: "give the inputs' shapes: --shape NAME=1,3,224,224")
    }
    return s
  }

  func refuse(_ node: Node, _ why: String) -> Diagnostic {
    .error(
      "caffe.write.unsupported", "node '\(node.name)' (\(node.origin.layerType ?? node.op.operatorName)): \(why)",
      at: node.origin.location, help: "Caffe has no layer for it")
  }

  mutating func add(_ d: LayerDraft) { drafts.append(d) }
}
