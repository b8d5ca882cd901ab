import Diagnostics
import ModelGraph
import TensorCore
import Testing

@testable import CPURuntime

/// What a run may hold and do, loops included.
@Suite struct RunLimitTests {
  /// A loop whose carried value is joined with itself.
  private static func doubling(trips: Int64) throws -> Graph {
    var b = GraphEditor(name: "body")
    _ = b.addInput("i", .tensor(.int64, []))
    let go = b.addInput("go", .tensor(.bool, []))
    let a = b.addInput("a", .tensor(.float32, nil))
    let twice = try b.insert(Concat(axis: 0), [a, a], name: "twice")
    b.setOutputs([go] + twice.compactMap { $0 })
    var e = GraphEditor(name: "g")
    let m = e.addConstant("m", try Tensor(scalar: trips))
    let yes = e.addConstant("yes", try Tensor(scalar: true))
    let x = e.addInput("x", .tensor(.float32, [256]))
    let out = try e.insert(Loop(body: b.finish(), carried: 1), [m, yes, x], name: "grow")
    e.setOutputs(out.compactMap { $0 })
    return e.finish()
  }

  @Test func growthOfACarriedValueIsBounded() throws {
    var options = SessionOptions()
    options.limits.memory = 32 << 20
    let x = ["x": try Seeded.tensor([256], seed: 1)]
    let fits = try Session(try Self.doubling(trips: 10), options: options).run(x)
    #expect(fits.values.values.first?.tensor?.shape == [256 << 10])
    #expect { try Session(try Self.doubling(trips: 40), options: options).run(x) } throws: {
      guard let d = $0 as? Diagnostic else { return false }
      return d.code == "run.memory-limit" && d.message.contains("layer")
    }
  }

  @Test func listsShareAndStayInOrder() throws {
    var g = SplitMix(5)
    func value(_ i: Int) throws -> RuntimeValue { .tensor(try Tensor(scalar: Int64(i))) }
    func numbers(_ l: ValueList) throws -> [Int64] { try l.map { try #require($0.tensor).ints()[0] } }
    var list = ValueList(try (0..<200).map { try value($0) })
    var twin = (0..<200).map { Int64($0) }
    #expect(try numbers(list) == twin)
    for i in 200..<3000 {
      let before = (list, twin)
      if i % 5 == 0 {
        let at = Int.random(in: 0..<twin.count, using: &g)
        list.remove(at: at)
        twin.remove(at: at)
      } else {
        let at = i % 3 == 0 ? twin.count : Int.random(in: 0...twin.count, using: &g)
        list.insert(try value(i), at: at)
        twin.insert(Int64(i), at: at)
      }
      if i % 500 == 0 {
        #expect(try numbers(before.0) == before.1)
        #expect(try numbers(list) == twin)
      }
    }
    while !list.isEmpty { list.remove(at: list.count / 2) }
    #expect(list.count == 0)
    list.insert(try value(7), at: 0)
    #expect(try numbers(list) == [7])
  }
}
