import Diagnostics
import ModelGraph
import Rewrites
import TensorCore
import Testing

@Suite struct PoolingTests {
  static func caffe(_ k: [Int], _ s: [Int], _ p: [Int] = [0, 0]) -> WindowGeometry {
    WindowGeometry(
      kernel: k, strides: s, padding: .explicit(begin: p, end: p), rounding: .ceil,
      lastWindow: .dropInPaddingIfAnyPadded)
  }

  @Test(arguments: [
    // input, kernel, stride, pad, floor, ceil, size, end pad
    (112, 3, 2, 0, 55, 56, 56, 1), (14, 3, 2, 0, 6, 7, 7, 1), (7, 7, 1, 0, 1, 1, 1, 0), (6, 2, 2, 1, 4, 4, 4, 1),
    (5, 2, 2, 1, 3, 4, 3, 1), (28, 3, 1, 1, 28, 28, 28, 1), (7, 3, 2, 1, 4, 4, 4, 1),
  ])
  func extents(c: (Int, Int, Int, Int, Int, Int, Int, Int)) throws {
    let e = try #require(
      PoolingExtent(Self.caffe([c.1, c.1], [c.2, c.2], [c.3, c.3]), input: c.0, axis: 0))
    #expect(e.floorSize == c.4)
    #expect(e.ceilSize == c.5)
    #expect(e.size == c.6)
    #expect(e.endPadForFloor == c.7)
    #expect(e.isClipped == (c.5 != c.6))
  }

  @Test func endPadReallyGivesTheSize() throws {
    for n in 1...19 {
      for k in 1...5 {
        for s in 1...5 {
          for p in 0..<k {
            guard let e = PoolingExtent(Self.caffe([k, k], [s, s], [p, p]), input: n, axis: 0), e.size > 0 else {
              continue
            }
            guard let end = e.endPadForFloor else { continue }
            let span = n + p + end - k
            #expect(span >= 0)
            #expect(span / s + 1 == e.size, "input \(n) kernel \(k) stride \(s) pad \(p)")
          }
        }
      }
    }
  }

  @Test func maximumGetsEndPads() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 6, 8])
    let y = try b.add(MaxPool(Self.caffe([3, 2], [2, 3])), [x], "y")
    let g = try expectRewrite(b.graph(y), ReplaceCeilPoolingByEndPads(), changes: 1)
    let op = try #require(g.nodes[0].op as? MaxPool)
    #expect(op.geometry.rounding == .floor)
    #expect(op.geometry.padding == .explicit(begin: [0, 0], end: [1, 0]))
  }

  @Test func averageCountsItsPaddingOnly() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 6, 7])
    let y = try b.add(AveragePool(Self.caffe([3, 3], [2, 2], [1, 1]), divisor: .paddedExtent), [x], "y")
    let g = try expectRewrite(b.graph(y), ReplaceCeilPoolingByEndPads(), changes: 1)
    #expect(g.nodes.map(\.op.operatorName) == ["Pad", "AveragePool"])
    let op = try #require(g.nodes[1].op as? AveragePool)
    #expect(op.divisor == .validOnly)
    #expect(op.geometry.padding == .explicit(begin: [0, 0], end: [1, 0]))
  }

  @Test func symbolicSizesStay() throws {
    var b = GraphBuilder()
    let x = b.editor.addInput("x", .tensor(.float32, [2, 3, .symbol("H"), 9]))
    let y = try b.add(MaxPool(Self.caffe([3, 3], [2, 2])), [x], "y")
    try expectRewrite(b.graph(y), ReplaceCeilPoolingByEndPads(), changes: 0)
  }

  @Test func windowsPastTheInputStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 6, 6])
    let y = try b.add(MaxPool(Self.caffe([2, 2], [3, 3]), emptyValue: .lowestFinite), [x], "y")
    try expectRewrite(b.graph(y), ReplaceCeilPoolingByEndPads(), changes: 0)
  }

  @Test func zeroPaddingOnlyWhereSafe() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 6, 6])
    let raw = try b.add(MaxPool(Self.caffe([3, 3], [2, 2])), [x], "raw")
    let r = try b.add(UnaryMap(.relu), [x], "r")
    let safe = try b.add(MaxPool(Self.caffe([3, 3], [2, 2])), [r], "safe")
    let y = try b.add(BinaryMap(.add), [raw, safe], "y")
    let context = RewriteContext()
    let g = try expectRewrite(b.graph(y), InsertEndPaddingBeforePooling(), changes: 1, context: context)
    #expect(g.nodes.map(\.op.operatorName) == ["MaxPool", "UnaryMap", "Pad", "MaxPool", "BinaryMap"])
    #expect(context.sink.items.first?.message.contains("'raw'") == true)
    let op = try #require(g.node(named: "safe")?.op as? MaxPool)
    #expect(op.geometry.rounding == .floor)
    #expect(op.geometry.padding == .explicit(begin: [0, 0], end: [0, 0]))
  }
}

@Suite struct NonNegativityTests {
  @Test func followsTheGraph() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 6, 6])
    let r = try b.add(UnaryMap(.relu), [x], "r")
    let pool = try b.add(MaxPool(WindowGeometry(kernel: [2, 2])), [r], "pool")
    let n = try b.add(
      LocalResponseNormalization(region: .acrossChannels, size: 3, alpha: 1, beta: 0.75, k: 1), [pool], "n")
    let joined = try b.add(Concat(axis: 1), [n, pool], "joined")
    let mixed = try b.add(BinaryMap(.subtract), [joined, joined], "mixed")
    let positive = NonNegativity.values(of: b.graph(mixed))
    #expect(positive == [r, pool, n, joined])
  }
}
