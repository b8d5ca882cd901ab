import Diagnostics
import ModelGraph
import TensorCore

/// One node of a file with its operands resolved: what an importer sees.
///
/// Attributes that the file leaves out answer with the default of the operator's facts.
struct OnnxCall {
  let node: NodeMessage
  let schema: OnnxOperatorSchema
  let inputs: [ValueID?]
  let origin: Origin

  /// The operator set that introduced this version of the operator.
  var version: Int { schema.since }

  /// The node's name, or its first result's where it has none.
  var name: String { node.name.isEmpty ? node.outputs.first { !$0.isEmpty } ?? node.type : node.name }

  func has(_ input: Int) -> Bool { input < inputs.count && inputs[input] != nil }

  func input(_ i: Int) -> ValueID? { i < inputs.count ? inputs[i] : nil }

  /// Operand `i`, which the operator requires.
  func require(_ i: Int) throws(Diagnostic) -> ValueID {
    guard let v = input(i) else { throw error("onnx.input-missing", "input \(i) is missing") }
    return v
  }

  /// Whether result `i` is asked for.
  func wants(_ i: Int) -> Bool { i < node.outputs.count && !node.outputs[i].isEmpty }

  func error(_ code: String, _ message: String, help: String? = nil) -> Diagnostic {
    .error(code, "node '\(name)' (\(node.type)): \(message)", at: origin.location, help: help)
  }

  // MARK: Attributes

  func given(_ name: String) -> AttributeValue? { node.attributes.first { $0.name == name }?.value }

  func has(_ attribute: String) -> Bool { given(attribute) != nil }

  private func wrongKind(_ name: String, _ v: AttributeValue) -> Diagnostic {
    error("onnx.attribute-kind", "attribute '\(name)' is of kind \(v.kind)")
  }

  private func defaultText(_ name: String) -> String? { schema.attribute(name)?.defaultText }

  func optionalInt(_ name: String) throws(Diagnostic) -> Int? {
    guard let v = given(name) else { return defaultText(name).flatMap { Int($0) } }
    guard case .int(let i) = v else { throw wrongKind(name, v) }
    return Int(i)
  }

  func int(_ name: String) throws(Diagnostic) -> Int { try optionalInt(name) ?? 0 }

  func bool(_ name: String) throws(Diagnostic) -> Bool { try int(name) != 0 }

  func optionalFloat(_ name: String) throws(Diagnostic) -> Float? {
    guard let v = given(name) else { return defaultText(name).flatMap { Double($0) }.map { Float($0) } }
    if case .int(let i) = v { return Float(i) }
    guard case .float(let f) = v else { throw wrongKind(name, v) }
    return f
  }

  func float(_ name: String) throws(Diagnostic) -> Float { try optionalFloat(name) ?? 0 }

  func optionalString(_ name: String) throws(Diagnostic) -> String? {
    guard let v = given(name) else { return defaultText(name) }
    guard case .string(let s) = v else { throw wrongKind(name, v) }
    return String(decoding: s, as: UTF8.self)
  }

  func string(_ name: String) throws(Diagnostic) -> String { try optionalString(name) ?? "" }

  func optionalInts(_ name: String) throws(Diagnostic) -> [Int]? {
    guard let v = given(name) else {
      return defaultText(name).map { $0.split(separator: ",").compactMap { Int($0) } }
    }
    guard case .ints(let list) = v else { throw wrongKind(name, v) }
    return list.map { Int($0) }
  }

  func ints(_ name: String) throws(Diagnostic) -> [Int] { try optionalInts(name) ?? [] }

  func floats(_ name: String) throws(Diagnostic) -> [Float] {
    guard let v = given(name) else {
      return defaultText(name).map { $0.split(separator: ",").compactMap { Float($0) } } ?? []
    }
    if case .ints(let list) = v, list.isEmpty { return [] }
    guard case .floats(let list) = v else { throw wrongKind(name, v) }
    return list
  }

  func byteStrings(_ name: String) throws(Diagnostic) -> [ByteString] {
    guard let v = given(name) else {
      return defaultText(name).map { $0.split(separator: ",").map { ByteString(String($0)) } } ?? []
    }
    if case .ints(let list) = v, list.isEmpty { return [] }
    guard case .strings(let list) = v else { throw wrongKind(name, v) }
    return list.map { ByteString($0) }
  }

  func strings(_ name: String) throws(Diagnostic) -> [String] { try byteStrings(name).map(\.string) }

  func graph(_ name: String) throws(Diagnostic) -> GraphMessage {
    guard let v = given(name) else { throw error("onnx.attribute-missing", "attribute '\(name)' is missing") }
    guard case .graph(let g) = v else { throw wrongKind(name, v) }
    return g
  }

  /// A choice among the cases of a text enumeration.
  func choice<T>(_ name: String, _ table: [String: T]) throws(Diagnostic) -> T {
    let text = try string(name)
    guard let v = table[text] else {
      let known = table.keys.sorted().joined(separator: ", ")
      throw error("onnx.attribute-value", "attribute '\(name)' is '\(text)', not one of \(known)")
    }
    return v
  }
}
