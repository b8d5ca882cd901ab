import TensorCore

/// The same value. Source: ONNX Identity.
package struct Identity: Operator {
  package static let operatorName = "Identity"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] { [try inputs.type(0)] }
  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] { [inputs.contents(0)] }
}

/// The same elements in another shape. Operands: input, shape (1-d int64; −1 infers, 0 copies unless `allowsZero`).
/// Source: ONNX Reshape.
package struct Reshape: Operator {
  package static let operatorName = "Reshape"
  package var allowsZero: Bool
  package init(allowsZero: Bool = false) { self.allowsZero = allowsZero }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let wanted = inputs.contents(1) else {
      let rank = try inputs.shape(1)?.first?.value
      guard let rank, rank >= 0, rank <= 64 else { return [.tensor(type, nil)] }
      return [.tensor(type, (0..<rank).map { inputs.fresh($0) })]
    }
    return [.tensor(type, try Reshape.resolve(wanted, input: try inputs.shape(0), allowsZero: allowsZero, inputs))]
  }

  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let wanted = inputs.ints(1), wanted.count <= 1 else { return [] }
    return [inputs.contents(0)]
  }

  /// The result's shape for a shape operand.
  package static func resolve(
    _ wanted: [Dim], input: Shape, allowsZero: Bool, _ inputs: TypeInputs
  ) throws(InferenceError) -> [Dim] {
    var out: [Dim] = []
    var unknown: Int?
    for (i, d) in wanted.enumerated() {
      if d.value == 0, !allowsZero {
        guard let input else {
          out.append(inputs.fresh(i))
          continue
        }
        guard i < input.count else { throw InferenceError("0 at {\(i)} copies an axis that the input does not have") }
        out.append(input[i])
      } else if d.value == -1 {
        guard unknown == nil else { throw InferenceError("more than one extent is -1") }
        unknown = i
        out.append(Dim(1))
      } else {
        if let v = d.value, v < -1 { throw InferenceError("extent \(v) is negative") }
        out.append(d)
      }
    }
    guard let input else {
      if let u = unknown { out[u] = inputs.fresh(u) }
      return out
    }
    let total = try ShapeRule.product(input)
    let known = try ShapeRule.product(out)
    if let u = unknown {
      if let q = try total.exactQuotient(known) {
        out[u] = q
      } else if let t = total.value, let k = known.value {
        guard k != 0 || t == 0 else { throw InferenceError("\(shapeText(input)) does not fit \(shapeText(wanted))") }
        guard k == 0 else { throw InferenceError("\(t) elements do not divide by \(k) for \(shapeText(wanted))") }
        out[u] = Dim(0)
      } else {
        out[u] = try total.floorDiv(known)
      }
    } else if let t = total.value, let k = known.value, t != k {
      throw InferenceError("\(shapeText(input)) has \(t) elements, \(shapeText(out)) has \(k)")
    }
    return out
  }
}

/// Replaces axes `axis ..< axis + axisCount` by `dims`, where 0 copies the axis at the same place counted from `axis` and
/// −1 infers; `axisCount` −1 means all that follow. Source: caffe/layers/reshape_layer.cpp.
package struct ReshapeAxes: Operator {
  package static let operatorName = "ReshapeAxes"
  package var dims: [Int]
  package var axis: Int
  package var axisCount: Int

  package init(dims: [Int], axis: Int = 0, axisCount: Int = -1) {
    self.dims = dims
    self.axis = axis
    self.axisCount = axisCount
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    let start = try ShapeRule.axis(axis, rank: x.count, inclusive: true)
    guard axisCount >= -1, axisCount <= x.count, axisCount == -1 || start + axisCount <= x.count else {
      throw InferenceError("\(axisCount) axes from \(axis) are outside \(shapeText(x))")
    }
    let end = axisCount == -1 ? x.count : start + axisCount
    let middle = Array(x[start..<end])
    var wanted: [Dim] = []
    for (i, d) in dims.enumerated() {
      if d == 0 {
        guard start + i < x.count else {
          throw InferenceError("0 at {\(i)} copies an axis that the input does not have")
        }
        wanted.append(x[start + i])
      } else {
        wanted.append(Dim(d))
      }
    }
    let new = try Reshape.resolve(wanted, input: middle, allowsZero: true, inputs)
    return [.tensor(type, x[..<start] + new + x[end...])]
  }
}

/// Joins axes `axis ... endAxis` into one. Source: caffe/layers/flatten_layer.cpp.
package struct Flatten: Operator {
  package static let operatorName = "Flatten"
  package var axis: Int
  package var endAxis: Int
  package init(axis: Int = 1, endAxis: Int = -1) {
    self.axis = axis
    self.endAxis = endAxis
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    let a = try ShapeRule.axis(axis, rank: x.count)
    let e = try ShapeRule.axis(endAxis, rank: x.count)
    guard a <= e else { throw InferenceError("end axis \(endAxis) lies before axis \(axis)") }
    return [.tensor(type, x[..<a] + [try ShapeRule.product(x[a...e])] + x[(e + 1)...])]
  }
}

/// Joins axes before `axis` into one and the rest into another: always two axes. Source: ONNX Flatten.
package struct FlattenToMatrix: Operator {
  package static let operatorName = "FlattenToMatrix"
  package var axis: Int
  package init(axis: Int = 1) { self.axis = axis }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, [inputs.fresh(0), inputs.fresh(1)])] }
    // Inclusive at the top, but −1 still means the last axis.
    let a = axis == x.count ? axis : x.isEmpty && axis == 0 ? 0 : try ShapeRule.axis(axis, rank: x.count)
    return [.tensor(type, [try ShapeRule.product(x[..<a]), try ShapeRule.product(x[a...])])]
  }
}

/// Axes in another order: axis i of the result is axis `order[i]`; empty reverses them. Source: ONNX Transpose.
package struct Transpose: Operator {
  package static let operatorName = "Transpose"
  package var order: [Int]
  package init(_ order: [Int]) { self.order = order }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else {
      return [.tensor(type, order.isEmpty ? nil : order.map { inputs.fresh($0) })]
    }
    let p = order.isEmpty ? Array(x.indices.reversed()) : order
    guard p.count == x.count, Set(p) == Set(x.indices) else {
      throw InferenceError("\(order) is not an order of the axes of \(shapeText(x))")
    }
    return [.tensor(type, p.map { x[$0] })]
  }
}

/// Removes axes of extent 1. Operands: input, axes (1-d int64)?. Source: ONNX Squeeze.
package struct Squeeze: Operator {
  package static let operatorName = "Squeeze"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    guard inputs.has(1) else {
      guard x.allSatisfy({ $0.value != nil }) else { return [.tensor(type, nil)] }
      return [.tensor(type, x.filter { $0.value != 1 })]
    }
    guard let list = inputs.ints(1) else { return [.tensor(type, nil)] }
    var gone: Set<Int> = []
    for a in list {
      let i = try ShapeRule.axis(a, rank: x.count)
      if let v = x[i].value, v != 1 { throw InferenceError("axis \(a) has extent \(v), not 1") }
      gone.insert(i)
    }
    return [.tensor(type, x.enumerated().filter { !gone.contains($0.offset) }.map(\.element))]
  }
  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let c = inputs.contents(0), c.count == 1 else { return [] }
    return [c]
  }
}

/// Inserts axes of extent 1. Operands: input, axes (1-d int64, places in the result). Source: ONNX Unsqueeze.
package struct Unsqueeze: Operator {
  package static let operatorName = "Unsqueeze"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let list = inputs.ints(1) else { return [.tensor(type, nil)] }
    let rank = x.count + list.count
    guard rank <= 64 else { throw InferenceError("\(rank) axes are too many") }
    var new: Set<Int> = []
    for a in list {
      guard new.insert(try ShapeRule.axis(a, rank: rank)).inserted else {
        throw InferenceError("axis \(a) is given twice")
      }
    }
    var rest = x.makeIterator()
    return [.tensor(type, (0..<rank).compactMap { new.contains($0) ? Dim(1) : rest.next() })]
  }
  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let c = inputs.contents(0), c.count == 1, (try? inputs.shape(0))??.isEmpty == true else { return [] }
    return [c]
  }
}
