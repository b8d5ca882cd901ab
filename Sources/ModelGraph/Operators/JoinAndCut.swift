import TensorCore

/// Operands one after another along `axis`. Source: ONNX Concat.
package struct Concat: Operator {
  package static let operatorName = "Concat"
  package var axis: Int
  package init(axis: Int) { self.axis = axis }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard var out = try inputs.shape(0) else { return [.tensor(type, nil)] }
    let a = try ShapeRule.axis(axis, rank: out.count)
    for i in 1..<max(inputs.count, 1) {
      guard try inputs.dtype(i) == type else { throw InferenceError("operands differ in element type", input: i) }
      guard let s = try inputs.shape(i) else { return [.tensor(type, nil)] }
      guard s.count == out.count else {
        throw InferenceError("\(shapeText(s)) and \(shapeText(out)) differ in rank", input: i)
      }
      for j in s.indices where j != a {
        try ShapeRule.requireEqual(out[j], s[j], "extents of axis \(j) of operands 0 and \(i)")
        if out[j].value == nil { out[j] = s[j] }
      }
      out[a] = try out[a].plus(s[a])
    }
    return [.tensor(type, out)]
  }

  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    var out: [Dim] = []
    for i in 0..<inputs.count {
      guard let c = inputs.contents(i), (try? inputs.shape(i))??.count == 1 else { return [] }
      out += c
    }
    return out.count <= 1024 ? [out] : []
  }
}

/// Parts along `axis`. Operands: input, sizes (1-d int64)?; without sizes `count` parts, equal but for a smaller last one.
/// Source: ONNX Split.
package struct Split: Operator {
  package static let operatorName = "Split"
  package var axis: Int
  package var count: Int
  package init(axis: Int, count: Int) {
    self.axis = axis
    self.count = count
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard count >= 1, count <= 1 << 16 else { throw InferenceError("\(count) parts") }
    guard let x = try inputs.shape(0) else { return Array(repeating: .tensor(type, nil), count: count) }
    let a = try ShapeRule.axis(axis, rank: x.count)
    var sizes: [Dim] = []
    if inputs.has(1) {
      if let given = inputs.contents(1) {
        guard given.count == count else { throw InferenceError("\(given.count) sizes for \(count) parts", input: 1) }
        if let bad = given.first(where: { ($0.value ?? 0) < 0 }) {
          throw InferenceError("size \(bad) is negative", input: 1)
        }
        var sum = Dim(0)
        for d in given { sum = try sum.plus(d) }
        try ShapeRule.requireEqual(sum, x[a], "sum of the parts and axis \(axis)")
        sizes = given
      } else {
        sizes = (0..<count).map { inputs.fresh($0) }
      }
    } else {
      let part = try x[a].ceilDiv(count)
      for _ in 1..<max(count, 1) { sizes.append(part) }
      let last = try x[a].minus(part.times(count - 1))
      if let v = last.value, v < 0 { throw InferenceError("\(x[a]) elements do not make \(count) parts") }
      sizes.append(last)
    }
    return sizes.map { d in
      var s = x
      s[a] = d
      return .tensor(type, s)
    }
  }
}

/// A strided part. Operands: input, starts, ends, axes?, steps? (1-d integers; negative counts from the end, clamped).
/// Source: ONNX Slice.
package struct Slice: Operator {
  package static let operatorName = "Slice"
  package init() {}

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard var x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard let starts = inputs.contents(1), let ends = inputs.contents(2), starts.count == ends.count,
      let axes = inputs.has(3) ? inputs.ints(3) : Array(starts.indices),
      let steps = inputs.has(4) ? inputs.ints(4) : Array(repeating: 1, count: starts.count),
      axes.count == starts.count, steps.count == starts.count
    else {
      if let axes = inputs.has(3) ? inputs.ints(3) : nil {
        for (k, a) in axes.enumerated() { x[try ShapeRule.axis(a, rank: x.count)] = inputs.fresh(k) }
        return [.tensor(type, x)]
      }
      return [.tensor(type, x.indices.map { inputs.fresh($0) })]
    }
    for (k, given) in axes.enumerated() {
      let a = try ShapeRule.axis(given, rank: x.count)
      x[a] = try Slice.extent(x[a], start: starts[k], end: ends[k], step: steps[k]) ?? inputs.fresh(k)
    }
    return [.tensor(type, x)]
  }

  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let c = inputs.contents(0), (try? inputs.shape(0))??.count == 1, let s = inputs.ints(1), s.count == 1,
      let e = inputs.ints(2), e.count == 1, let step = inputs.has(4) ? inputs.ints(4)?.first : 1, step != 0,
      let r = Slice.bounds(extent: c.count, start: s[0], end: e[0], step: step)
    else { return [] }
    return [(0..<r.count).map { c[r.start + $0 * step] }]
  }

  /// Extent of the result; nil where it cannot be told. `step` 0 is an error.
  package static func extent(_ d: Dim, start: Dim, end: Dim, step: Int) throws(InferenceError) -> Dim? {
    guard step != 0, step != Int.min else { throw InferenceError("a step of \(step)") }
    if let n = d.value, let s = start.value, let e = end.value {
      guard let r = bounds(extent: n, start: s, end: e, step: step) else {
        throw InferenceError("the slice is out of range")
      }
      return Dim(r.count)
    }
    // Symbolic extent: the common forms [k:], [:-k], [k:-m] with a positive step, taken to lie inside.
    guard step > 0, let s = start.value else { return nil }
    let from = s < 0 ? try d.plus(s) : Dim(s)
    let to: Dim
    if let e = end.value {
      to = e >= Int(Int32.max) ? d : e < 0 ? try d.plus(e) : Dim(e).minimum(d)
    } else {
      to = end == d ? d : end.minimum(d)
    }
    let span = try to.minus(from)
    return step == 1 ? span : try span.ceilDiv(step)
  }

  /// First index and number of elements that a slice of `n` elements takes, clamped as NumPy clamps.
  package static func bounds(extent n: Int, start: Int, end: Int, step: Int) -> (start: Int, count: Int)? {
    guard step != 0, step != Int.min, n >= 0 else { return nil }
    func place(_ i: Int, low: Int, high: Int) -> Int { min(max(i < 0 ? max(i, -n - 1) + n : i, low), high) }
    guard n > 0 else { return (0, 0) }
    let s = step > 0 ? place(start, low: 0, high: n) : place(start, low: -1, high: n - 1)
    let e = step > 0 ? place(end, low: 0, high: n) : place(end, low: -1, high: n - 1)
    if step > 0 { return s < e ? (s, (e - s - 1) / step + 1) : (s, 0) }
    return s > e ? (s, (s - e - 1) / -step + 1) : (max(s, 0), 0)
  }
}

/// The part of the first operand that has the second one's extents from `axis` on, starting at `offsets`.
///
/// `offsets` has one entry (for all) or one per cropped axis. Source: caffe/layers/crop_layer.cpp.
package struct CropLike: Operator {
  package static let operatorName = "CropLike"
  package var axis: Int
  package var offsets: [Int]
  package init(axis: Int, offsets: [Int]) {
    self.axis = axis
    self.offsets = offsets
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard var x = try inputs.shape(0), let like = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard x.count == like.count else {
      throw InferenceError("input \(shapeText(x)) and reference \(shapeText(like)) differ in rank", input: 1)
    }
    let a = try ShapeRule.axis(axis, rank: x.count)
    guard offsets.count <= 1 || offsets.count == x.count - a else {
      throw InferenceError("\(offsets.count) offsets for \(x.count - a) axes")
    }
    for i in a..<x.count {
      let o = offset(i - a)
      guard o >= 0 else { throw InferenceError("offset \(o) is negative") }
      if let n = x[i].value, let m = like[i].value, o > n || m > n - o {
        throw InferenceError("axis \(i): offset \(o) and reference extent \(m) do not lie in \(n)")
      }
      x[i] = like[i]
    }
    return [.tensor(type, x)]
  }

  /// Offset of the `k`-th cropped axis.
  package func offset(_ k: Int) -> Int {
    offsets.isEmpty ? 0 : offsets.count == 1 ? offsets[0] : k < offsets.count ? offsets[k] : 0
  }
}

/// Elements put around. Operands: input, pads (begin…, end…; may be negative), value (0-d)?, axes?. Source: ONNX Pad.
package struct Pad: Operator {
  package static let operatorName = "Pad"
  package var mode: Mode
  package enum Mode: String, Hashable, Sendable { case constant, reflect, edge, wrap }
  package init(mode: Mode = .constant) { self.mode = mode }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard let pads = inputs.contents(1), let axes = inputs.has(3) ? inputs.ints(3) : Array(x.indices) else {
      return [.tensor(type, x.indices.map { inputs.fresh($0) })]
    }
    guard pads.count == 2 * axes.count else {
      throw InferenceError("\(pads.count) pads for \(axes.count) axes", input: 1)
    }
    var out = x
    for (k, given) in axes.enumerated() {
      let a = try ShapeRule.axis(given, rank: x.count)
      out[a] = try x[a].plus(pads[k]).plus(pads[axes.count + k])
      if let v = out[a].value, v < 0 { throw InferenceError("axis \(a) gets a negative extent \(v)") }
    }
    return [.tensor(type, out)]
  }
}

/// The input repeated along each axis. Operands: input, repeats (1-d int64). Source: ONNX Tile.
package struct Tile: Operator {
  package static let operatorName = "Tile"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard let r = inputs.contents(1) else { return [.tensor(type, x.indices.map { inputs.fresh($0) })] }
    guard r.count == x.count else { throw InferenceError("\(r.count) repeats for \(shapeText(x))", input: 1) }
    var out: [Dim] = []
    for (d, k) in zip(x, r) {
      if let v = k.value, v < 0 { throw InferenceError("repeat \(v) is negative", input: 1) }
      out.append(try d.times(k))
    }
    return [.tensor(type, out)]
  }
}

/// The input broadcast with a shape. Operands: input, shape (1-d int64). Source: ONNX Expand.
package struct Expand: Operator {
  package static let operatorName = "Expand"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let s = inputs.contents(1) else { return [.tensor(type, nil)] }
    return [.tensor(type, try ShapeRule.broadcast(x, s))]
  }
}
