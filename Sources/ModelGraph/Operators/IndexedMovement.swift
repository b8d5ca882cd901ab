import TensorCore

/// Elements picked by an index tensor of the result's shape: like a gather along `axis` with the other indices kept.
/// Operands: input, indices. Source: ONNX GatherElements.
package struct GatherElements: Operator {
  package static let operatorName = "GatherElements"
  package var axis: Int
  package init(axis: Int = 0) { self.axis = axis }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    if let x = try inputs.shape(0) { _ = try ShapeRule.axis(axis, rank: x.count) }
    return [.tensor(try inputs.dtype(0), try inputs.shape(1))]
  }
}

/// Slices picked by index tuples in the last axis of the indices. Operands: input, indices. Source: ONNX GatherND.
package struct GatherND: Operator {
  package static let operatorName = "GatherND"
  /// Leading axes that input and indices share.
  package var batchAxes: Int
  package init(batchAxes: Int = 0) { self.batchAxes = batchAxes }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let i = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard let last = i.last, batchAxes >= 0, batchAxes < i.count, batchAxes <= x.count else {
      throw InferenceError("\(batchAxes) batch axes do not fit \(shapeText(x)) and \(shapeText(i))")
    }
    guard let k = last.value else { return [.tensor(type, nil)] }
    guard k >= 1, batchAxes + k <= x.count else {
      throw InferenceError("index tuples of \(k) do not fit \(shapeText(x))", input: 1)
    }
    return [.tensor(type, i.dropLast() + x[(batchAxes + k)...])]
  }
}

/// How a scattered element meets the one that is there.
package enum ScatterReduction: String, Hashable, Sendable { case none, add, mul, max, min }

/// The input with elements replaced along `axis`. Operands: input, indices, updates. Source: ONNX ScatterElements.
package struct ScatterElements: Operator {
  package static let operatorName = "ScatterElements"
  package var axis: Int
  package var reduction: ScatterReduction
  package init(axis: Int = 0, reduction: ScatterReduction = .none) {
    self.axis = axis
    self.reduction = reduction
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x { _ = try ShapeRule.axis(axis, rank: x.count) }
    return [.tensor(try inputs.dtype(0), x)]
  }
}

/// The input with slices replaced at index tuples. Operands: input, indices, updates. Source: ONNX ScatterND.
package struct ScatterND: Operator {
  package static let operatorName = "ScatterND"
  package var reduction: ScatterReduction
  package init(reduction: ScatterReduction = .none) { self.reduction = reduction }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.tensor(try inputs.dtype(0), try inputs.shape(0))]
  }
}

/// A cache with an update written along `axis` at each batch entry's index. Operands: cache, update, indices?.
/// Source: ONNX TensorScatter.
package struct CacheScatter: Operator {
  package static let operatorName = "CacheScatter"
  package var axis: Int
  /// Indices past the end wrap around.
  package var isCircular: Bool
  package init(axis: Int = -2, isCircular: Bool = false) {
    self.axis = axis
    self.isCircular = isCircular
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x { _ = try ShapeRule.axis(axis, rank: x.count) }
    return [.tensor(try inputs.dtype(0), x)]
  }
}

/// Index tuples of the elements that are not 0: [rank, count], int64. Source: ONNX NonZero.
package struct NonZero: Operator {
  package static let operatorName = "NonZero"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let rank = try inputs.shape(0)?.count
    return [.tensor(.int64, [rank.map { Dim($0) } ?? inputs.fresh(1), inputs.fresh()])]
  }
}

/// The distinct elements (or slices along `axis`). Results: values, first indices, inverse indices, counts.
/// Source: ONNX Unique.
package struct Unique: Operator {
  package static let operatorName = "Unique"
  package var axis: Int?
  /// Ascending, or in the order of first occurrence.
  package var isSorted: Bool
  package init(axis: Int? = nil, isSorted: Bool = true) {
    self.axis = axis
    self.isSorted = isSorted
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let x = try inputs.shape(0)
    let count = inputs.fresh()
    var values: Shape = [count]
    var inverse = inputs.fresh(1)
    if let axis {
      if var x {
        let a = try ShapeRule.axis(axis, rank: x.count)
        inverse = x[a]
        x[a] = count
        values = x
      } else {
        values = nil
      }
    } else if let x {
      inverse = try ShapeRule.product(x)
    }
    return [
      .tensor(type, values), .tensor(.int64, [count]), .tensor(.int64, [inverse]), .tensor(.int64, [count]),
    ]
  }
}

/// A new axis of `depth` elements that holds values[1] at the index and values[0] elsewhere. Operands: indices, depth,
/// values [off, on]. Source: ONNX OneHot.
package struct OneHot: Operator {
  package static let operatorName = "OneHot"
  package var axis: Int
  package init(axis: Int = -1) { self.axis = axis }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(2)
    guard var i = try inputs.shape(0) else { return [.tensor(type, nil)] }
    let a = try ShapeRule.axis(axis, rank: i.count + 1)
    var depth = inputs.contents(1)?.first ?? inputs.fresh()
    if let t = inputs.constant(1), t.count == 1, let v = (try? t.doubles())?.first,
      let n = Int(exactly: v.rounded(.towardZero))
    {
      depth = Dim(n)
    }
    i.insert(depth, at: a)
    return [.tensor(type, i)]
  }
}

/// The upper or lower triangle of the last two axes, zeros elsewhere. Operands: input, diagonal (0-d int64)?.
/// Source: ONNX Trilu.
package struct Triangle: Operator {
  package static let operatorName = "Triangle"
  package var isUpper: Bool
  package init(isUpper: Bool = true) { self.isUpper = isUpper }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x, x.count < 2 { throw InferenceError("\(shapeText(x)) is not a matrix", input: 0) }
    return [.tensor(try inputs.dtype(0), x)]
  }
}

/// The first `length[b]` elements of each batch entry reversed along the time axis. Operands: input, lengths [batch].
/// Source: ONNX ReverseSequence.
package struct ReverseSequence: Operator {
  package static let operatorName = "ReverseSequence"
  package var batchAxis: Int
  package var timeAxis: Int
  package init(batchAxis: Int = 1, timeAxis: Int = 0) {
    self.batchAxis = batchAxis
    self.timeAxis = timeAxis
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x, x.count < 2 { throw InferenceError("\(shapeText(x)) has no batch and time axis", input: 0) }
    return [.tensor(try inputs.dtype(0), x)]
  }
}

/// Channels moved into the plane in blocks of b×b: [N, C, H, W] → [N, C/b², H·b, W·b]. Source: ONNX DepthToSpace.
package struct DepthToSpace: Operator {
  package static let operatorName = "DepthToSpace"
  package var block: Int
  package var order: Order
  /// Which of the split channel axes comes first: the blocks' (DCR) or the channels' (CRD).
  package enum Order: String, Hashable, Sendable { case DCR, CRD }
  package init(block: Int, order: Order = .DCR) {
    self.block = block
    self.order = order
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard x.count >= 3, block >= 1, block < 1 << 15 else {
      throw InferenceError("\(shapeText(x)) in blocks of \(block)")
    }
    var cells = Dim(1)
    for _ in 2..<x.count { cells = try cells.times(block) }
    if let c = x[1].value, let n = cells.value, c % n != 0 {
      throw InferenceError("\(c) channels do not make blocks of \(n)")
    }
    var out = [x[0], try x[1].floorDiv(cells)]
    for d in x[2...] { out.append(try d.times(block)) }
    return [.tensor(type, out)]
  }
}

/// Blocks of b×b of the plane moved into channels: [N, C, H, W] → [N, C·b², H/b, W/b]. Source: ONNX SpaceToDepth.
package struct SpaceToDepth: Operator {
  package static let operatorName = "SpaceToDepth"
  package var block: Int
  package var order: DepthToSpace.Order
  package init(block: Int, order: DepthToSpace.Order = .DCR) {
    self.block = block
    self.order = order
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard x.count >= 3, block >= 1, block < 1 << 15 else {
      throw InferenceError("\(shapeText(x)) in blocks of \(block)")
    }
    var out = [x[0], x[1]]
    for d in x[2...] {
      if let v = d.value, v % block != 0 { throw InferenceError("extent \(v) does not divide into blocks of \(block)") }
      out[1] = try out[1].times(block)
      out.append(try d.floorDiv(block))
    }
    return [.tensor(type, out)]
  }
}

/// Ones on a diagonal of a matrix of the operand's shape. Source: ONNX EyeLike.
package struct EyeLike: Operator {
  package static let operatorName = "EyeLike"
  /// nil: the operand's element type.
  package var dtype: DType?
  package var diagonal: Int
  package init(dtype: DType? = nil, diagonal: Int = 0) {
    self.dtype = dtype
    self.diagonal = diagonal
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x, x.count != 2 { throw InferenceError("\(shapeText(x)) is not a matrix", input: 0) }
    if let dtype { return [.tensor(dtype, x)] }
    return [.tensor(try inputs.dtype(0), x)]
  }
}

/// start, start + delta, … below limit. Operands: start, limit, delta (0-d). Source: ONNX Range.
package struct NumberRange: Operator {
  package static let operatorName = "NumberRange"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    if let n = try count(inputs) { return [.tensor(type, [n])] }
    return [.tensor(type, [inputs.fresh()])]
  }

  private func count(_ inputs: TypeInputs) throws(InferenceError) -> Dim? {
    if let s = inputs.contents(0)?.first, let e = inputs.contents(1)?.first, let d = inputs.ints(2)?.first {
      guard d != 0 else { throw InferenceError("a step of 0", input: 2) }
      if let a = s.value, let b = e.value {
        let (span, overflow) = b.subtractingReportingOverflow(a)
        guard !overflow, d != Int.min, span != Int.min else { throw InferenceError("the range is too long") }
        let up = d > 0 ? span : -span
        let step = d.magnitude > UInt(Int.max) ? Int.max : Int(d.magnitude)
        return Dim(up <= 0 ? 0 : (up - 1) / step + 1)
      }
      guard d > 0 else { return nil }
      return try e.minus(s).ceilDiv(d)
    }
    guard let s = number(inputs, 0), let e = number(inputs, 1), let d = number(inputs, 2), d != 0 else { return nil }
    let n = ((e - s) / d).rounded(.up)
    guard n.isFinite, n < 1e15 else { throw InferenceError("the range is too long") }
    return Dim(max(0, Int(n)))
  }

  private func number(_ inputs: TypeInputs, _ i: Int) -> Double? {
    inputs.constant(i).flatMap { $0.count == 1 ? (try? $0.doubles())?.first : nil }
  }

  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let s = inputs.ints(0)?.first, let d = inputs.ints(2)?.first, d != 0, let n = (try? count(inputs))??.value,
      n <= 1024
    else { return [] }
    return [(0..<n).map { Dim(s &+ $0 &* d) }]
  }
}

/// Blocks put back into an image, overlaps added. Operands: blocks [N, C·Πblock, L], image shape, block shape.
/// Source: ONNX Col2Im.
package struct ColumnsToImage: Operator {
  package static let operatorName = "ColumnsToImage"
  /// Strides, dilations and pads; the kernel is the third operand.
  package var geometry: WindowGeometry
  package init(_ geometry: WindowGeometry) { self.geometry = geometry }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let image = inputs.contents(1), x.count == 3 else { return [.tensor(type, nil)] }
    guard let block = inputs.contents(2) else { return [.tensor(type, [x[0], inputs.fresh()] + image)] }
    let cells = try ShapeRule.product(block)
    if let c = x[1].value, let n = cells.value, n <= 0 || c % n != 0 {
      throw InferenceError("\(c) rows do not make blocks of \(n)", input: 0)
    }
    return [.tensor(type, [x[0], try x[1].floorDiv(cells)] + image)]
  }
}

/// Running sums or products along an axis. Operands: input, axis (0-d int). Sources: ONNX CumSum, CumProd.
package struct Cumulate: Operator {
  package static let operatorName = "Cumulate"
  package var isProduct: Bool
  /// Each result leaves its own element out.
  package var isExclusive: Bool
  package var isReverse: Bool
  package init(isProduct: Bool = false, isExclusive: Bool = false, isReverse: Bool = false) {
    self.isProduct = isProduct
    self.isExclusive = isExclusive
    self.isReverse = isReverse
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.tensor(try inputs.dtype(0), try inputs.shape(0))]
  }
}

/// The last axes cut or padded to `shape`, centred. Operands: input, shape (1-d int). Source: ONNX CenterCropPad.
package struct CenterCropPad: Operator {
  package static let operatorName = "CenterCropPad"
  /// The axes that the shape is of; empty for all.
  package var axes: [Int]
  package init(axes: [Int] = []) { self.axes = axes }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard var x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    let list = axes.isEmpty ? Array(x.indices) : axes
    let wanted = inputs.contents(1) ?? list.indices.map { inputs.fresh($0) }
    guard wanted.count == list.count else {
      throw InferenceError("\(wanted.count) extents for \(list.count) axes", input: 1)
    }
    for (a, d) in zip(list, wanted) {
      if let v = d.value, v < 0 { throw InferenceError("extent \(v) is negative", input: 1) }
      x[try ShapeRule.axis(a, rank: x.count)] = d
    }
    return [.tensor(type, x)]
  }
}
