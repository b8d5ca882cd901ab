import ModelGraph
import Testing

@testable import CPURuntime

@Suite struct CatalogTests {
  @Test func everyOperatorHasAKernel() {
    let missing = OperatorCatalog.all.filter { !($0 is any CPUExecutable.Type) }.map { $0.operatorName }
    #expect(missing.isEmpty, "no kernel: \(missing.joined(separator: ", "))")
  }

  @Test func executablesArePlannedOrEvaluated() {
    for op in OperatorCatalog.all where op is any CPUExecutable.Type {
      #expect(
        op is any PlannedKernel.Type || op is any EvaluatedKernel.Type, "\(op.operatorName) conforms to neither kind")
    }
  }
}
