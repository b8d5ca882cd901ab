import Diagnostics
import TensorCore

/// Copies a strided view into dense memory: transposes, slices, broadcasts and repeats, whatever the element type.
struct StridedCopy {
  private var shape: [Int]
  private var strides: [Int]
  private let offset: Int
  private let width: Int

  /// - Parameters:
  ///   - shape: extents of the dense result.
  ///   - strides: source strides in elements; 0 repeats, negative runs backwards.
  ///   - offset: the source element of place (0, …, 0).
  ///   - width: bytes of an element.
  init(shape: [Int], strides: [Int], offset: Int = 0, width: Int) {
    self.offset = offset
    self.width = width
    self.shape = []
    self.strides = []
    // Axes of one element go; neighbours that run on into each other are joined.
    for (n, s) in zip(shape, strides) where n != 1 {
      if let last = self.shape.indices.last, self.strides[last] == n * s {
        self.shape[last] *= n
        self.strides[last] = s
      } else {
        self.shape.append(n)
        self.strides.append(s)
      }
    }
  }

  var count: Int { shape.reduce(1, *) }

  // SAFETY: `source` holds every element that shape, strides and offset address, `out` holds `count` elements.
  func run(_ source: UnsafeRawPointer, _ out: UnsafeMutableRawPointer) {
    switch width {
    case 1: typed(source, out, UInt8.self)
    case 2: typed(source, out, UInt16.self)
    case 4: typed(source, out, UInt32.self)
    case 8: typed(source, out, UInt64.self)
    default: typed(source, out, SIMD2<UInt64>.self)
    }
  }

  private func typed<T>(_ source: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _: T.Type) {
    guard count > 0 else { return }
    let x = source.assumingMemoryBound(to: T.self) + offset
    let y = out.assumingMemoryBound(to: T.self)
    guard let inner = shape.last, let step = strides.last else {
      y[0] = x[0]
      return
    }
    if shape.count >= 2, step != 1, strides[shape.count - 2] == 1 { return transposed(x, y) }
    let outer = Array(shape.dropLast())
    let outerStrides = Array(strides.dropLast())
    let rows = outer.reduce(1, *)
    Parallel.ranges(rows, grain: max(1, (1 << 14) / inner)) { range in
      var place = [Int](repeating: 0, count: outer.count)
      PatchGather.unravel(range.lowerBound, outer, into: &place)
      var at = zip(place, outerStrides).reduce(0) { $0 + $1.0 * $1.1 }
      for row in range {
        let line = y + row * inner
        let from = x + at
        if step == 1 {
          line.update(from: from, count: inner)
        } else if step == 0 {
          line.update(repeating: from[0], count: inner)
        } else {
          for i in 0..<inner { line[i] = from[i * step] }
        }
        Self.advance(&place, &at, outer, outerStrides)
      }
    }
  }

  /// The last two axes swapped: read and written in square tiles so that both sides use whole cache lines.
  private func transposed<T>(_ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>) {
    let columns = shape[shape.count - 1]
    let step = strides[shape.count - 1]
    let rows = shape[shape.count - 2]
    let outer = Array(shape.dropLast(2))
    let outerStrides = Array(strides.dropLast(2))
    let planes = outer.reduce(1, *)
    let tile = 16
    let bands = (rows + tile - 1) / tile
    let grain = max(1, (1 << 14) / (columns * tile))
    Parallel.ranges(planes * bands, grain: grain) { range in
      var place = [Int](repeating: 0, count: outer.count)
      for chunk in range {
        let plane = chunk / bands
        let first = chunk % bands * tile
        PatchGather.unravel(plane, outer, into: &place)
        let from = x + zip(place, outerStrides).reduce(0) { $0 + $1.0 * $1.1 }
        let to = y + plane * rows * columns
        let last = min(first + tile, rows)
        var c = 0
        while c < columns {
          let end = min(c + tile, columns)
          for r in first..<last {
            for k in c..<end { to[r * columns + k] = from[r + k * step] }
          }
          c = end
        }
      }
    }
  }

  @inline(__always)
  static func advance(_ place: inout [Int], _ at: inout Int, _ shape: [Int], _ strides: [Int]) {
    var a = shape.count - 1
    while a >= 0 {
      place[a] += 1
      at += strides[a]
      if place[a] < shape[a] { return }
      at -= strides[a] * shape[a]
      place[a] = 0
      a -= 1
    }
  }

  /// Row-major strides in elements.
  static func dense(_ shape: [Int]) -> [Int] {
    var out = [Int](repeating: 1, count: shape.count)
    var p = 1
    for i in shape.indices.reversed() {
      out[i] = p
      p *= max(shape[i], 1)
    }
    return out
  }

  /// Strides of `shape` seen in `out` by NumPy's rules.
  static func broadcast(_ shape: [Int], to out: [Int]) -> [Int] {
    let own = dense(shape)
    let lead = out.count - shape.count
    return out.indices.map { i in
      let j = i - lead
      return j < 0 || shape[j] == 1 ? 0 : own[j]
    }
  }
}
