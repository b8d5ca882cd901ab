import CaffeFormat
import Containers
import Diagnostics
import ModelGraph
import OnnxFormat
import TensorCore
import WeightFormats

/// What two models have in common and where they part: layers by name, weights by name.
public struct ModelDifference: Sendable, Codable {
  /// Layers and tensors of the second model alone.
  public var addedLayers: [String]
  /// Layers of the first model alone.
  public var removedLayers: [String]
  /// Layers of both whose type, sources, output shapes or parameters differ.
  public var changedLayers: [LayerChange]
  /// Tensors of the second model alone.
  public var addedTensors: [String]
  /// Tensors of the first model alone.
  public var removedTensors: [String]
  /// Tensors of both that are not bit for bit the same.
  public var changedTensors: [Comparison]
  /// Settings, and inputs and outputs of the models, that differ.
  public var changedFacts: [FactChange]
  /// Settings that are alike.
  public var equalFacts: Int
  /// Layers of two formats whose parameters could not be compared: one format says them with several operators.
  public var unjudgedLayers: [String]
  /// Layers and tensors that both have alike.
  public var equalLayers: Int
  /// Tensors with the same bits.
  public var equalTensors: Int

  /// A layer that both models have.
  public struct LayerChange: Sendable, Codable {
    /// Its name.
    public var name: String
    /// What differs: `type`, `inputs`, `outputs`, `shape`, `elements`, or a parameter (`pooling_param.pool`).
    public var field: String
    /// As the first model has it.
    public var before: String
    /// As the second model has it.
    public var after: String
  }

  /// A setting of the models themselves.
  public struct FactChange: Sendable, Codable {
    /// Its name.
    public var name: String
    /// As the first model has it.
    public var before: String
    /// As the second model has it.
    public var after: String
  }

  /// True where nothing differs.
  public var isEmpty: Bool {
    addedLayers.isEmpty && removedLayers.isEmpty && changedLayers.isEmpty && addedTensors.isEmpty
      && removedTensors.isEmpty && changedTensors.isEmpty && changedFacts.isEmpty
  }
}

extension Model {
  /// Compares structure, parameters and weights with another model; weights alone where one of them holds no network;
  /// settings with settings. Models of two formats are compared as neutral graphs, whose operators and constants have the
  /// names that conversion keeps.
  ///
  /// - Throws: `diff.kinds` and `diff.nothing` where there is nothing that both could have.
  public func difference(to other: Model) throws(ModelConvError) -> ModelDifference {
    try rethrowing {
      var out = ModelDifference(
        addedLayers: [], removedLayers: [], changedLayers: [], addedTensors: [], removedTensors: [], changedTensors: [],
        changedFacts: [], equalFacts: 0, unjudgedLayers: [], equalLayers: 0, equalTensors: 0)
      try requireComparable(other)
      switch (content, other.content) {
      case (.settings(let a), .settings(let b)):
        let found = MessageDifference().fields(a, b)
        out.changedFacts = found.changes.map { .init(name: $0.name, before: $0.before, after: $0.after) }
        out.equalFacts = found.equal
        return out
      case (.caffe(let a), .caffe(let b)):
        let parameters = CaffeLayerDifference(a, b)
        Self.compareLayers(layers(automaticSplits: false), other.layers(automaticSplits: false), &out) {
          parameters.changes($0, $1)
        }
      case (.onnx(let a), .onnx(let b)):
        let (x, y) = (a.graph.nodes, b.graph.nodes)
        Self.compareLayers(a.graph.layersWithOperands, b.graph.layersWithOperands, &out) {
          OperatorDifference.attributes(x[$0].op, y[$1].op)
        }
        Self.compareFacts(a.graph.interface, b.graph.interface, &out)
        // Only settings count as such.
        out.equalFacts = 0
      case (.weights(let a), .weights(let b)) where format == other.format && format == "caffe-solverstate":
        Self.compareFacts(a.metadata.map { ($0.key, $0.value) }, b.metadata.map { ($0.key, $0.value) }, &out)
      default:
        guard let mine = graph, let theirs = other.graph else { break }
        let (a, b) = (NeutralLayers(mine, besides: theirs), NeutralLayers(theirs, besides: mine))
        var unjudged: [String] = []
        // Caffe has floats alone, where others count in integers.
        Self.compareLayers(
          a.layers, b.layers, &out, withoutTypes: a.decomposed.union(b.decomposed), comparesElements: false
        ) { i, j in
          if !a.isJudged(i, b, j) { unjudged.append(a.layers[i].name) }
          return a.changes(i, b, j)
        }
        out.unjudgedLayers = unjudged
        try Self.compareTensors(a.tensors, b.tensors, &out)
        return out
      }
      try Self.compareTensors(tensors, other.tensors, &out)
      if out.isEmpty, out.equalLayers + out.equalTensors + out.equalFacts == 0 { throw nothingToCompare(other) }
      return out
    }
  }

  /// Throws where one holds what the other cannot have.
  private func requireComparable(_ other: Model) throws(Diagnostic) {
    func kind(_ m: Model) -> Int {
      if case .settings = m.content { return 0 }
      return m.format == "caffe-solverstate" ? 1 : 2
    }
    let hasBoth = graph != nil && other.graph != nil
    let isComparable = hasBoth || kind(self) == 0 || (!tensors.isEmpty && !other.tensors.isEmpty)
    guard kind(self) == kind(other), isComparable else { throw nothingToCompare(other) }
  }

  private func nothingToCompare(_ other: Model) -> Diagnostic {
    func name(_ m: Model) -> String {
      let what = m.graph != nil && m.tensors.isEmpty ? "\(m.title), without weights" : m.title
      return "\(m.files.joined(separator: ",")) (\(what))"
    }
    return .error(
      "diff.nothing", "\(name(self)) and \(name(other)) have nothing that could be compared",
      help: "networks are compared with networks, weights with weights, solvers with solvers")
  }

  private static func compareFacts(
    _ a: [(name: String, value: String)], _ b: [(name: String, value: String)], _ out: inout ModelDifference
  ) {
    let theirs = Dictionary(b.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let mine = Dictionary(a.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    for name in Set(mine.keys).union(theirs.keys).sorted() {
      let (before, after) = (mine[name] ?? "none", theirs[name] ?? "none")
      if before == after {
        out.equalFacts += 1
      } else {
        out.changedFacts.append(
          .init(name: name, before: MessageDifference.short(before), after: MessageDifference.short(after)))
      }
    }
  }

  /// A key for each name: old Caffe nets give one name to several layers, of which the first is compared with the first,
  /// the second with the second.
  private static func numbered(_ names: [String]) -> [String] {
    var seen: [String: Int] = [:]
    return names.map { name in
      seen[name, default: 0] += 1
      return "\(seen[name] ?? 1) \(name)"
    }
  }

  private static func added(_ mine: [String], _ other: [String], _ names: [String]) -> [String] {
    let known = Set(mine)
    return zip(other, names).filter { !known.contains($0.0) }.map(\.1)
  }

  private static func compareLayers(
    _ a: [LayerSummary], _ b: [LayerSummary], _ out: inout ModelDifference, withoutTypes: Set<String> = [],
    comparesElements: Bool = true, parameters: (Int, Int) -> [ParameterChange]
  ) {
    let (mine, other) = (numbered(a.map(\.name)), numbered(b.map(\.name)))
    let theirs = Dictionary(zip(other, b.indices), uniquingKeysWith: { first, _ in first })
    for (i, (key, l)) in zip(mine, a).enumerated() {
      guard let j = theirs[key] else {
        out.removedLayers.append(l.name)
        continue
      }
      let o = b[j]
      let fields = [
        ("type", l.type, o.type), ("inputs", l.inputs.joined(separator: ", "), o.inputs.joined(separator: ", ")),
        (
          "outputs", l.outputs.map(\.name).joined(separator: ", "), o.outputs.map(\.name).joined(separator: ", ")
        ),
        (
          "shape", l.outputs.map(\.shapeText).joined(separator: " "), o.outputs.map(\.shapeText).joined(separator: " ")
        ),
        (
          "elements", l.outputs.map(\.elementType).joined(separator: " "),
          o.outputs.map(\.elementType).joined(separator: " ")
        ),
      ]
      // A size that one side does not know is no difference.
      let changed = fields.filter { field in
        if field.0 == "type", withoutTypes.contains(l.name) { return false }
        if field.0 == "elements" {
          guard comparesElements, l.outputs.count == o.outputs.count, !(field.1 + field.2).contains("unknown") else {
            return false
          }
        }
        return field.1 != field.2 && !(field.0 == "shape" && (field.1 + field.2).contains("?"))
      }
      // Another type has other parameters.
      let others = changed.contains { $0.0 == "type" } ? [] : parameters(i, j)
      if changed.isEmpty, others.isEmpty { out.equalLayers += 1 }
      out.changedLayers += changed.map { .init(name: l.name, field: $0.0, before: $0.1, after: $0.2) }
      out.changedLayers += others.map { .init(name: l.name, field: $0.name, before: $0.before, after: $0.after) }
    }
    out.addedLayers = added(mine, other, b.map(\.name))
  }

  private static func compareTensors(
    _ a: [NamedTensor], _ b: [NamedTensor], _ out: inout ModelDifference
  ) throws(Diagnostic) {
    let (mine, other) = (numbered(a.map(\.name)), numbered(b.map(\.name)))
    let theirs = Dictionary(zip(other, b), uniquingKeysWith: { first, _ in first })
    for (key, t) in zip(mine, a) {
      guard let o = theirs[key] else {
        out.removedTensors.append(t.name)
        continue
      }
      guard let x = t.tensor, let y = o.tensor else {
        out.changedTensors.append(Comparison(name: t.name, problem: t.problem ?? o.problem ?? "cannot be read"))
        continue
      }
      if x.dtype == y.dtype, x.shape == y.shape, x.dtype != .string, try x.bytes().contentEquals(try y.bytes()) {
        out.equalTensors += 1
        continue
      }
      let c = try Comparison(
        name: t.name, actual: y, expected: x, tolerance: Tolerance(relative: 0, absolute: 0))
      // NaNs of other bits, and 0 and -0, are equal as values.
      if c.passes { out.equalTensors += 1 } else { out.changedTensors.append(c) }
    }
    out.addedTensors = added(mine, other, b.map(\.name))
  }
}
