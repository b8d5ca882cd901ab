#if canImport(Glibc)
  import Glibc
#endif

/// Gaussian filtering of values at points of a feature space, on the vertices of a permutohedral lattice: values are spread
/// to the corners of the simplex around each point, blurred along the lattice's axes, and gathered again.
///
/// Source: Adams, Baek, Davis 2010; Krähenbühl, Koltun 2011; the steps, their order and the single precision are those of
/// CRF-RNN's modified_permutohedral.cpp as built for x86. There points are taken in fours, and those that fill up the last
/// four lie at the origin: their vertices take part in the blur.
struct PermutohedralLattice: Sendable {
  let dimensions: Int
  let points: Int
  /// Vertices, of all simplices.
  private(set) var count = 0
  /// For each point the vertices of its simplex, and the barycentric coordinates in it.
  private var vertices: [Int32]
  private var weights: [Float]
  /// For each axis and vertex the neighbours on both sides; −1 where there is none.
  private var neighbours: [(before: Int32, after: Int32)] = []

  /// - Parameter features: `points` rows of `dimensions` numbers, each already divided by its standard deviation.
  init(features: [Float], dimensions d: Int) {
    dimensions = d
    points = d > 0 ? features.count / d : 0
    vertices = Array(repeating: 0, count: points * (d + 1))
    weights = Array(repeating: 0, count: points * (d + 1))
    var simplex = LatticeSimplex(dimensions: d)
    var table = LatticeTable(keySize: d, expected: points)
    for k in 0..<points {
      simplex.enclose(features[(k * d)..<(k * d + d)])
      for corner in 0...d {
        vertices[k * (d + 1) + corner] = table.index(of: simplex.key(corner), inserts: true)
        weights[k * (d + 1) + corner] = simplex.barycentric[corner]
      }
    }
    if points % 4 != 0 {
      simplex.enclose(Array(repeating: 0, count: d)[...])
      for corner in 0...d { _ = table.index(of: simplex.key(corner), inserts: true) }
    }
    count = table.count
    neighbours.reserveCapacity((d + 1) * count)
    for axis in 0...d {
      for i in 0..<count {
        var (low, high) = (table.key(i), table.key(i))
        for k in 0..<d {
          low[k] &-= 1
          high[k] &+= 1
        }
        if axis < d {
          low[axis] = table.key(i)[axis] &+ Int32(d)
          high[axis] = table.key(i)[axis] &- Int32(d)
        }
        neighbours.append((table.index(of: low, inserts: false), table.index(of: high, inserts: false)))
      }
    }
  }

  /// Filters `channels` rows of `points` values each.
  ///
  // SAFETY: both hold channels · points elements and do not overlap.
  func filter(_ values: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>, channels: Int) {
    let block = 8
    Parallel.each((channels + block - 1) / block, workers: 256) { b, _ in
      let first = b * block
      let n = min(block, channels - first)
      filterBlock(values + first * points, result + first * points, n)
    }
  }

  private func filterBlock(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ n: Int) {
    let corners = dimensions + 1
    // Entry 0 stands for vertices that do not exist, and stays 0.
    var now = [Float](repeating: 0, count: (count + 1) * n)
    var next = now
    for i in 0..<points {
      for j in 0..<corners {
        let at = (Int(vertices[i * corners + j]) + 1) * n
        let w = weights[i * corners + j]
        for k in 0..<n { now[at + k] += w * x[k * points + i] }
      }
    }
    for axis in 0..<corners {
      for i in 0..<count {
        let side = neighbours[axis * count + i]
        let (a, b, c) = ((Int(side.before) + 1) * n, (Int(side.after) + 1) * n, (i + 1) * n)
        for k in 0..<n { next[c + k] = now[c + k] + 0.5 * (now[a + k] + now[b + k]) }
      }
      swap(&now, &next)
    }
    let alpha = 1 / (1 + powf(2, -Float(dimensions)))
    for i in 0..<points {
      for k in 0..<n {
        var sum: Float = 0
        for j in 0..<corners {
          let at = (Int(vertices[i * corners + j]) + 1) * n
          sum += weights[i * corners + j] * alpha * now[at + k]
        }
        y[k * points + i] = sum
      }
    }
  }
}

/// The simplex of the lattice around one point.
private struct LatticeSimplex {
  private let d: Int
  private let scale: [Float]
  private var nearest: [Float]
  private var rank: [Int]
  private var elevated: [Float]
  private(set) var barycentric: [Float]

  init(dimensions d: Int) {
    self.d = d
    let deviation = Float(2.0 / 3.0).squareRoot() * Float(d + 1)
    scale = (0..<d).map { Float(1 / Double(($0 + 2) * ($0 + 1)).squareRoot() * Double(deviation)) }
    nearest = Array(repeating: 0, count: d + 1)
    rank = Array(repeating: 0, count: d + 1)
    elevated = Array(repeating: 0, count: d + 1)
    barycentric = Array(repeating: 0, count: d + 2)
  }

  /// Finds the simplex of a point; a coordinate that is no moderate number counts as 0.
  mutating func enclose(_ point: ArraySlice<Float>) {
    var sum: Float = 0
    for j in stride(from: d, to: 0, by: -1) {
      let v = point[point.startIndex + j - 1]
      let c = (abs(v) < 1e6 ? v : 0) * scale[j - 1]
      elevated[j] = sum - Float(j) * c
      sum += c
    }
    elevated[0] = sum
    let inverse = 1 / Float(d + 1)
    var color = 0
    for i in 0...d {
      let v = (inverse * elevated[i]).rounded(.toNearestOrEven)
      nearest[i] = v * Float(d + 1)
      color += Int(v)
      rank[i] = 0
    }
    for i in 0..<d {
      let a = elevated[i] - nearest[i]
      for j in (i + 1)...d { rank[a < elevated[j] - nearest[j] ? i : j] += 1 }
    }
    // Back into the plane whose coordinates sum to 0.
    for i in 0...d {
      rank[i] += color
      if rank[i] < 0 {
        rank[i] += d + 1
        nearest[i] += Float(d + 1)
      } else if rank[i] > d {
        rank[i] -= d + 1
        nearest[i] -= Float(d + 1)
      }
    }
    for i in barycentric.indices { barycentric[i] = 0 }
    for i in 0...d where rank[i] >= 0 && rank[i] <= d {
      let v = (elevated[i] - nearest[i]) * inverse
      barycentric[d - rank[i]] += v
      barycentric[d - rank[i] + 1] -= v
    }
    barycentric[0] += 1 + barycentric[d + 1]
  }

  /// The first d coordinates of corner `c`; the last one follows from them.
  func key(_ c: Int) -> [Int32] {
    (0..<d).map { Int32(nearest[$0]) &+ Int32(rank[$0] <= d - c ? c : c - (d + 1)) }
  }
}

/// Vertices by their coordinates.
private struct LatticeTable {
  private let keySize: Int
  private var keys: [Int32] = []
  private var slots: [Int32]
  private(set) var count = 0

  init(keySize: Int, expected: Int) {
    self.keySize = keySize
    slots = Array(repeating: -1, count: max(64, 2 * expected))
  }

  func key(_ i: Int) -> [Int32] { Array(keys[(i * keySize)..<(i * keySize + keySize)]) }

  private func hash(_ key: ArraySlice<Int32>) -> Int {
    var h: UInt64 = 0
    for v in key { h = (h &+ UInt64(bitPattern: Int64(v))) &* 0x9E37_79B9_7F4A_7C15 }
    return Int((h ^ (h >> 29)) % UInt64(slots.count))
  }

  /// The number of a vertex; −1 where it is not there and not inserted.
  mutating func index(of key: [Int32], inserts: Bool) -> Int32 {
    if inserts, 2 * count >= slots.count { grow() }
    var at = hash(key[...])
    while slots[at] >= 0 {
      let start = Int(slots[at]) * keySize
      if keys[start..<(start + keySize)].elementsEqual(key) { return slots[at] }
      at = at + 1 == slots.count ? 0 : at + 1
    }
    guard inserts else { return -1 }
    keys += key
    slots[at] = Int32(count)
    count += 1
    return slots[at]
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: 2 * slots.count)
    for i in 0..<count {
      var at = hash(keys[(i * keySize)..<(i * keySize + keySize)])
      while slots[at] >= 0 { at = at + 1 == slots.count ? 0 : at + 1 }
      slots[at] = Int32(i)
    }
  }
}
