import Containers
import Diagnostics

/// What becomes of each layer of a training net when it is made a deploy net.
struct DeployPlan {
  enum Fate: Equatable {
    case kept, dropped
    /// A data layer: its first top becomes an input.
    case input
    /// A loss: the layer that makes its scores probabilities, of that type and name.
    case probability(type: String, name: String)
  }

  /// A reader of a top: the layer, and which of its bottoms it is.
  private struct Reader {
    var layer: Int
    var bottom: Int
  }

  private(set) var fates: [Fate] = []
  /// What was left out and why.
  private(set) var notes: [(text: String, location: SourceLocation)] = []

  private let layers: [CaffeLayer]
  /// Of each layer and top: who reads it.
  private var readers: [[[Reader]]] = []
  /// Of each layer and bottom: the layer that makes it; nil where none does.
  private var makers: [[Int?]] = []
  /// Layers that only bring data, or put them in another form: what they make can be a target.
  private var bringsData: Set<Int> = []
  /// Layers that must stay whoever reads them.
  private var required: Set<Int> = []
  /// Layers that went because only training reads them.
  private var discarded: Set<Int> = []

  /// Losses whose scores are made probabilities by another layer.
  private static let probabilities = [
    "SoftmaxWithLoss": "Softmax", "SoftmaxLoss": "Softmax", "SigmoidCrossEntropyLoss": "Sigmoid",
    "InfogainLoss": "Softmax",
  ]

  /// Types of layers that learn nothing and leave values what they are.
  private static let rearranging: Set<String> = [
    "Input", "DummyData", "Flatten", "Reshape", "Slice", "Split", "Concat", "Power", "Threshold", "Crop", "Permute",
  ]

  /// - Parameter layers: those that take part, in order.
  init(_ layers: [CaffeLayer]) {
    self.layers = layers
    connect()
    decideByLabels()
    decideLosses()
    discardUnread()
  }

  private mutating func connect() {
    var last: [String: (layer: Int, top: Int)] = [:]
    for (i, layer) in layers.enumerated() {
      makers.append([])
      for (j, blob) in layer.bottoms.enumerated() {
        makers[i].append(last[blob]?.layer)
        if let m = last[blob] { readers[m.layer][m.top].append(Reader(layer: i, bottom: j)) }
      }
      readers.append(layer.tops.map { _ in [] })
      for (j, blob) in layer.tops.enumerated() { last[blob] = (i, j) }
      let isPlain = Self.rearranging.contains(layer.type) || DataLayerFacts.isDataLayer(layer)
      if isPlain, makers[i].allSatisfy({ $0.map(bringsData.contains) ?? false }) { bringsData.insert(i) }
    }
  }

  private func isLoss(_ i: Int) -> Bool { CaffeLayerTable.automaticTops(layers[i].type) > 0 }

  /// Layers that read labels go, and what they make counts as labels; so do losses, whose fate is decided later.
  private mutating func decideByLabels() {
    var labels: Set<String> = []
    for (i, layer) in layers.enumerated() {
      let wantsLabel = layer.bottoms.contains { labels.contains($0) }
      if DataLayerFacts.isDataLayer(layer), layer.bottoms.isEmpty, !layer.tops.isEmpty {
        labels.formUnion(layer.tops.dropFirst())
        fates.append(.input)
      } else if isLoss(i) {
        labels.formUnion(layer.tops.prefix(1))
        fates.append(.dropped)
      } else if wantsLabel || layer.type == "Accuracy" || layer.type == "Silence" {
        labels.formUnion(layer.tops.filter { !layer.bottoms.contains($0) || labels.contains($0) })
        fates.append(.dropped)
        note(i, "is for training and scoring; left out")
      } else {
        fates.append(.kept)
      }
    }
  }

  private mutating func note(_ i: Int, _ text: String) { notes.append((layers[i].text(text), layers[i].location)) }

  // MARK: Losses

  private func weight(_ i: Int) -> Float { layers[i].lossWeights.first ?? 1 }

  /// Losses of one kind with one target: the heaviest one, else the last, is the net's; the others help it to learn.
  private mutating func decideLosses() {
    let losses = layers.indices.filter { isLoss($0) }
    var targets: [[String]: Int] = [:]
    for i in losses {
      let target = [layers[i].type] + layers[i].bottoms.dropFirst()
      if let best = targets[target], weight(best) > weight(i) { continue }
      targets[target] = i
    }
    let mains = Set(targets.values)
    // The heaviest of all, else the last, is called prob.
    let first = mains.sorted().reduce(Int?.none) { best, i in
      guard let best, isProbability(best), weight(best) > weight(i) || !isProbability(i) else { return i }
      return best
    }
    for i in losses where mains.contains(i) {
      guard isProbability(i), let type = Self.probabilities[layers[i].type] else {
        note(i, "is for training and scoring; left out")
        continue
      }
      if let twin = twin(of: i, type) {
        required.insert(twin)
        note(i, "'\(layers[twin].name)' makes its probabilities already; left out")
        continue
      }
      fates[i] = .probability(type: type, name: freeName(i == first ? "prob" : "prob_\(layers[i].name)"))
    }
    for i in losses where !mains.contains(i) {
      let main = targets[[layers[i].type] + layers[i].bottoms.dropFirst()] ?? i
      note(i, "is an auxiliary loss beside '\(layers[main].name)'; left out with what only it needs")
      discarded.insert(i)
    }
  }

  private func isProbability(_ i: Int) -> Bool {
    Self.probabilities[layers[i].type] != nil && !layers[i].bottoms.isEmpty
  }

  /// A layer that makes the same probabilities of the same scores.
  private func twin(of loss: Int, _ type: String) -> Int? {
    let axis = layers[loss].parameters("softmax_param").int("axis", default: 1)
    guard let maker = makers[loss].first ?? nil else { return nil }
    return layers.indices.first { i in
      fates[i] == .kept && layers[i].type == type && layers[i].bottoms == Array(layers[loss].bottoms.prefix(1))
        && makers[i] == [maker] && layers[i].tops != layers[i].bottoms
        && (type != "Softmax" || layers[i].parameters("softmax_param").int("axis", default: 1) == axis)
    }
  }

  /// A name that neither a blob nor a layer that stays has.
  private func freeName(_ wanted: String) -> String {
    var taken: Set<String> = []
    for (layer, fate) in zip(layers, fates) {
      switch fate {
      case .kept, .input: taken.formUnion(layer.tops + [layer.name])
      case .probability(_, let name): taken.insert(name)
      case .dropped: break
      }
    }
    var name = wanted
    var k = 2
    while taken.contains(name) {
      name = "\(wanted)_\(k)"
      k += 1
    }
    return name
  }

  // MARK: What only training reads

  /// Layers that only auxiliary losses, or losses as targets, read.
  private mutating func discardUnread() {
    for i in layers.indices.reversed() where (fates[i] == .kept || fates[i] == .input) && !required.contains(i) {
      let tops = fates[i] == .input ? Array(readers[i].prefix(1)) : readers[i]
      let all = tops.flatMap { $0 }
      guard tops.allSatisfy({ !$0.isEmpty }), !all.isEmpty, !all.contains(where: stays) else {
        if isScoreOfAuxiliary(i) { discard(i) }
        continue
      }
      let isOnlyTarget = bringsData.contains(i) && all.contains(where: isTarget)
      guard isOnlyTarget || all.contains(where: { discarded.contains($0.layer) }) || isScoreOfAuxiliary(i) else {
        continue
      }
      // A net has inputs.
      if fates[i] == .input, fates.indices.allSatisfy({ $0 == i || fates[$0] != .input }),
        !layers.indices.contains(where: { fates[$0] == .kept && layers[$0].type == "Input" })
      {
        continue
      }
      discard(i)
    }
  }

  private mutating func discard(_ i: Int) {
    fates[i] = .dropped
    discarded.insert(i)
    note(i, "only training and scoring read it; left out")
  }

  /// The reader is there and reads it in the deploy net.
  private func stays(_ r: Reader) -> Bool {
    switch fates[r.layer] {
    case .kept, .input: true
    case .probability: r.bottom == 0
    case .dropped: false
    }
  }

  /// The reader compares scores with it.
  private func isTarget(_ r: Reader) -> Bool {
    r.bottom > 0 && (isLoss(r.layer) || layers[r.layer].type == "Accuracy")
  }

  /// It makes probabilities of what an auxiliary loss reads, for layers that score them or for nobody.
  private func isScoreOfAuxiliary(_ i: Int) -> Bool {
    guard fates[i] == .kept, Self.probabilities.values.contains(layers[i].type),
      !readers[i].joined().contains(where: stays), let maker = makers[i].first ?? nil
    else { return false }
    return readers[maker].joined().contains { r in
      discarded.contains(r.layer) && isLoss(r.layer) && r.bottom == 0
        && layers[r.layer].bottoms.first == layers[i].bottoms.first
    }
  }
}
