import CKernels
import Diagnostics
import ModelGraph
import TensorCore

extension Concat: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let out = try context.result()
    let a = try context.axis(axis, rank: out.shape.count)
    let width = out.dtype.byteWidth
    let outer = out.shape[..<a].reduce(1, *)
    var spans: [Int] = []
    for i in context.operands.indices { spans.append(try context.shape(i)[a...].reduce(width, *)) }
    let row = spans.reduce(0, +)
    var kernel = PreparedKernel { (args) throws(Diagnostic) in
      let y = args.rawOutput(0)
      var offset = 0
      for (i, span) in spans.enumerated() {
        let x = args.rawInput(i)
        if outer > 0, span > 0, UnsafeRawPointer(y + offset) != x {
          mc_copy_rows(outer, span, x, span, y + offset, row)
        }
        offset += span
      }
    }
    if outer == 1 {
      var offset = 0
      for span in spans {
        kernel.placements.append(
          offset % 64 == 0 ? PreparedKernel.Placement(offset: offset, bytes: span) : nil)
        offset += span
      }
    }
    return kernel
  }
}
