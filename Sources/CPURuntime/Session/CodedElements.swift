import Diagnostics
import ModelGraph
import TensorCore

/// Operators that only move elements: the result's elements are operand elements, whatever they mean.
///
/// They run on strings and packed sub-byte elements through codes: each element is replaced by an integer, the operator
/// runs on integers, and the result is translated back.
package protocol MovesElements: PlannedKernel {
  /// Whether the operator with these parameters only moves elements.
  var movesElements: Bool { get }
}

extension MovesElements {
  package var movesElements: Bool { true }
}

enum CodedElements {
  static func evaluate(
    _ op: any PlannedKernel, _ inputs: [RuntimeValue?], _ context: EvaluationContext
  ) throws(Diagnostic) -> [RuntimeValue] {
    guard (op as? any MovesElements)?.movesElements == true else {
      let types = inputs.map { $0.map { "\($0.type)" } ?? "_" }.joined(separator: ", ")
      throw context.error("run.unsupported-type", "\(op.operatorName) cannot compute on \(types)")
    }
    var strings: [ByteString] = []
    var packed: DType?
    var coded: [Tensor?] = []
    for v in inputs {
      guard let v else {
        coded.append(nil)
        continue
      }
      let t = try v.requireTensor("an operand")
      if t.dtype == .string {
        let all = try t.strings()
        coded.append(try Tensor((strings.count..<strings.count + all.count).map(Int64.init), shape: t.shape))
        strings += all
      } else if t.dtype.isSubByte {
        packed = t.dtype
        coded.append(try Tensor(try t.unpackedCodes(), shape: t.shape))
      } else {
        coded.append(t)
      }
    }
    let results = try Evaluator.run(op, coded, context)
    var out: [RuntimeValue] = []
    for r in results {
      guard case .tensor(let t) = r else { continue }
      if let packed, t.dtype == .uint8 {
        out.append(.tensor(try Tensor(codes: try t.values(UInt8.self), dtype: packed, shape: t.shape)))
      } else if packed == nil, t.dtype == .int64 {
        var list: [ByteString] = []
        for i in try t.values(Int64.self) { list.append(i < strings.count && i >= 0 ? strings[Int(i)] : "") }
        out.append(.tensor(try Tensor(strings: list, shape: t.shape)))
      } else {
        out.append(r)
      }
    }
    return out
  }
}
