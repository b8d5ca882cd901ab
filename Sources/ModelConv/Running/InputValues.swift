import CPURuntime
import Diagnostics
import ModelGraph
import OnnxFormat
import TensorCore

/// Values for a model's inputs, as the user gives them.
package struct InputValues: Sendable {
  package var tensors: [(name: String, tensor: Tensor)] = []

  /// Reads `NAME=FILE`, `NAME=FILE:KEY`, or an archive whose keys are `in:NAME` or names.
  package init(arguments: [String]) throws {
    for a in arguments {
      if let equals = a.firstIndex(of: "="), !FileProbe.exists(a) {
        tensors.append((String(a[..<equals]), try TensorFile.read(String(a[a.index(after: equals)...]))))
        continue
      }
      let bag = try TensorFile.read(file: a)
      let marked = bag.entries.filter { $0.path.hasPrefix("in:") }
      if !marked.isEmpty {
        tensors += marked.map { (String($0.path.dropFirst(3)), $0.tensor) }
      } else if bag.entries.count == 1, bag.entries[0].path == "value" {
        throw Diagnostic.error(
          "inputs.name", "the file does not say which input it is for", at: SourceLocation(file: a),
          help: "write --input NAME=\(a)", status: .usage)
      } else {
        tensors += bag.entries.filter { !$0.path.hasPrefix("out:") && !$0.path.hasPrefix("blob:") }.map {
          ($0.path, $0.tensor)
        }
      }
    }
  }

  package init(_ tensors: [(name: String, tensor: Tensor)]) { self.tensors = tensors }

  var names: [String] { tensors.map(\.name) }

  /// Shapes by name.
  var shapes: [String: [String]] {
    Dictionary(tensors.map { ($0.name, $0.tensor.shape.map(String.init)) }, uniquingKeysWith: { _, last in last })
  }
}

extension Graph {
  /// Inputs that must be given: those that are no constants.
  package var openInputs: [Value] { inputs.compactMap { self[$0] }.filter { $0.constant == nil } }

  /// Throws unless `names` are inputs.
  func requireInputs(_ names: [String], code: String = "inputs.name") throws(Diagnostic) {
    let mine = openInputs.map(\.name)
    for n in names where !mine.contains(n) {
      throw .error(
        code, "the model has no input '\(n)'",
        help: Suggestion.closest(to: n, among: mine).map { "did you mean '\($0)'?" }
          ?? (mine.isEmpty ? "it has no inputs" : "its inputs are \(mine.joined(separator: ", "))"))
    }
  }
}

extension Model {
  /// Opens a model whose inputs have the shapes of given values: read again where they differ from the declared ones.
  ///
  /// - Parameter isFixture: a lone recorded input belongs to a lone input, whatever their names.
  static func load(
    _ files: [String], options: LoadOptions, fitting given: InputValues, isFixture: Bool = false
  ) throws -> Model {
    let model = try load(files, options: options)
    guard let graph = model.graph else { return model }
    var inputs = given
    if isFixture, inputs.tensors.count == 1, graph.openInputs.count == 1 {
      inputs.tensors[0].name = graph.openInputs[0].name
    }
    try graph.requireInputs(inputs.names)
    let differs = inputs.tensors.contains { name, t in
      guard let shape = graph.openInputs.first(where: { $0.name == name })?.type.sizes else { return false }
      return shape != t.shape
    }
    guard differs, model.format == "caffe" else { return model }
    for (name, t) in inputs.tensors {
      guard let shape = graph.openInputs.first(where: { $0.name == name })?.type.sizes, shape.count != t.rank else {
        continue
      }
      throw Diagnostic.error(
        "run.input-rank",
        "input '\(name)' has \(shape.count) axes (\(shape.map(String.init).joined(separator: "x"))); "
          + "\(t.rank) are given (\(t.shape.map(String.init).joined(separator: "x")))", status: .usage)
    }
    // Caffe's layers are set up for their shapes; another shape is another net.
    var fitted = options
    fitted.batch = nil
    fitted.shapes = inputs.shapes.merging(options.shapes) { given, _ in given }
    return try load(files, options: fitted)
  }
}
