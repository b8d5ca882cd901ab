import Diagnostics
import ModelGraph
import TensorCore

extension Attention: OnnxLegalisable {
  /// Below operator set 23: softmax(softcap(Q·Kᵀ·scale) + mask)·V on [B, heads, S, H], keys and values repeated for
  /// groups of query heads.
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    guard l.opset < 23 else { return nil }
    guard !l.has(6), leftWindow < 0, rightWindow < 0 else {
      throw l.refuse(
        "onnx.opset-too-low", "lengths of keys and windows need a newer operator set",
        help: "use --opset \(leftWindow < 0 && rightWindow < 0 ? 24 : 25) or higher")
    }
    let q = try split(l, 0, queryHeads, "query")
    var k = try split(l, 1, keyValueHeads, "key")
    var v = try split(l, 2, keyValueHeads, "value")
    let past = l.has(4) ? l.shape(try l.input(4))?[2] : Dim(0)
    if l.has(4) { k = try l.add(Concat(axis: 2), [try l.input(4), k], "present_key") }
    if l.has(5) { v = try l.add(Concat(axis: 2), [try l.input(5), v], "present_value") }
    let (presentKey, presentValue) = (k, v)
    guard let shape = l.shape(q), shape.count == 4, let size = shape[3].value, let heads = shape[1].value,
      let kept = l.shape(k)?[1].value, kept > 0, size > 0, heads % kept == 0
    else {
      throw l.refuse("onnx.unknown-extent", "its heads and their size are not known", help: "use --opset 23 or higher")
    }
    if heads != kept {
      k = try repeated(l, k, heads / kept, heads, "keys")
      v = try repeated(l, v, heads / kept, heads, "values")
    }
    let factor = Double(scale?.value ?? 1 / Float(size).squareRoot()).squareRoot()
    let scaled = try l.binary(.multiply, q, try l.scalar(factor, like: q, "scale"), "scaled_query")
    let turned = try l.add(Transpose([0, 1, 3, 2]), [k], "turned_keys")
    let scaledKeys = try l.binary(.multiply, turned, try l.scalar(factor, like: k, "key_scale"), "scaled_keys")
    let product = try l.add(MatMul(), [scaled, scaledKeys], "scores")
    var scores = product
    if softcap.value != 0 {
      let cap = try l.scalar(Double(softcap.value), like: product, "cap")
      let bent = try l.unary(.tanh, try l.binary(.divide, product, cap, "capped_part"), "bent")
      scores = try l.binary(.multiply, bent, cap, "capped")
    }
    let capped = scores
    let mask = try bias(l, scores: product, past: past)
    if let mask { scores = try l.binary(.add, scores, mask, "masked") }
    let weights = try probabilities(l, scores, mask)
    let y = try join(l, try l.add(MatMul(), [weights, v], "weighted"), rank: try l.rank(0))
    // The modes in the order of the steps: product, soft cap, mask, probabilities.
    let shown = productMode == 0 ? product : productMode == 1 ? capped : productMode == 2 ? scores : weights
    return [y, l.wants(1) ? presentKey : nil, l.wants(2) ? presentValue : nil, l.wants(3) ? shown : nil]
  }

  /// [B, heads, S, H].
  private func split(_ l: OnnxLowering, _ i: Int, _ heads: Int?, _ name: String) throws(Diagnostic) -> ValueID {
    let x = try l.input(i)
    guard try l.rank(i) == 3 else { return x }
    guard let heads else { throw l.refuse("onnx.unknown-extent", "the number of heads is not given") }
    let parts = try l.add(Reshape(), [x, try l.ints([0, 0, heads, -1], "\(name)_shape")], "\(name)_parts")
    return try l.add(Transpose([0, 2, 1, 3]), [parts], name)
  }

  private func join(_ l: OnnxLowering, _ y: ValueID, rank: Int) throws(Diagnostic) -> ValueID {
    guard rank == 3 else { return y }
    let turned = try l.add(Transpose([0, 2, 1, 3]), [y], "turned")
    return try l.add(Reshape(), [turned, try l.ints([0, 0, -1], "joined_shape")], "joined")
  }

  /// Each head `times` times in a row.
  private func repeated(
    _ l: OnnxLowering, _ x: ValueID, _ times: Int, _ heads: Int, _ name: String
  ) throws(Diagnostic) -> ValueID {
    guard let size = l.shape(x)?[3].value else {
      throw l.refuse("onnx.unknown-extent", "the size of its heads is not known")
    }
    let apart = try l.add(Unsqueeze(), [x, try l.ints([2], "\(name)_axis")], "\(name)_apart")
    let spread = try l.add(Expand(), [apart, try l.ints([1, 1, times, 1, 1], "\(name)_times")], "\(name)_spread")
    return try l.add(Reshape(), [spread, try l.ints([0, heads, -1, size], "\(name)_shape")], name)
  }

  /// What is added to the scores: the mask, and −∞ for what lies in the future.
  private func bias(_ l: OnnxLowering, scores: ValueID, past: Dim?) throws(Diagnostic) -> ValueID? {
    let zero = try l.scalar(0, like: scores, "zero")
    let never = try l.scalar(-.infinity, like: scores, "never")
    var out: ValueID?
    if l.has(3) {
      let mask = try l.input(3)
      if let n = l.shape(mask)?.last?.value, let total = l.shape(scores)?.last?.value, n != total, n != 1 {
        throw l.refuse(
          "onnx.opset-too-low", "a mask shorter than the keys needs operator set 24", help: "use --opset 24 or higher")
      }
      out = l.dtype(mask) == .bool ? try l.add(Select(), [mask, zero, never], "mask") : mask
    }
    guard isCausal else { return out }
    guard let shape = l.shape(scores), let rows = shape[2].value, let columns = shape[3].value, let past = past?.value,
      rows <= 8192, columns <= 8192
    else {
      throw l.refuse(
        "onnx.unknown-extent", "a causal mask needs known lengths",
        help: "use --opset 23 or higher, or give --shape for the inputs")
    }
    let isFuture = (0..<rows).flatMap { r in (0..<columns).map { $0 > r + past } }
    let future = l.constant(try Tensor(isFuture, shape: [rows, columns]), "future")
    let causal = try l.add(Select(), [future, never, zero], "causal")
    return try out.map { (m) throws(Diagnostic) in try l.binary(.add, m, causal, "bias") } ?? causal
  }

  /// Softmax over the keys; rows without any key are zero.
  private func probabilities(_ l: OnnxLowering, _ scores: ValueID, _ bias: ValueID?) throws(Diagnostic) -> ValueID {
    let type = l.dtype(scores)
    var x = scores
    if let wanted = softmaxPrecision, wanted != type { x = try l.add(Cast(to: wanted), [x], "precise") }
    var soft = try l.add(Softmax(axis: 3), [x], "softmax")
    if l.dtype(soft) != type { soft = try l.add(Cast(to: type), [soft], "weights") }
    guard let bias, let rank = l.shape(bias)?.count else { return soft }
    let highest = try l.reduce(.maximum, bias, axes: [rank - 1], "highest")
    let isEmpty = try l.binary(.equal, highest, try l.scalar(-.infinity, like: bias, "nothing"), "empty")
    return try l.add(Select(), [isEmpty, try l.scalar(0, like: soft, "no_weight"), soft], "seen")
  }
}

extension RotaryEmbedding: OnnxLegalisable {
  /// Below operator set 23: pairs of features turned by the angles whose cosines and sines are given.
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    guard l.opset < 23 else { return nil }
    let x = try l.input(0)
    let rank = try l.rank(0)
    // Features last, heads before them: [B, S, heads, H].
    var parts = x
    if rank == 3 {
      parts = try l.add(Reshape(), [x, try l.ints([0, 0, max(heads, 1), -1], "shape")], "parts")
    } else {
      parts = try l.add(Transpose([0, 2, 1, 3]), [x], "parts")
    }
    guard let size = l.shape(parts)?[3].value else {
      throw l.refuse("onnx.unknown-extent", "the size of its heads is not known", help: "use --opset 23 or higher")
    }
    let turning = rotaryDimension == 0 ? size : rotaryDimension
    guard turning <= size, turning % 2 == 0 else {
      throw l.refuse("onnx.attribute-value", "\(turning) features turn of \(size)")
    }
    func angles(_ i: Int, _ name: String) throws(Diagnostic) -> ValueID {
      var t = try l.input(i)
      if l.has(3) { t = try l.add(Gather(axis: 0), [t, try l.input(3)], "\(name)_rows") }
      return try l.add(Unsqueeze(), [t, try l.ints([2], "\(name)_axis")], name)
    }
    func piece(_ v: ValueID, _ from: Int, _ to: Int, _ step: Int, _ name: String) throws(Diagnostic) -> ValueID {
      let operands = [
        v, try l.ints([from], "\(name)_from"), try l.ints([to], "\(name)_to"), try l.ints([3], "\(name)_axis"),
      ]
      return try l.add(Slice(), operands + [try l.ints([step], "\(name)_step")], name)
    }
    let (cosine, sine) = (try angles(1, "cosine"), try angles(2, "sine"))
    let half = turning / 2
    let a = isInterleaved ? try piece(parts, 0, turning, 2, "even") : try piece(parts, 0, half, 1, "first")
    let b = isInterleaved ? try piece(parts, 1, turning, 2, "odd") : try piece(parts, half, turning, 1, "second")
    let real = try l.binary(
      .subtract, try l.binary(.multiply, cosine, a, "ca"), try l.binary(.multiply, sine, b, "sb"), "real")
    let imaginary = try l.binary(
      .add, try l.binary(.multiply, sine, a, "sa"), try l.binary(.multiply, cosine, b, "cb"), "imaginary")
    var turned: ValueID
    if isInterleaved {
      let pair = [real, imaginary]
      var apart: [ValueID] = []
      for (k, v) in pair.enumerated() {
        apart.append(try l.add(Unsqueeze(), [v, try l.ints([4], "pair_axis\(k)")], "pair\(k)"))
      }
      let pairs = try l.add(Concat(axis: 4), apart.map { $0 }, "pairs")
      turned = try l.add(Reshape(), [pairs, try l.ints([0, 0, 0, turning], "pairs_shape")], "turned")
    } else {
      turned = try l.add(Concat(axis: 3), [real, imaginary], "turned")
    }
    if turning < size {
      turned = try l.add(Concat(axis: 3), [turned, try piece(parts, turning, size, 1, "rest")], "whole")
    }
    if rank == 3 { return [try l.add(Reshape(), [turned, try l.ints([0, 0, -1], "joined_shape")], "joined")] }
    return [try l.add(Transpose([0, 2, 1, 3]), [turned], "back")]
  }
}
