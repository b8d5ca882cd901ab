import ModelGraph
import TensorCore
import Testing

@testable import CPURuntime

/// Operators on maps, which no data file can carry.
@Suite struct MapKernelTests {
  typealias Entry = RuntimeValue.MapEntry

  static func entry(_ key: Int64, _ value: Float) throws -> Entry {
    Entry(key: .int(key), value: .tensor(try Tensor(scalar: value)))
  }

  static let type = ValueType.tensor(.float32, [])

  @Test func vectorizerFollowsTheVocabulary() throws {
    let map = RuntimeValue.map([try Self.entry(7, 1.5), try Self.entry(3, 2.5)], key: .int64, value: Self.type)
    let op = MapVectorizer(vocabulary: try Tensor([Int64(3), 5, 7]))
    let out = try #require(try Evaluator.evaluate(op, [map], name: "v").first?.tensor)
    #expect(out.shape == [1, 3])
    #expect(try out.floats() == [2.5, 0, 1.5])
  }

  @Test func vectorizerOfTexts() throws {
    let entries = [Entry(key: .string("b"), value: .tensor(try Tensor(strings: ["x"], shape: [])))]
    let map = RuntimeValue.map(entries, key: .string, value: .tensor(.string, []))
    let op = MapVectorizer(vocabulary: try Tensor(strings: ["a", "b"], shape: [2]))
    let out = try #require(try Evaluator.evaluate(op, [map], name: "v").first?.tensor)
    #expect(try out.strings() == ["", "x"])
  }

  @Test func rowsAreDenseOrSparse() throws {
    let map = RuntimeValue.map([try Self.entry(4, 1.5), try Self.entry(1, 2)], key: .int64, value: Self.type)
    let dense = try #require(try Evaluator.evaluate(MapToRow(.float32, width: nil), [map], name: "c").first?.tensor)
    #expect(try dense.floats() == [2, 1.5])
    let sparse = try #require(try Evaluator.evaluate(MapToRow(.float32, width: 6), [map], name: "c").first?.tensor)
    #expect(try sparse.floats() == [0, 2, 0, 0, 1.5, 0])
    #expect(throws: (any Error).self) { try Evaluator.evaluate(MapToRow(.float32, width: 4), [map], name: "c") }
  }

  @Test func rowsBecomeMaps() throws {
    let x = try Tensor([Float(0.25), 0.75, 1, 2], shape: [2, 2])
    let op = RowsToMaps(labels: try Tensor(strings: ["no", "yes"], shape: [2]))
    let out = try #require(try Evaluator.evaluate(op, [.tensor(x)], name: "z").first)
    guard case .sequence(let rows, _) = out, case .map(let second, .string, _) = try #require(rows.last) else {
      Issue.record("\(out) is no sequence of maps")
      return
    }
    #expect(rows.count == 2)
    #expect(second.map(\.key) == [.string("no"), .string("yes")])
    #expect(try second.map { try #require($0.value.tensor).floats()[0] } == [1, 2])
  }
}
