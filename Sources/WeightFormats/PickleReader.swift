import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Gives the objects of a pickle their meaning: keys, NumPy arrays and scalars, and through `torch` PyTorch's tensors.
struct PickleReader {
  let objects: PickleObjects
  let file: ByteSlice
  /// PyTorch's storages, where the pickle belongs to a checkpoint.
  let torch: TorchStorages?
  private var cache: [Int: Tensor] = [:]

  init(_ objects: PickleObjects, file: ByteSlice, torch: TorchStorages? = nil) {
    self.objects = objects
    self.file = file
    self.torch = torch
  }

  func error(_ code: String, _ message: String, help: String? = nil) -> Diagnostic {
    .error(code, message, at: SourceLocation(file: file.storage.path), help: help)
  }

  // MARK: Names

  /// The present-day full name of what a record would have called: nil for values that are no record.
  func callee(_ n: PickleNode) -> String? {
    guard case .record(let callable) = n.kind else { return nil }
    if let g = objects.global(callable) { return g.normalName }
    // PyTorch keeps the classes of whole modules by a persistent identifier ('module', class, file, source).
    if let p = objects[callable], case .persistent(let id) = p.kind, let t = objects[id], t.items.count >= 2,
      let g = objects.global(t.items[1])
    {
      return g.normalName
    }
    return nil
  }

  func text(_ v: PickleValue) -> String? {
    guard let b = v.stringBytes else { return nil }
    return b.withUnsafeBytes { String(validating: $0, as: UTF8.self) }
      ?? String(String.UnicodeScalarView(b.bytes.map { Unicode.Scalar($0) }))
  }

  /// A dictionary key as Python's str() gives it, tuples as its repr().
  func key(_ v: PickleValue, inTuple: Bool = false, depth: Int = 0) -> String {
    switch v {
    case .none: return "None"
    case .bool(let b): return b ? "True" : "False"
    case .integer(let i): return "\(i)"
    case .largeInteger: return "a large integer"
    case .number(let d): return "\(d)"
    case .text, .string, .bytes:
      let s = text(v) ?? ""
      return inTuple ? "'\(s)'" : s
    case .node:
      guard let n = objects[v], depth < 8 else { return "?" }
      switch n.kind {
      case .tuple:
        let parts = n.items.prefix(64).map { key($0, inTuple: true, depth: depth + 1) }
        return "(" + parts.joined(separator: ", ") + (parts.count == 1 ? ",)" : ")")
      case .global(let g): return g.description
      default: return "?"
      }
    }
  }

  // MARK: Arrays

  /// The tensor that a node stands for; nil for anything else. Nodes met again give the same tensor.
  mutating func tensor(_ v: PickleValue) throws(Diagnostic) -> Tensor? {
    guard case .node(let id) = v, let n = objects[v] else { return nil }
    if let t = cache[id] { return t }
    let t = try makeTensor(n, depth: 0)
    if let t { cache[id] = t }
    return t
  }

  func makeTensor(_ n: PickleNode, depth: Int) throws(Diagnostic) -> Tensor? {
    if case .persistent(let id) = n.kind { return try torch?.wholeStorage(id, in: self) }
    guard let name = callee(n) else { return nil }
    switch name {
    case "numpy.core.multiarray._reconstruct":
      guard let raw = try arrayState(n) else { return nil }
      return try array(raw)
    case "numpy.core.numeric._frombuffer":
      guard n.items.count >= 3 else { return nil }
      let order = n.items.count > 3 ? text(n.items[3]) : "C"
      return try array(
        RawArray(
          shape: try shape(n.items[2]), element: try element(n.items[1]), isFortran: order == "F", data: n.items[0]))
    case "numpy.core.multiarray.scalar":
      guard n.items.count == 2, let e = try element(n.items[0]), e != .object else { return nil }
      return try array(RawArray(shape: [], element: e, isFortran: false, data: n.items[1]))
    default:
      return try torch?.tensor(name, n, in: self, depth: depth)
    }
  }

  /// An array before its data is looked at.
  struct RawArray {
    var shape: [Int]
    var element: NpyElement?
    var isFortran: Bool
    var data: PickleValue
  }

  /// What BUILD gave an array: (version, shape, type, isFortran, data), without the version in old files.
  func arrayState(_ n: PickleNode) throws(Diagnostic) -> RawArray? {
    guard let state = n.state, let t = objects[state], case .tuple = t.kind, t.items.count == 5 || t.items.count == 4
    else { throw error("pickle.array", "an array has no state") }
    let s = t.items.suffix(4)
    let first = s.startIndex
    return RawArray(
      shape: try shape(s[first]), element: try element(s[first + 1]), isFortran: s[first + 2].int == 1,
      data: s[first + 3])
  }

  /// The elements of an array of Python objects; nil for other values.
  func objectArray(_ n: PickleNode) throws(Diagnostic) -> (shape: [Int], items: [PickleValue])? {
    guard callee(n) == "numpy.core.multiarray._reconstruct", let raw = try arrayState(n), raw.element == .object else {
      return nil
    }
    guard let list = objects[raw.data], checkedProduct(raw.shape) == list.items.count else {
      throw error("pickle.array", "an array of objects has no list of them")
    }
    return (raw.shape, list.items)
  }

  private func shape(_ v: PickleValue) throws(Diagnostic) -> [Int] {
    if case .integer(let i) = v, i >= 0 { return [i] }
    guard let n = objects[v], n.items.count <= NpyHeader.rankLimit else {
      throw error("pickle.array", "an array has no shape")
    }
    var out: [Int] = []
    for i in n.items {
      guard case .integer(let d) = i, d >= 0 else { throw error("pickle.array", "an array's shape is malformed") }
      out.append(d)
    }
    return out
  }

  /// The element type that a `numpy.dtype` record describes.
  private func element(_ v: PickleValue) throws(Diagnostic) -> NpyElement? {
    guard let n = objects[v], callee(n) == "numpy.dtype", let first = n.items.first, let name = text(first) else {
      throw error("pickle.dtype", "an array has no element type")
    }
    var order = ""
    if let state = n.state, let t = objects[state], t.items.count >= 5 {
      order = text(t.items[1]) ?? ""
      if case .none = t.items[3] {
      } else {
        throw error("npy.structured", "structured arrays (records with fields) are not supported")
      }
    }
    if name.hasPrefix("O") { return .object }
    let digits = name.drop { "<>|=".contains($0) }
    return try NpyElement((order == ">" || (order.isEmpty && name.hasPrefix(">")) ? ">" : "<") + digits)
  }

  private func array(_ raw: RawArray) throws(Diagnostic) -> Tensor? {
    guard let e = raw.element, e != .object else { return nil }
    let header = NpyHeader(element: e, isFortranOrder: raw.isFortran, shape: raw.shape)
    let data = try bytes(raw.data)
    guard let size = header.dataSize, size == data.count else {
      throw error("pickle.array", "shape \(raw.shape) does not fit the \(data.count) bytes of data")
    }
    let place = SourceLocation(file: file.storage.path)
    return try NpyReader.tensor(header, available: data.count, at: place) { _ in TensorStorage(data) }
  }

  /// Bytes as the pickle holds them: bytes, Python 2's str, bytearray, or text that `_codecs.encode` makes bytes of.
  func bytes(_ v: PickleValue) throws(Diagnostic) -> ByteSlice {
    switch v {
    case .bytes(let b), .string(let b): return b
    case .text(let t): return try latin1(t)
    default: break
    }
    guard let n = objects[v] else { throw error("pickle.array", "an array has no data") }
    if case .byteArray(let b) = n.kind { return b }
    switch callee(n) {
    case "_codecs.encode":
      guard case .text(let t)? = n.items.first else { break }
      let encoding = n.items.count > 1 ? text(n.items[1]) : "utf-8"
      return encoding == "latin1" || encoding == "latin-1" || encoding == "iso-8859-1" ? try latin1(t) : t
    case "builtins.bytes", "builtins.bytearray":
      guard let only = n.items.first else { return .empty }
      if case .text(let t) = only { return try latin1(t) }
      if let b = only.stringBytes { return b }
    default: break
    }
    throw error("pickle.array", "an array's data is no string of bytes")
  }

  /// The Latin-1 bytes of UTF-8 text whose characters are all below 256.
  private func latin1(_ t: ByteSlice) throws(Diagnostic) -> ByteSlice {
    var count = 0
    let isValid = t.withUnsafeBytes { b in
      var i = 0
      while i < b.count {
        if b[i] < 0x80 {
          i += 1
        } else {
          guard b[i] == 0xc2 || b[i] == 0xc3, i + 1 < b.count, b[i + 1] & 0xc0 == 0x80 else { return false }
          i += 2
        }
        count += 1
      }
      return true
    }
    guard isValid else { throw error("pickle.array", "an array's data holds characters that are no bytes") }
    if count == t.count { return t }
    return try ByteStorage.allocate(count: count) { out in
      t.withUnsafeBytes { b in
        var i = 0
        // SAFETY: the pass above counted exactly `count` characters.
        for at in 0..<count {
          if b[i] < 0x80 {
            out[at] = b[i]
            i += 1
          } else {
            out[at] = (b[i] & 3) << 6 | (b[i + 1] & 0x3f)
            i += 2
          }
        }
      }
    }.all
  }
}
