import Diagnostics
import ModelGraph
import TensorCore

/// A transformation of graphs that keeps what the graph computes.
///
/// A pass never changes the meaning of a name: a value that survives holds what it held before, and the graph's inputs
/// and outputs keep names and types. New constants get new names.
package protocol RewritePass: Sendable {
  /// The pass's name, an imperative: `RemoveIdentity`.
  static var name: String { get }
  /// One line for `modelconv list rewrites`.
  static var summary: String { get }
  /// What must hold before; the pass manager refuses an order that does not give it.
  static var requires: Set<GraphProperty> { get }
  /// What holds afterwards.
  static var establishes: Set<GraphProperty> { get }

  init()

  /// Applies the pass everywhere it fits.
  ///
  /// - Returns: how many places changed; 0 means that the graph is as it was.
  func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int
}

extension RewritePass {
  package static var requires: Set<GraphProperty> { [] }
  package static var establishes: Set<GraphProperty> { [] }
  package var name: String { Self.name }
}

/// Facts about a whole graph that passes rely on or bring about.
package enum GraphProperty: String, Sendable, Hashable {
  /// No operator returns its operand unchanged, but for those that give a graph output its name.
  case noIdentities
  /// Parameters that are computed from constants within the size limit are constants.
  case constantsFolded
  /// Every node leads to an output.
  case noDeadCode
}

/// Runs one operator on constants; the façade fills it with the CPU runtime, because passes may not depend on that.
package protocol ConstantEvaluator: Sendable {
  /// The results of `node`, whose present operands all are constants of `graph`; nil where it cannot be run.
  func evaluate(_ node: Node, in graph: Graph) throws(Diagnostic) -> [Tensor?]?
}

/// What a pass may use.
package struct RewriteContext: Sendable {
  package var evaluator: (any ConstantEvaluator)?
  /// Largest result of constant folding in bytes: folding must not turn a small file into a large one.
  package var foldingLimit: Int
  /// The ONNX operator set in which the graph will be written; nil for other targets. A pattern becomes one operator only
  /// where that set has it, or where the writer says it in no more operators than there were.
  package var operatorSet: Int?
  /// Notes about what was done or left.
  package var sink: DiagnosticSink

  package init(
    evaluator: (any ConstantEvaluator)? = nil, foldingLimit: Int = 4 << 20, operatorSet: Int? = nil,
    sink: DiagnosticSink = DiagnosticSink()
  ) {
    self.evaluator = evaluator
    self.operatorSet = operatorSet
    self.foldingLimit = foldingLimit
    self.sink = sink
  }

  /// True where the graph will be written in an operator set from `n` on.
  func has(operatorSet n: Int) -> Bool { (operatorSet ?? 0) >= n }
}
