import Diagnostics
import ModelGraph
import TensorCore

// Operators whose result is the operand's elements in the same order: views.

extension Identity: MovesElements, EvaluatedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel { .alias(input: 0) }
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard let v = inputs.first.flatMap({ $0 }) else {
      throw context.error("run.operand-missing", "operand 0 is missing")
    }
    return [v]
  }
}
extension Reshape: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(1, .consumed)
    return .alias(input: 0)
  }
}
extension ReshapeAxes: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel { .alias(input: 0) }
}
extension Flatten: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel { .alias(input: 0) }
}
extension FlattenToMatrix: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel { .alias(input: 0) }
}
extension Squeeze: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(1, .consumed)
    return .alias(input: 0)
  }
}
extension Unsqueeze: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(1, .consumed)
    return .alias(input: 0)
  }
}
