import ByteSource
import Diagnostics
import TensorCore
import Testing

@Suite struct TensorTests {
  /// 0, 1, 2, … of the given shape.
  func counting(_ shape: [Int]) throws -> Tensor {
    try Tensor((0..<shape.reduce(1, *)).map { Float($0) }, shape: shape)
  }

  @Test func permutationsAreViews() throws {
    let t = try counting([2, 3, 4])
    let p = try t.permuted([2, 0, 1])
    #expect(p.shape == [4, 2, 3] && !p.isContiguous)
    #expect(p.storage === t.storage)
    // Element (k, i, j) is 12 i + 4 j + k.
    var expected: [Float] = []
    for k in 0..<4 {
      for i in 0..<2 {
        for j in 0..<3 { expected.append(Float(12 * i + 4 * j + k)) }
      }
    }
    #expect(try p.floats() == expected)
    #expect(try p.permuted([1, 2, 0]).floats() == t.floats())
    #expect(throws: Diagnostic.self) { try t.permuted([0, 1]) }
    #expect(throws: Diagnostic.self) { try t.permuted([0, 1, 1]) }
  }

  @Test func slices() throws {
    let t = try counting([3, 4])
    #expect(try t.sliced(axis: 1, start: 1, length: 2).floats() == [1, 2, 5, 6, 9, 10])
    #expect(try t.sliced(axis: 0, start: 3, length: 0).count == 0)
    #expect(try t.sliced(axis: 1, start: 2, length: 2).permuted([1, 0]).floats() == [2, 6, 10, 3, 7, 11])
    for (axis, start, length) in [(2, 0, 1), (0, -1, 1), (0, 2, 2), (0, 0, -1), (1, .max, 1)] {
      #expect(throws: Diagnostic.self) { try t.sliced(axis: axis, start: start, length: length) }
    }
  }

  @Test func reshapes() throws {
    let t = try counting([2, 3])
    #expect(try t.reshaped([3, 2]).storage === t.storage)
    #expect(try t.permuted([1, 0]).reshaped([6]).floats() == [0, 3, 1, 4, 2, 5])
    #expect(try Tensor([Float](), shape: [0, 3]).reshaped([7, 0]).count == 0)
    #expect(throws: Diagnostic.self) { try t.reshaped([4]) }
    #expect(throws: Diagnostic.self) { try t.reshaped([-2, -3]) }
  }

  @Test func stridedViewsAreChecked() throws {
    let s = try counting([12]).storage
    let v = try Tensor(storage: s, byteOffset: 4, dtype: .float32, shape: [2, 3], strides: [5, 2])
    #expect(try v.floats() == [1, 3, 5, 6, 8, 10])
    #expect(try Tensor(storage: s, byteOffset: 8, dtype: .float32, shape: [3], strides: [0]).floats() == [2, 2, 2])
    #expect(try Tensor(storage: s, byteOffset: 48, dtype: .float32, shape: [0], strides: [9]).count == 0)
    let bad: [(Int, [Int], [Int])] = [
      (0, [13], [1]), (4, [2, 3], [6, 3]), (-4, [1], [1]), (0, [2], [-1]), (0, [2], [.max]), (0, [2, 2], [1]),
      (52, [0], [1]),
      (0, [.max], [1]), (44, [2], [1]), (45, [1], [1]),
    ]
    for (offset, shape, strides) in bad {
      #expect(throws: Diagnostic.self, "\(offset) \(shape) \(strides)") {
        try Tensor(storage: s, byteOffset: offset, dtype: .float32, shape: shape, strides: strides)
      }
    }
  }

  @Test func misalignedBytesAreRead() throws {
    let b = try ByteStorage.copying([9, 0, 0, 128, 63, 0, 0, 0, 192]).all
    let t = try Tensor(try b.checkedSlice(1, 8), dtype: .float32, shape: [2])
    #expect(try t.floats() == [1, -2])
    #expect(try t.values(Float.self) == [1, -2])
    #expect(throws: Diagnostic.self) { try Tensor(b, dtype: .float32, shape: [3]) }
    #expect(throws: Diagnostic.self) { try Tensor(b, dtype: .float32, shape: [.max, .max]) }
  }

  /// 6-bit elements cross bytes. Codes and values: the largest, the smallest and a subnormal number of either format.
  @Test func sixBitElements() throws {
    let codes: [UInt8] = [0b011111, 0b100001, 0b001000, 0b111111, 0b000111]
    let e2m3 = try Tensor(codes: codes, dtype: .float6e2m3, shape: [5])
    #expect(e2m3.byteCount == 4)
    #expect(try e2m3.unpackedCodes() == codes)
    #expect(try Array(e2m3.bytes().bytes) == [0b01_011111, 0b1000_1000, 0b111111_00, 0b00_000111])
    #expect(try e2m3.floats() == [7.5, -0.125, 1, -7.5, 0.875])
    #expect(try Tensor(codes: codes, dtype: .float6e3m2, shape: [5]).floats() == [28, -0.0625, 0.5, -28, 0.4375])
    #expect(throws: Diagnostic.self) { try Tensor(codes: codes, dtype: .float6e2m3, shape: [4]) }
    #expect(throws: Diagnostic.self) { try Tensor(codes: codes, dtype: .uint8, shape: [5]) }
  }

  @Test func packedElements() throws {
    let t = try Tensor(try ByteStorage.copying([0x21, 0xf8, 0x07]).all, dtype: .int4, shape: [5])
    #expect(try t.ints() == [1, 2, -8, -1, 7])
    #expect(try t.unpackedCodes() == [1, 2, 8, 15, 7])
    #expect(t.byteCount == 3)
    #expect(throws: Diagnostic.self) { try t.sliced(axis: 0, start: 1, length: 2) }
    let two = try Tensor(try ByteStorage.copying([0b11_10_01_00]).all, dtype: .int2, shape: [4])
    #expect(try two.ints() == [0, 1, -2, -1])
    let f = try Tensor(try ByteStorage.copying([0x7f]).all, dtype: .float4e2m1, shape: [2])
    #expect(try f.floats() == [-6, 6])
  }

  @Test func boolsOfAnyByte() throws {
    let t = try Tensor(try ByteStorage.copying([0, 1, 2, 255]).all, dtype: .bool, shape: [4])
    #expect(try t.values(Bool.self) == [false, true, true, true])
    #expect(try t.floats() == [0, 1, 1, 1])
  }

  @Test func stringsMoveAsNumbersDo() throws {
    let t = try Tensor(strings: ["a", "b", "c", "d", "e", "f"], shape: [2, 3])
    #expect(try t.permuted([1, 0]).strings().map(\.string) == ["a", "d", "b", "e", "c", "f"])
    #expect(try t.sliced(axis: 0, start: 1, length: 1).strings().map(\.string) == ["d", "e", "f"])
    #expect(throws: Diagnostic.self) { try t.floats() }
    #expect(throws: Diagnostic.self) { try t.bytes() }
  }

  @Test func deferredBytesAreMadeOnce() throws {
    let counter = Counter()
    let s = TensorStorage(byteCount: 4) { () throws(Diagnostic) in
      counter.value += 1
      return try ByteStorage.copying([0, 0, 128, 63]).all
    }
    let t = try Tensor(storage: s, dtype: .float32, shape: [1])
    #expect(counter.value == 0 && !s.isResident)
    #expect(try t.floats() == [1])
    #expect(try t.floats() == [1])
    #expect(counter.value == 1 && s.isResident)
    let short = TensorStorage(byteCount: 8) { () throws(Diagnostic) in try ByteStorage.copying([0]).all }
    #expect(throws: Diagnostic.self) { try short.bytes() }
  }

  final class Counter: @unchecked Sendable { var value = 0 }

  @Test func swappedBytes() throws {
    let s = TensorStorage(try ByteStorage.copying([1, 2, 3, 4, 5, 6]).all)
    #expect(try s.byteSwapped(unit: 2).bytes().bytes == [2, 1, 4, 3, 6, 5])
    #expect(try s.byteSwapped(unit: 3).bytes().bytes == [3, 2, 1, 6, 5, 4])
    #expect(try s.byteSwapped(unit: 4).bytes().bytes == [4, 3, 2, 1, 0, 0])
    #expect(s.byteSwapped(unit: 1) === s)
  }

  @Test func wideValues() throws {
    #expect(try Tensor([Int64.max, .min]).ints() == [.max, .min])
    #expect(try Tensor([UInt64.max]).ints() == [.max], "clamped")
    #expect(try Tensor([Double.nan, 1e300]).doubles()[1] == 1e300)
    #expect(throws: Diagnostic.self) { try Tensor([Float(1)]).ints() }
    #expect(throws: Diagnostic.self) { try Tensor([Float(1)]).values(Double.self) }
  }
}
