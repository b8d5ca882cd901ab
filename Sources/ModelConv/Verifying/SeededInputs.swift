import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Reproducible inputs for parity checks.
package enum SeededInputs {
  /// What the values look like. Some models take indices as inputs, which uniform numbers are not.
  package enum Kind: CaseIterable, Sendable {
    /// Uniform in −1 ..< 1; small integers where the input is an integer.
    case uniform
    /// Uniform in 1 ..< 2; 1 and 2 where the input is an integer: factors, sizes.
    case positive
    /// 0 and 1.
    case bits
    case zeros
  }

  /// Extents for the symbols of a graph's inputs: 2 samples, enough to tell a batch from its first sample, and pairwise
  /// distinct sizes from `least` up for what is no batch.
  package static func extents(_ inputs: [ValueType], least: Int) -> [String: Dim] {
    var out: [String: Dim] = [:]
    for t in inputs { for s in t.shape?.first?.symbols ?? [] { out[s] = Dim(2) } }
    for t in inputs {
      for s in (t.shape ?? []).flatMap({ $0.symbols.sorted() }) where out[s] == nil { out[s] = Dim(least + out.count) }
    }
    return out
  }

  /// A tensor for an input of the given type.
  ///
  /// - Parameter extents: what symbols stand for; where it is nil, a symbol of the first axis is 2.
  /// - Throws: `inputs.symbolic` where an extent is not a number, `inputs.type` for inputs that are no tensors of numbers.
  package static func tensor(
    _ type: ValueType, name: String, seed: UInt64, sample: Int, kind: Kind, extents: [String: Dim]? = nil
  ) throws(Diagnostic) -> Tensor {
    guard let dtype = type.dtype else {
      throw .error("inputs.type", "input '\(name)' is \(type): no values can be made up for it", status: .usage)
    }
    let batch = (type.shape?.first?.symbols ?? []).map { ($0, Dim(2)) }
    let bound = extents ?? Dictionary(batch, uniquingKeysWith: { first, _ in first })
    guard let sizes = ((try? type.substituting(bound)) ?? type).sizes else {
      throw .error(
        "inputs.symbolic", "input '\(name)' is \(type): its size is not fixed",
        help: "give it with --shape \(name)=…", status: .usage)
    }
    guard let count = checkedProduct(sizes), count <= 1 << 31 else {
      throw .error("inputs.size", "input '\(name)' of \(type) is too large", status: .usage)
    }
    var state = seed &+ UInt64(truncatingIfNeeded: sample) &* 0x9e37_79b9_7f4a_7c15
    for b in name.utf8 { state = (state ^ UInt64(b)) &* 0x100_0000_01b3 }
    func next() -> UInt64 {
      state = state &+ 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
    func real() -> Float {
      switch kind {
      case .uniform: Float(next() >> 40) / Float(1 << 23) - 1
      case .positive: Float(next() >> 40) / Float(1 << 24) + 1
      case .bits: Float(next() >> 63)
      case .zeros: 0
      }
    }
    func integer() -> Int64 {
      switch kind {
      case .uniform: Int64(next() >> 62)
      case .positive: Int64(next() >> 63) + 1
      case .bits: Int64(next() >> 63)
      case .zeros: 0
      }
    }
    switch dtype {
    case .float32: return try Tensor((0..<count).map { _ in real() }, shape: sizes)
    case .float64: return try Tensor((0..<count).map { _ in Double(real()) }, shape: sizes)
    case .bfloat16:
      return try Tensor((0..<count).map { _ in SmallFloat.encodeBFloat16(real()) }, shape: sizes)
        .reinterpreted(as: .bfloat16)
    case .string:
      return try Tensor(strings: (0..<count).map { _ in ByteString("s\(integer())") }, shape: sizes)
    case .float16: return try Tensor((0..<count).map { _ in Float16(real()) }, shape: sizes)
    case .int64: return try Tensor((0..<count).map { _ in integer() }, shape: sizes)
    case .int32: return try Tensor((0..<count).map { _ in Int32(truncatingIfNeeded: integer()) }, shape: sizes)
    case .int16: return try Tensor((0..<count).map { _ in Int16(truncatingIfNeeded: integer()) }, shape: sizes)
    case .int8: return try Tensor((0..<count).map { _ in Int8(truncatingIfNeeded: integer()) }, shape: sizes)
    case .uint8: return try Tensor((0..<count).map { _ in UInt8(truncatingIfNeeded: integer()) }, shape: sizes)
    case .uint16: return try Tensor((0..<count).map { _ in UInt16(truncatingIfNeeded: integer()) }, shape: sizes)
    case .uint32: return try Tensor((0..<count).map { _ in UInt32(truncatingIfNeeded: integer()) }, shape: sizes)
    case .uint64: return try Tensor((0..<count).map { _ in UInt64(integer()) }, shape: sizes)
    case .bool: return try Tensor((0..<count).map { _ in next() >> 63 == 1 }, shape: sizes)
    case .complex64:
      return try Tensor((0..<(2 * count)).map { _ in real() }, shape: sizes + [2]).paired(as: .complex64, shape: sizes)
    case .complex128:
      return try Tensor((0..<(2 * count)).map { _ in Double(real()) }, shape: sizes + [2])
        .paired(as: .complex128, shape: sizes)
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .int4, .uint4, .float4e2m1,
      .float6e2m3, .float6e3m2, .int2,
      .uint2:
      // Packed codes; those of eight bits are finite and not large.
      let mask: UInt8 = kind == .zeros ? 0 : dtype.isSubByte ? 0xff : dtype == .float8e8m0 ? 0x7f : 0x3f
      let bytes = (0..<(dtype.byteCount(count) ?? 0)).map { _ in UInt8(truncatingIfNeeded: next()) & mask }
      return try Tensor(try ByteStorage.copying(bytes).all, dtype: dtype, shape: sizes)
    }
  }
}

extension Tensor {
  /// Pairs of numbers along the last axis as complex numbers.
  fileprivate func paired(as type: DType, shape: [Int]) throws(Diagnostic) -> Tensor {
    try Tensor(try bytes(), dtype: type, shape: shape)
  }
}
