import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Values between the elements of a plane, and linear maps of rows and columns.
extension LayerBuilder {
  /// What lies outside a plane.
  enum PlaneEdge {
    /// The nearest element of the plane.
    case nearest
    /// 0, element by element.
    case zero
  }

  /// Bilinear samples of an image [N, C, H, W], as [N, C, P].
  ///
  /// - Parameters:
  ///   - columns: where to sample along W, [N, 1, P], counted from 0; finite.
  ///   - rows: likewise along H.
  func bilinear(
    _ image: ValueID, columns: ValueID, rows: ValueID, edge: PlaneEdge, _ role: String
  ) throws(Diagnostic) -> ValueID {
    let s = shape(of: image)
    guard s.count == 4, let c = s[1].value, let h = s[2].value, let w = s[3].value, let plane = checkedProduct([h, w]),
      plane > 0, let points = shape(of: columns).last?.value
    else { throw error("caffe.sample.shape", "an image of shape \(shapeText(s)) cannot be sampled") }
    let planes = try reshaped(image, to: [s[0], Dim(c), Dim(plane)], role + "_planes")
    let whole = try shapeConstant([s[0], Dim(c), Dim(points)], role + "_samples_shape")
    let x = try SamplePlace(self, columns, extent: w, edge, role + "_x")
    let y = try SamplePlace(self, rows, extent: h, edge, role + "_y")
    let width = try constant(role + "_width", ints: [w])
    var sum: ValueID?
    for (j, row) in y.sides.enumerated() {
      let start = try binary(.multiply, row.index, width, "\(role)_row_start\(j)")
      for (i, column) in x.sides.enumerated() {
        let index = try binary(.add, start, column.index, "\(role)_index\(j)\(i)")
        let everywhere = try add(Expand(), [index, whole], "\(role)_indices\(j)\(i)")
        let picked = try add(GatherElements(axis: 2), [planes, everywhere], "\(role)_corner\(j)\(i)")
        let weight = try binary(.multiply, column.weight, row.weight, "\(role)_weight\(j)\(i)")
        let part = try binary(.multiply, picked, weight, "\(role)_part\(j)\(i)")
        sum = if let sum { try binary(.add, sum, part, "\(role)_sum\(j)\(i)") } else { part }
      }
    }
    guard let sum else { throw error("caffe.layer.internal", "nothing was sampled") }
    return sum
  }

  /// Rows and columns of x [N, C, H, W] mixed: result[i, j] = Σ R[i, h] · x[h, w] · S[j, w], matrices given row by row.
  func separable(_ x: ValueID, rows: [[Float]], columns: [[Float]], _ role: String) throws(Diagnostic) -> ValueID {
    var y = x
    if let matrix = try mixing(columns, transposed: true, role + "_columns") {
      y = try add(MatMul(), [y, matrix], role + "_across")
    }
    if let matrix = try mixing(rows, transposed: false, role + "_rows") {
      y = try add(MatMul(), [matrix, y], role + "_down")
    }
    return y
  }

  /// The matrix as a constant; nil for the identity.
  private func mixing(_ m: [[Float]], transposed: Bool, _ role: String) throws(Diagnostic) -> ValueID? {
    let (outputs, inputs) = (m.count, m.first?.count ?? 0)
    guard let count = checkedProduct([outputs, inputs]), count <= 1 << 26 else {
      throw error("caffe.sample.size", "a map of \(inputs) to \(outputs) elements is too large")
    }
    if outputs == inputs, m.enumerated().allSatisfy({ i, r in r.enumerated().allSatisfy { $1 == (i == $0 ? 1 : 0) } }) {
      return nil
    }
    guard transposed else { return constant(role, try Tensor(m.flatMap { $0 }, shape: [outputs, inputs])) }
    var flat = [Float](repeating: 0, count: count)
    for (i, row) in m.enumerated() { for (j, v) in row.enumerated() { flat[j * outputs + i] = v } }
    return constant(role, try Tensor(flat, shape: [inputs, outputs]))
  }

  /// The extents of a picture-like bottom as numbers.
  func plane(_ i: Int = 0) throws(Diagnostic) -> (height: Int, width: Int) {
    guard rank(i) == 4 else {
      throw error("caffe.layer.rank", "bottom \(i) must have 4 axes, but has shape \(shapeText(shape(i)))")
    }
    let size = (height: try self.size(2, of: i, "the height"), width: try self.size(3, of: i, "the width"))
    guard size.height > 0, size.width > 0, size.height <= 1 << 20, size.width <= 1 << 20 else {
      throw error("caffe.layer.plane", "a plane of \(size.height) by \(size.width) is empty or too large")
    }
    return size
  }
}

/// The two elements around a place on an axis, as int64 indices, and their weights.
private struct SamplePlace {
  var sides: [(index: ValueID, weight: ValueID)] = []

  init(
    _ l: LayerBuilder, _ at: ValueID, extent: Int, _ edge: LayerBuilder.PlaneEdge, _ role: String
  ) throws(Diagnostic) {
    let one = try l.constant(role + "_one", scalar: 1)
    let low = try l.map(.floor, at, role + "_low")
    let past = try l.binary(.subtract, at, low, role + "_past")
    let rest = try l.binary(.subtract, one, past, role + "_rest")
    let high = try l.binary(.add, low, one, role + "_high")
    let last = Float(extent - 1)
    for (k, (place, weight)) in [(low, rest), (high, past)].enumerated() {
      let inside = try l.map(.clamp(lower: 0, upper: FloatBits(last)), place, "\(role)_inside\(k)")
      var weight = weight
      if edge == .zero {
        let isInside = try l.binary(.equal, inside, place, "\(role)_is_inside\(k)")
        weight = try l.select(isInside, weight, try l.constant("\(role)_nothing\(k)", scalar: 0), "\(role)_weight\(k)")
      }
      sides.append((try l.cast(inside, .int64, "\(role)_index\(k)"), weight))
    }
  }
}
