import Diagnostics
import ModelGraph
import TensorCore

/// What holds for the whole file while it is read.
final class OnnxModelContext {
  let file: String?
  /// Operator set versions by domain; those of a function while it is inlined.
  var opsets: [String: Int]
  let functions: [String: FunctionMessage]
  let sink: DiagnosticSink
  let tensors: TensorDecoder
  let limits: OnnxLimits
  /// What the caller binds the file's symbols to.
  var symbols: [String: Dim] = [:]
  /// True where the caller changes what the file gives as a number: shapes that it declares inside do not count.
  var distrustsShapes = false
  /// A fixed batch that the caller opens.
  var batch: BatchChange?
  /// Nodes made so far, inlined ones included.
  var nodeCount = 0
  /// Functions that are being inlined inside each other.
  var callDepth = 0
  /// What the file says beyond what the network computes.
  var notes = OnnxNotes()

  init(
    file: String?, opsets: [String: Int], functions: [String: FunctionMessage], sink: DiagnosticSink,
    tensors: TensorDecoder, limits: OnnxLimits
  ) {
    self.file = file
    self.opsets = opsets
    self.functions = functions
    self.sink = sink
    self.tensors = tensors
    self.limits = limits
  }

  /// A declared type as it holds now.
  func declared(_ m: TypeMessage?, name: String) -> ValueType {
    let type = type(m, name: name)
    guard distrustsShapes, case .tensor(let t, let shape) = type else { return type }
    return .tensor(t, shape?.indices.map { .symbol("?\(name).\($0 + 1)") })
  }

  /// The type of an input, with symbols bound.
  func type(_ m: TypeMessage?, name: String) -> ValueType {
    let said = OnnxTypes.type(m, prefix: name)
    return symbols.isEmpty ? said : (try? said.substituting(symbols)) ?? said
  }

  /// A function's key: domain, name and overload.
  static func key(_ domain: String, _ name: String, _ overload: String) -> String { "\(domain)|\(name)|\(overload)" }

  /// The version of a domain's operators that the model asks for.
  func opset(_ domain: String) -> Int { opsets[domain] ?? 1 }
}

/// Bounds on what a file may ask for: far above real models, low enough to fail in seconds.
struct OnnxLimits: Sendable {
  /// Graphs inside graphs, and calls of local functions inside each other.
  var depth = 64
  /// Nodes in all, those of inlined functions counted at every call.
  var nodes = 4_000_000
}
