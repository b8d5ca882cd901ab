import Testing

@testable import ModelGraph

@Suite struct DimTests {
  let n = Dim.symbol("N")
  let h = Dim.symbol("H")

  @Test func constantsAndSymbolsTakeTheSamePath() throws {
    #expect(try Dim(7).plus(3).times(2) == Dim(20))
    #expect(try n.plus(3).times(2).description == "2*N+6")
    #expect(try n.plus(3).minus(n) == Dim(3))
    #expect(try n.times(h) == h.times(n))
  }

  @Test func divisionIsExactWhereTheFormAllows() throws {
    #expect(try n.times(6).floorDiv(3) == n.times(2))
    #expect(try n.times(h).times(4).exactQuotient(n.times(2)) == h.times(2))
    #expect(try n.plus(1).floorDiv(2).description == "floor((N+1)/2)")
    #expect(try Dim(-7).floorDiv(2) == Dim(-4))
    #expect(try Dim(-7).ceilDiv(2) == Dim(-3))
    #expect(try Dim(7).ceilDiv(2) == Dim(4))
  }

  @Test func substitutionEvaluates() throws {
    let out = try h.plus(2).minus(3).floorDiv(2).plus(1)
    #expect(try out.substituting(["H": Dim(224)]) == Dim(112))
    #expect(try h.minimum(Dim(5)).substituting(["H": Dim(3)]) == Dim(3))
    #expect(out.symbols == ["H"])
  }

  /// d + ⌈d/2⌉ forty times over doubles the expression each time: it becomes one symbol, the same for equal ones.
  @Test func expressionsStaySmall() throws {
    func grown() throws -> Dim {
      var d = n
      for _ in 0..<40 { d = try d.plus(d.ceilDiv(2)) }
      return d
    }
    let d = try grown()
    #expect(d.description.count < 4096)
    #expect(try d == grown())
    #expect(d.symbols.contains { $0.hasPrefix("?") })
  }

  @Test func overflowThrows() {
    #expect(throws: InferenceError.self) { try Dim(Int.max).plus(1) }
    #expect(throws: InferenceError.self) { try Dim(Int.max).times(2) }
    #expect(throws: InferenceError.self) { try Dim(4).floorDiv(0) }
  }

  @Test func hugeExpressionsAreRefused() {
    #expect(throws: InferenceError.self) {
      var d = Dim(0)
      for i in 0..<300 { d = try d.plus(.symbol("s\(i)")) }
    }
  }
}
