import CaffeFormat
import Containers
import ModelGraph
import TensorCore

/// What two Caffe layers of one type compute differently: their effective parameters.
///
/// Rules, learning rates, engines and (where weights are given) fillers do not say what a layer computes. Parameters
/// that say the same in other words (`kernel_size: 3`, `kernel_h: 3 kernel_w: 3`) make the same operators, and are no
/// difference.
struct CaffeLayerDifference {
  private let mine: Side
  private let theirs: Side
  private let messages: MessageDifference

  private struct Side {
    let model: CaffeModel
    let nodes: [String: [Node]]
    /// Storages of the layers' own blobs, which are compared as tensors.
    let blobs: Set<ObjectIdentifier>

    init(_ model: CaffeModel) {
      self.model = model
      nodes = Dictionary(grouping: model.graph.nodes) { $0.origin.layer ?? $0.name }
      blobs = Set(model.blobs.joined().map { ObjectIdentifier($0.storage) })
    }

    /// Operands of a node that parameters made.
    func constants(_ node: Node) -> [Tensor] {
      node.inputs.compactMap { $0.flatMap { model.graph[$0]?.constant } }
        .filter { !blobs.contains(ObjectIdentifier($0.storage)) }
    }
  }

  /// A layer's fields that say nothing of what is computed.
  private static let aside: Set<String> = [
    "name", "type", "bottom", "top", "blobs", "include", "exclude", "param", "propagate_down", "phase",
  ]

  init(_ a: CaffeModel, _ b: CaffeModel) {
    mine = Side(a)
    theirs = Side(b)
    let comparesFillers = a.weights == nil && b.weights == nil
    messages = MessageDifference { name, depth in
      (depth == 0 && Self.aside.contains(name)) || name == "engine" || (!comparesFillers && name.hasSuffix("_filler"))
    }
  }

  /// - Parameters:
  ///   - i: place of the layer in the first model's `layers`.
  ///   - j: in the second's.
  func changes(_ i: Int, _ j: Int) -> [ParameterChange] {
    guard i < mine.model.layers.count, j < theirs.model.layers.count else { return [] }
    let (a, b) = (mine.model.layers[i], theirs.model.layers[j])
    // Shapes of inputs are compared as they are used, --shape and --batch included.
    guard a.type == b.type, a.type != "Input" else { return [] }
    let found = messages.fields(a.message, b.message).changes
    guard !found.isEmpty, haveEqualOperators(a.name, b.name) else { return found }
    // Fillers are no part of an operator.
    return found.filter { $0.name.contains("_filler") }
  }

  /// True where both layers are operators, and equal ones.
  private func haveEqualOperators(_ a: String, _ b: String) -> Bool {
    guard let x = mine.nodes[a], let y = theirs.nodes[b], x.count == y.count else { return false }
    // A layer that does nothing at TEST is none; what it would do in training is not seen there.
    guard x.contains(where: { !($0.op is Identity) }) else { return false }
    return zip(x, y).allSatisfy { p, q in
      let (c, d) = (mine.constants(p), theirs.constants(q))
      return OperatorDifference.attributes(p.op, q.op).isEmpty && c.count == d.count
        && zip(c, d).allSatisfy { OperatorDifference.equal($0, $1) }
    }
  }
}
