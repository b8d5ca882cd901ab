import Diagnostics
import ModelGraph
import TensorCore

extension Compress: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard inputs.count == 2, let x = inputs[0]?.tensor, let condition = inputs[1]?.tensor else {
      throw context.error("run.operand-missing", "an operand is missing")
    }
    let a: Int
    let input: Tensor
    if let axis {
      a = axis < 0 ? axis + x.rank : axis
      input = x
    } else {
      a = 0
      input = try x.reshaped([x.count])
    }
    guard a >= 0, a < input.rank else {
      throw context.error("run.axis", "axis \(axis ?? 0) is outside a rank of \(input.rank)")
    }
    let flags = try condition.values(Bool.self)
    guard flags.count <= input.shape[a] else {
      throw context.error("run.index", "\(flags.count) conditions for an axis of \(input.shape[a])")
    }
    let kept = flags.indices.filter { flags[$0] }
    var shape = input.shape
    shape[a] = kept.count
    if let strings = input.dtype == .string ? try input.strings() : nil {
      let inner = input.shape[(a + 1)...].reduce(1, *)
      let outer = input.shape[..<a].reduce(1, *)
      var out: [ByteString] = []
      for o in 0..<outer {
        for k in kept { out += strings[((o * input.shape[a] + k) * inner)..<((o * input.shape[a] + k + 1) * inner)] }
      }
      return [.tensor(try Tensor(strings: out, shape: shape))]
    }
    guard !input.dtype.isSubByte else {
      throw context.error("run.unsupported-type", "packed \(input.dtype.rawValue) elements cannot be compressed")
    }
    let bytes = input.shape[(a + 1)...].reduce(input.dtype.byteWidth, *)
    let outer = input.shape[..<a].reduce(1, *)
    let extent = input.shape[a]
    let out = try input.withBytes { (source) throws(Diagnostic) in
      try Tensor.make(dtype: input.dtype, shape: shape) { (target) throws(Diagnostic) in
        guard let s = source.baseAddress, let t = target.baseAddress else { return }
        var at = 0
        for o in 0..<outer {
          for k in kept {
            // SAFETY: k < extent, so the slice lies in the source; `at` runs over exactly the result's bytes.
            (t + at).copyMemory(from: s + (o * extent + k) * bytes, byteCount: bytes)
            at += bytes
          }
        }
      }
    }
    return [.tensor(out)]
  }
}
