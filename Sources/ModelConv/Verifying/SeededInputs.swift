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
    /// 0 and 1.
    case bits
    case zeros
  }

  /// A tensor for an input of the given type.
  ///
  /// - Throws: `inputs.symbolic` where an extent is not a number, `inputs.type` for inputs that are no tensors of numbers.
  package static func tensor(
    _ type: ValueType, name: String, seed: UInt64, sample: Int, kind: Kind
  ) throws(Diagnostic) -> Tensor {
    guard let dtype = type.dtype, dtype != .string else {
      throw .error("inputs.type", "input '\(name)' is \(type): no values can be made up for it", status: .usage)
    }
    // A free batch is 2 samples: enough to tell a batch from its first sample.
    let batch = type.shape?.first?.symbols ?? []
    let bound = try? type.substituting(Dictionary(batch.map { ($0, Dim(2)) }, uniquingKeysWith: { first, _ in first }))
    guard let sizes = (bound ?? type).sizes else {
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
      case .bits: Float(next() >> 63)
      case .zeros: 0
      }
    }
    func integer() -> Int64 {
      switch kind {
      case .uniform: Int64(next() >> 62)
      case .bits: Int64(next() >> 63)
      case .zeros: 0
      }
    }
    switch dtype {
    case .float32: return try Tensor((0..<count).map { _ in real() }, shape: sizes)
    case .float64: return try Tensor((0..<count).map { _ in Double(real()) }, shape: sizes)
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
    default:
      throw .error(
        "inputs.type", "input '\(name)' is \(type): no values can be made up for it", help: "give them with --inputs",
        status: .usage)
    }
  }
}
