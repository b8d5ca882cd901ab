import Diagnostics
import TensorCore

/// What two models have in common and where they part: layers by name, weights by name.
public struct ModelDifference: Sendable, Codable {
  /// Layers and tensors of the second model alone.
  public var addedLayers: [String]
  /// Layers of the first model alone.
  public var removedLayers: [String]
  /// Layers of both whose type, sources or output shapes differ.
  public var changedLayers: [LayerChange]
  /// Tensors of the second model alone.
  public var addedTensors: [String]
  /// Tensors of the first model alone.
  public var removedTensors: [String]
  /// Tensors of both that are not bit for bit the same.
  public var changedTensors: [Comparison]
  /// Layers and tensors that both have alike.
  public var equalLayers: Int
  /// Tensors with the same bits.
  public var equalTensors: Int

  /// A layer that both models have.
  public struct LayerChange: Sendable, Codable {
    /// Its name.
    public var name: String
    /// What differs: `type`, `inputs`, `outputs`, `shape`.
    public var field: String
    /// As the first model has it.
    public var before: String
    /// As the second model has it.
    public var after: String
  }

  /// True where nothing differs.
  public var isEmpty: Bool {
    addedLayers.isEmpty && removedLayers.isEmpty && changedLayers.isEmpty && addedTensors.isEmpty
      && removedTensors.isEmpty && changedTensors.isEmpty
  }
}

extension Model {
  /// Compares structure and weights with another model; weights alone where one of them holds no network. Models of two
  /// formats are compared as neutral graphs, whose operators and constants have the names that conversion keeps.
  public func difference(to other: Model) throws(ModelConvError) -> ModelDifference {
    try rethrowing {
      var out = ModelDifference(
        addedLayers: [], removedLayers: [], changedLayers: [], addedTensors: [], removedTensors: [], changedTensors: [],
        equalLayers: 0, equalTensors: 0)
      if format != other.format, let mine = graph, let theirs = other.graph {
        let (a, b) = (NeutralLayers(mine, besides: theirs), NeutralLayers(theirs, besides: mine))
        Self.compareLayers(a.layers, b.layers, &out, withoutTypes: a.decomposed.union(b.decomposed))
        try Self.compareTensors(a.tensors, b.tensors, &out)
      } else {
        if graph != nil, other.graph != nil {
          Self.compareLayers(layers(automaticSplits: false), other.layers(automaticSplits: false), &out)
        }
        try Self.compareTensors(tensors, other.tensors, &out)
      }
      return out
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
    _ a: [LayerSummary], _ b: [LayerSummary], _ out: inout ModelDifference, withoutTypes: Set<String> = []
  ) {
    let (mine, other) = (numbered(a.map(\.name)), numbered(b.map(\.name)))
    let theirs = Dictionary(zip(other, b), uniquingKeysWith: { first, _ in first })
    for (key, l) in zip(mine, a) {
      guard let o = theirs[key] else {
        out.removedLayers.append(l.name)
        continue
      }
      let fields = [
        ("type", l.type, o.type), ("inputs", l.inputs.joined(separator: ", "), o.inputs.joined(separator: ", ")),
        (
          "outputs", l.outputs.map(\.name).joined(separator: ", "), o.outputs.map(\.name).joined(separator: ", ")
        ),
        (
          "shape", l.outputs.map(\.shapeText).joined(separator: " "), o.outputs.map(\.shapeText).joined(separator: " ")
        ),
      ]
      // A size that one side does not know is no difference.
      let changed = fields.filter { field in
        if field.0 == "type", withoutTypes.contains(l.name) { return false }
        return field.1 != field.2 && !(field.0 == "shape" && (field.1 + field.2).contains("?"))
      }
      if changed.isEmpty { out.equalLayers += 1 }
      out.changedLayers += changed.map { .init(name: l.name, field: $0.0, before: $0.1, after: $0.2) }
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
