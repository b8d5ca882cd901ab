import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import OnnxFormat
import TensorCore
import WeightFormats

/// One tensor in a file of its own, or under a key of an archive.
package enum TensorFile {
  /// Reads `FILE` or `FILE:KEY`.
  ///
  /// - Throws: `tensor.key` where a key is needed, or does not exist (with a suggestion).
  package static func read(_ argument: String) throws -> Tensor {
    let (path, key) = split(argument)
    let bag = try read(file: path)
    if let key {
      if let t = bag[key] { return t }
      throw Diagnostic.error(
        "tensor.key", "there is no tensor '\(key)'", at: SourceLocation(file: path),
        help: Suggestion.closest(to: key, among: bag.paths).map { "did you mean '\($0)'?" }
          ?? "its tensors are \(bag.paths.prefix(20).joined(separator: ", "))")
    }
    guard let first = bag.entries.first else {
      throw Diagnostic.error("tensor.none", "the file holds no tensor", at: SourceLocation(file: path))
    }
    guard bag.entries.count == 1 else {
      throw Diagnostic.error(
        "tensor.key", "the file holds \(bag.entries.count) tensors", at: SourceLocation(file: path),
        help: "name one: \(path):\(first.path)")
    }
    return first.tensor
  }

  /// `FILE:KEY`, where FILE is the longest part that exists; without a key where the whole argument is a file.
  static func split(_ argument: String) -> (path: String, key: String?) {
    if argument == "-" || FileProbe.exists(argument) { return (argument, nil) }
    var at = argument.endIndex
    while let colon = argument[..<at].lastIndex(of: ":") {
      let path = String(argument[..<colon])
      if FileProbe.exists(path) { return (path, String(argument[argument.index(after: colon)...])) }
      at = colon
    }
    return (argument, nil)
  }

  /// All tensors of a file that holds tensors.
  package static func read(file path: String) throws -> WeightBag {
    let model = try ModelLoader(options: LoadOptions()).load([path])
    switch model.content {
    case .weights(let bag): return bag
    case .caffe, .onnx:
      var bag = WeightBag(format: model.format)
      for t in model.tensors {
        guard let tensor = t.tensor else { continue }
        try bag.add(t.name, tensor)
      }
      return bag
    case .settings:
      throw Diagnostic.error("tensor.none", "the file holds no tensor", at: SourceLocation(file: path))
    }
  }
}
