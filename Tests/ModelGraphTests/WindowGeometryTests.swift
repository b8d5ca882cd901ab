import Testing

@testable import ModelGraph

/// Counts windows by walking them, the way the source of each rule states it.
private func walkedExtent(_ input: Int, _ k: Int, _ s: Int, _ p: Int, ceil: Bool, anyPadded: Bool) -> Int {
  let span = input + 2 * p - k
  var out = (ceil ? (span + s - 1) / s : span / s) + 1
  if anyPadded, (out - 1) * s >= input + p { out -= 1 }
  return out
}

@Suite struct WindowGeometryTests {
  @Test(arguments: [true, false])
  func caffePoolingExtents(ceil: Bool) throws {
    for input in 1...9 {
      for k in 1...5 {
        for s in 1...4 {
          for p in 0..<k where input + 2 * p >= k {
            let g = WindowGeometry(
              kernel: [k], strides: [s], padding: .explicit(begin: [p], end: [p]), rounding: ceil ? .ceil : .floor,
              lastWindow: .dropInPaddingIfAnyPadded)
            let want = walkedExtent(input, k, s, p, ceil: ceil, anyPadded: p > 0)
            #expect(try g.outputExtent(Dim(input), kernel: k, axis: 0).value == want, "\(input) k\(k) s\(s) p\(p)")
            let symbolic = try g.outputExtent(.symbol("H"), kernel: k, axis: 0).substituting(["H": Dim(input)])
            #expect(symbolic.value == want, "symbolic \(input) k\(k) s\(s) p\(p)")
          }
        }
      }
    }
  }

  @Test func paddingOnOneAxisDropsOnBoth() throws {
    // k1 s2 on an even extent: a window starts at the very end; pads of the other axis make Caffe drop it.
    let padded = WindowGeometry(
      kernel: [3, 1], strides: [2, 2], padding: .explicit(begin: [1, 0], end: [1, 0]), rounding: .ceil,
      lastWindow: .dropInPaddingIfAnyPadded)
    #expect(try padded.outputExtent(6, kernel: 1, axis: 1) == Dim(3))
    let plain = WindowGeometry(
      kernel: [3, 1], strides: [2, 2], rounding: .ceil, lastWindow: .dropInPaddingIfAnyPadded)
    #expect(try plain.outputExtent(6, kernel: 1, axis: 1) == Dim(4))
  }

  @Test func automaticPaddingFollowsTheInput() throws {
    let upper = WindowGeometry(kernel: [4], strides: [3], padding: .sameUpper)
    #expect(try upper.outputExtent(10, kernel: 4, axis: 0) == Dim(4))
    #expect(try upper.pads(input: 10, kernel: 4, axis: 0) == (1, 2))
    let lower = WindowGeometry(kernel: [4], strides: [3], padding: .sameLower)
    #expect(try lower.pads(input: 10, kernel: 4, axis: 0) == (2, 1))
  }

  @Test func nonsenseIsRefused() {
    #expect(throws: InferenceError.self) { try WindowGeometry(kernel: [3], strides: [0]).check(axes: 1) }
    #expect(throws: InferenceError.self) { try WindowGeometry(kernel: [3, 3]).check(axes: 1) }
    #expect(throws: InferenceError.self) { try WindowGeometry().outputExtent(2, kernel: 5, axis: 0) }
  }
}
