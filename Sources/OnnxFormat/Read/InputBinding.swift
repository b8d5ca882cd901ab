import Diagnostics
import ModelGraph
import TensorCore

/// What the caller's shapes and batch mean for a file: which symbols are bound, and which inputs get another shape than the
/// one they are fixed at.
struct InputBinding {
  /// Extents by the file's symbols; they hold wherever the symbol stands.
  var symbols: [String: Dim] = [:]
  /// New shapes of inputs whose extents are no symbols.
  var shapes: [String: [Dim]] = [:]
  /// First extents that were numbers and change.
  var fixedBatches: Set<Int> = []
  /// What they all become; nil where they differ.
  var batch: Dim?
  /// The inputs that have them.
  private var batchInputs: [String] = []
  /// Symbols that stand for extents which the caller gives differently.
  private var ambiguous: Set<String> = []
  /// True where an extent changes that the file gives as a number: what it declares inside no longer holds.
  var overrides = false

  /// - Parameter constants: names of initialisers: inputs of old files that need not be given.
  init(
    _ options: OnnxReadOptions, _ inputs: [ValueInfoMessage], constants: Set<String>, _ place: SourceLocation
  ) throws(Diagnostic) {
    if let batch = options.batch {
      for i in inputs where options.inputShapes[i.name] == nil && !constants.contains(i.name) {
        guard case .tensor(_, .some(let dims)) = i.type, !dims.isEmpty else { continue }
        var wanted = [Dim?](repeating: nil, count: dims.count)
        wanted[0] = batch
        try bind(i, wanted, place)
      }
    }
    for (name, dims) in options.inputShapes.sorted(by: { $0.key < $1.key }) {
      guard let input = inputs.first(where: { $0.name == name }) else {
        throw .error(
          "onnx.no-input", "there is no input '\(name)'", at: place,
          help: "the inputs are \(inputs.map(\.name).joined(separator: ", "))", status: .usage)
      }
      guard case .tensor(_, let old) = input.type else {
        throw .error("onnx.input-rank", "input '\(name)' is no tensor", at: place, status: .usage)
      }
      if let old, old.count != dims.count {
        throw .error(
          "onnx.input-rank", "input '\(name)' has \(old.count) axes, \(dims.count) are given", at: place, status: .usage
        )
      }
      try bind(input, dims, place)
    }
  }

  /// An extent of the file; nil where it says none.
  private static func dim(_ m: DimensionMessage) -> Dim? {
    switch m {
    case .value(let v) where v >= 0: Dim(Int(v))
    // Some exporters call every open extent "?".
    case .symbol(let s) where !s.hasPrefix("?"): .symbol(s)
    default: nil
    }
  }

  /// - Parameter wanted: nil leaves an extent as the file has it.
  private mutating func bind(_ input: ValueInfoMessage, _ wanted: [Dim?], _ place: SourceLocation) throws(Diagnostic) {
    guard case .tensor(_, let old) = input.type else { return }
    guard let old else {
      let full = wanted.compactMap { $0 }
      if full.count == wanted.count { shapes[input.name] = full }
      return
    }
    var shape: [Dim] = []
    for (k, (m, w)) in zip(old, wanted).enumerated() {
      let said = Self.dim(m)
      let new = w ?? said ?? .symbol("?\(input.name).\(k + 1)")
      shape.append(new)
      guard let w, said != w else { continue }
      if let s = said?.symbolName {
        // An exporter that gives different extents one name does not mean that they are equal.
        if ambiguous.contains(s) { continue }
        if let have = symbols[s], have != w {
          symbols[s] = nil
          ambiguous.insert(s)
        } else {
          symbols[s] = w
        }
      } else if let v = said?.value {
        overrides = true
        guard k == 0 else { continue }
        batchInputs.append(input.name)
        fixedBatches.insert(v)
        batch = batchInputs.count == 1 || batch == w ? w : nil
      }
    }
    shapes[input.name] = shape
  }

  /// The change of a fixed batch, with the binding in which a symbol of its own stands for it. nil where no batch is fixed.
  func openBatch(_ inputs: [ValueInfoMessage]) -> (binding: InputBinding, change: BatchChange)? {
    guard let batch, !fixedBatches.isEmpty, batch.value != nil || batch.symbolName != nil else { return nil }
    var symbol = batch
    if batch.value != nil {
      var used: Set<String> = []
      for s in shapes.values { for d in s { used.formUnion(d.symbols) } }
      for i in inputs {
        if case .tensor(_, .some(let dims)) = i.type { for d in dims { used.formUnion(Self.dim(d)?.symbols ?? []) } }
      }
      var name = "batch"
      while used.contains(name) { name += "_" }
      symbol = .symbol(name)
    }
    var open = self
    for name in batchInputs { open.shapes[name]?[0] = symbol }
    return (open, BatchChange(symbol: symbol, old: fixedBatches))
  }

  /// The inputs as messages with their new shapes.
  func applied(to g: GraphMessage) -> GraphMessage {
    var out = g
    for i in out.inputs.indices {
      guard let shape = shapes[out.inputs[i].name], case .tensor(let t, _) = out.inputs[i].type else { continue }
      out.inputs[i].type = .tensor(
        t,
        shape.map { d in
          if let v = d.value { return .value(Int64(v)) }
          return d.isAnonymous ? .unknown : d.symbolName.map { .symbol($0) } ?? .unknown
        })
    }
    return out
  }
}
