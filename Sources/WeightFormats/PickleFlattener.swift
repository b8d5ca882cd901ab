import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Walks the objects of a pickle and puts every tensor into a bag under its path. No recursion; bounded work.
struct PickleFlattener {
  private(set) var reader: PickleReader
  private(set) var bag: WeightBag

  /// A list within a list within …, or a container that holds itself, ends here.
  private static let depthLimit = 500
  /// Shared containers are walked once for each way that leads to them.
  private static let visitLimit = 1 << 20
  private static let metadataLimit = 1 << 14

  init(_ reader: PickleReader, into bag: WeightBag) {
    self.reader = reader
    self.bag = bag
  }

  private struct Visit {
    var path: String
    var value: PickleValue
    var depth: Int
  }

  /// Adds everything under `root`; a bare array gets the path `value`.
  mutating func run(_ root: PickleValue, prefix: String = "") throws(Diagnostic) {
    var pending = [Visit(path: prefix, value: root, depth: 0)]
    var visits = 0
    while let v = pending.popLast() {
      visits += 1
      guard visits <= Self.visitLimit else {
        throw reader.error("pickle.limit", "more than \(Self.visitLimit) values: refused")
      }
      guard v.depth <= Self.depthLimit else {
        throw reader.error(
          "pickle.depth", "'\(v.path.prefix(80))…' is nested more than \(Self.depthLimit) deep, or holds itself")
      }
      let children = try visit(v)
      pending += children.reversed()
    }
  }

  private mutating func visit(_ v: Visit) throws(Diagnostic) -> [Visit] {
    guard let n = reader.objects[v.value] else {
      if bag.metadata.count < Self.metadataLimit, let s = scalar(v.value) { bag.metadata.append((v.path, s)) }
      return []
    }
    let tensor: Tensor?
    do throws(Diagnostic) { tensor = try reader.tensor(v.value) } catch {
      throw error.located(at: SourceLocation(path: [v.path]), naming: v.path)
    }
    if let tensor {
      try bag.add(v.path.isEmpty ? WeightBag.valuePath : v.path, tensor)
      return []
    }
    let names = reader
    func child(_ key: String, _ value: PickleValue) -> Visit {
      Visit(path: v.path.isEmpty ? key : v.path + "." + key, value: value, depth: v.depth + 1)
    }
    func indexed(_ items: [PickleValue]) -> [Visit] {
      items.enumerated().map { child("\($0.offset)", $0.element) }
    }
    func keyed(_ pairs: [(key: PickleValue, value: PickleValue)]) -> [Visit] {
      var out: [Visit] = []
      var places: [String: Int] = [:]
      for p in pairs {
        let c = child(names.key(p.key), p.value)
        if let at = places[c.path] {
          out[at] = c
        } else {
          places[c.path] = out.count
          out.append(c)
        }
      }
      return out
    }
    switch n.kind {
    case .list, .tuple, .set: return indexed(n.items)
    case .dictionary: return keyed(n.pairs)
    case .byteArray, .global: return []
    case .persistent:
      bag.opaque.append(.init(path: v.path, kind: "a reference out of the pickle"))
      return []
    case .record: break
    }
    if let a = try reader.objectArray(n) {
      if a.shape.isEmpty, let only = a.items.first { return [Visit(path: v.path, value: only, depth: v.depth + 1)] }
      return indexed(a.items)
    }
    return record(n, at: v, indexed: indexed, keyed: keyed)
  }

  /// The members of a record: of a known container its elements, of an unknown class whatever it was made of.
  private mutating func record(
    _ n: PickleNode, at v: Visit, indexed: ([PickleValue]) -> [Visit],
    keyed: ([(key: PickleValue, value: PickleValue)]) -> [Visit]
  ) -> [Visit] {
    let name = reader.callee(n) ?? "an unknown call"
    switch name {
    case "collections.OrderedDict", "builtins.dict", "collections.Counter", "collections.defaultdict":
      let source = name == "collections.defaultdict" ? n.items.dropFirst().first : n.items.first
      return keyed((source.map(pairs) ?? []) + n.pairs)
    case "builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "collections.deque", "torch.Size":
      let inner = n.items.first.flatMap { reader.objects[$0]?.items } ?? []
      return indexed(inner + n.extraItems)
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      return []
    default: break
    }
    let shown =
      name == "copyreg._reconstructor" ? n.items.first.flatMap { reader.objects.global($0)?.description } : name
    bag.opaque.append(.init(path: v.path, kind: "object of \(shown ?? name)"))
    var out: [Visit] = []
    if name == "copyreg._reconstructor" {
      // (class, base, state of the base): the state of a dict or list subclass holds its elements.
      if n.items.count > 2 { out += members(n.items[2], keyed, indexed) }
    } else {
      out += indexed(n.items + n.extraItems)
    }
    out += keyed(n.pairs)
    if let state = n.state { out += attributes(state, keyed, indexed) }
    return out
  }

  private func members(
    _ v: PickleValue, _ keyed: ([(key: PickleValue, value: PickleValue)]) -> [Visit],
    _ indexed: ([PickleValue]) -> [Visit]
  ) -> [Visit] {
    guard let n = reader.objects[v] else { return [] }
    switch n.kind {
    case .dictionary: return keyed(n.pairs)
    case .list, .tuple, .set: return indexed(n.items)
    default: return []
    }
  }

  /// The attributes that BUILD gave an object: a dictionary, or (dictionary, slots).
  private func attributes(
    _ state: PickleValue, _ keyed: ([(key: PickleValue, value: PickleValue)]) -> [Visit],
    _ indexed: ([PickleValue]) -> [Visit]
  ) -> [Visit] {
    guard let n = reader.objects[state] else { return [] }
    if case .tuple = n.kind, n.items.count == 2, n.items.allSatisfy(isDictionaryOrNone) {
      return n.items.flatMap { v -> [Visit] in
        guard case .node = v else { return [] }
        return attributes(v, keyed, indexed)
      }
    }
    guard case .dictionary = n.kind else { return members(state, keyed, indexed) }
    // A PyTorch module keeps its tensors in three dictionaries whose names are not part of a state dictionary's keys.
    let holders: Set<String> = ["_parameters", "_buffers", "_modules"]
    let isModule = n.pairs.contains { reader.text($0.key) == "_parameters" }
    guard isModule else { return keyed(n.pairs) }
    var flat: [(key: PickleValue, value: PickleValue)] = []
    for p in n.pairs {
      if let k = reader.text(p.key), holders.contains(k) {
        flat += pairs(p.value)
      } else if !isHook(p.key) {
        flat.append(p)
      }
    }
    return keyed(flat)
  }

  private func isHook(_ key: PickleValue) -> Bool { reader.text(key)?.contains("_hooks") == true }

  private func isDictionaryOrNone(_ v: PickleValue) -> Bool {
    if case .none = v { return true }
    if let n = reader.objects[v], case .dictionary = n.kind { return true }
    return false
  }

  /// The entries of a dictionary, of an ordered one, or of a list of pairs.
  private func pairs(_ v: PickleValue) -> [(key: PickleValue, value: PickleValue)] {
    guard let n = reader.objects[v] else { return [] }
    switch n.kind {
    case .dictionary: return n.pairs
    case .list, .tuple:
      return n.items.compactMap {
        guard let p = reader.objects[$0], p.items.count == 2 else { return nil }
        return (p.items[0], p.items[1])
      }
    case .record: return (n.items.first.map(pairsOnce) ?? []) + n.pairs
    default: return []
    }
  }

  private func pairsOnce(_ v: PickleValue) -> [(key: PickleValue, value: PickleValue)] {
    guard let n = reader.objects[v] else { return [] }
    if case .record = n.kind { return n.pairs }
    return pairs(v)
  }

  private func scalar(_ v: PickleValue) -> String? {
    switch v {
    case .none: nil
    case .text, .string:
      (v.stringBytes?.count ?? 0) <= 1024 ? reader.text(v) : nil
    case .bytes: nil
    default: reader.key(v)
    }
  }
}
