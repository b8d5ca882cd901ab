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
