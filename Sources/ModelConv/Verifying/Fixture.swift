import ByteSource
import CPURuntime
import Diagnostics
import ModelGraph
import OnnxFormat
import TensorCore
import WeightFormats

/// Recorded inputs and what a reference made of them.
package struct Fixture: Sendable {
  package var name: String
  package var inputs: [(name: String, value: RuntimeValue)] = []
  package var outputs: [(name: String, value: RuntimeValue)] = []
  package var blobs: [(name: String, tensor: Tensor)] = []

  /// Input tensors, for shapes.
  var inputTensors: InputValues {
    InputValues(inputs.compactMap { n, v in v.tensor.map { (name: n, tensor: $0) } })
  }

  /// The fixture with the model's names where both have one input, or one output, that is called otherwise: recorders
  /// that know positions only make up names.
  func bound(to graph: Graph) -> Fixture {
    var out = self
    let inputs = graph.openInputs.map(\.name)
    if inputs.count == 1, out.inputs.count == 1 { out.inputs[0].name = inputs[0] }
    let outputs = graph.outputs.compactMap { graph[$0]?.name }
    if outputs.count == 1, out.outputs.count == 1, graph.value(named: out.outputs[0].name) == nil {
      out.outputs[0].name = outputs[0]
    }
    return out
  }

  /// Reads an archive with keys `in:NAME`, `out:NAME`, `blob:NAME`.
  static func archive(_ path: String) throws -> Fixture {
    let bytes = try ByteStorage.open(path).all
    let kind = FileKind.identify(bytes)
    guard kind == .weights(.npz) else {
      throw Diagnostic.error(
        "fixture.format", "the file is \(kind.title), not an .npz archive with keys in:NAME and out:NAME",
        at: SourceLocation(file: path),
        help: "run --save-fixtures writes one; a folder with ONNX test data can be given as well")
    }
    var fixture = Fixture(name: path)
    let bag = try Npz.read(bytes)
    for e in bag.entries {
      if e.path.hasPrefix("in:") {
        fixture.inputs.append((String(e.path.dropFirst(3)), .tensor(e.tensor)))
      } else if e.path.hasPrefix("out:") {
        fixture.outputs.append((String(e.path.dropFirst(4)), .tensor(e.tensor)))
      } else if e.path.hasPrefix("blob:") {
        fixture.blobs.append((String(e.path.dropFirst(5)), e.tensor))
      }
    }
    return fixture
  }

  /// The data sets of a folder with ONNX test data: itself, or its `test_data_set_*` folders.
  static func folders(_ path: String) throws -> [String] {
    let base = path.hasSuffix("/") ? String(path.dropLast()) : path
    let names = FileProbe.list(base) ?? []
    let sets = names.filter { $0.hasPrefix("test_data_set_") && FileProbe.isFolder("\(base)/\($0)") }
    if !sets.isEmpty {
      return sets.sorted { (Int($0.dropFirst(14)) ?? 0, $0) < (Int($1.dropFirst(14)) ?? 0, $1) }.map { "\(base)/\($0)" }
    }
    if names.contains(where: { $0.hasPrefix("output_") && $0.hasSuffix(".pb") }) { return [base] }
    throw Diagnostic.error(
      "fixture.folder", "the folder holds no ONNX test data (test_data_set_*/output_*.pb)",
      at: SourceLocation(file: path), status: .noInput)
  }

  /// Reads `input_*.pb` and `output_*.pb`, in the order of the graph's inputs and outputs.
  static func dataSet(_ folder: String, _ graph: Graph) throws -> Fixture {
    var fixture = Fixture(name: folder)
    let names = FileProbe.list(folder) ?? []
    func read(_ prefix: String, _ places: [Value]) throws -> [(name: String, value: RuntimeValue)] {
      var out: [(name: String, value: RuntimeValue)] = []
      for i in 0..<places.count {
        let file = "\(prefix)_\(i).pb"
        guard names.contains(file) else { continue }
        let path = "\(folder)/\(file)"
        let type = places[i].type
        let (name, value) = try OnnxDataFile.read(try ByteStorage.open(path).all, as: type)
        // The name in the file decides where the graph has it; positions are the rule.
        let named = places.first { $0.name == name }
        out.append((named?.name ?? places[i].name, RuntimeValue(value, type)))
      }
      return out
    }
    fixture.inputs = try read("input", graph.openInputs)
    fixture.outputs = try read("output", graph.outputs.compactMap { graph[$0] })
    return fixture
  }
}

extension RuntimeValue {
  /// A stored value; element types of empty containers come from the declared type.
  init(_ v: OnnxValue, _ type: ValueType) {
    switch v {
    case .tensor(let t): self = .tensor(t)
    case .sequence(let list):
      let element: ValueType = if case .sequence(let e) = type { e } else { .unknown }
      self = .sequence(ValueList(list.map { RuntimeValue($0, element) }), element: element)
    case .optional(let inner):
      let element: ValueType = if case .optional(let e) = type { e } else { .unknown }
      self = .optional(inner.map { RuntimeValue($0, element) }, element: element)
    case .map(let keys, let values):
      let element: ValueType = if case .map(_, let e) = type { e } else { .unknown }
      var entries: [MapEntry] = []
      let strings = try? keys.strings()
      let ints = try? keys.ints()
      for (i, value) in values.enumerated() {
        let key: MapEntry.Key =
          if let strings, i < strings.count { .string(strings[i]) } else {
            .int(ints.map { i < $0.count ? $0[i] : 0 } ?? 0)
          }
        entries.append(MapEntry(key: key, value: RuntimeValue(value, element)))
      }
      self = .map(entries, key: keys.dtype, value: element)
    }
  }
}
