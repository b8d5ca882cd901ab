import ByteSource
import Diagnostics
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Containers
@testable import WeightFormats

/// Small files of every format with random damage: any outcome but a crash, a hang or an error that is no diagnostic.
/// `MODELCONV_FUZZ` sets the number of damaged files a format, for long runs.
@Suite struct MutationTests {
  static let rounds = ProcessInfo.processInfo.environment["MODELCONV_FUZZ"].flatMap { Int($0) } ?? 150

  /// A sequence that does not depend on the machine (xorshift).
  struct Noise: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  static func sample(_ f: WeightFile) throws -> [UInt8]? {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    let arrays: [(key: String, tensor: Tensor)] = [
      ("a", try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [2, 3])), ("g/b", try Tensor([Int64(7), -7], shape: [1, 2])),
    ]
    switch f {
    case .npy: try NpyWriter.write(arrays[0].tensor, path: path)
    case .npz: try Npz.write(arrays, path: path)
    case .hdf5: try HDF5Weights.write(arrays, path: path)
    case .safetensors: try Safetensors.write(arrays, path: path)
    case .pickle: return Array(PickleTests.protocol0.utf8)
    case .torch, .mindspore:
      let kind = f == .torch ? "torch" : "mindspore"
      let small = SharedData.corpus(kind).filter { $0.name.hasSuffix("dtypes-zip") || $0.name.hasSuffix("/dtypes") }
      return try small.first.map { try ByteStorage.open($0.mainPath).all.bytes }
    }
    return try ByteStorage.open(path).all.bytes
  }

  @Test(arguments: WeightFile.allCases.filter { $0 != .hdf5 })
  func damagedFilesEndWell(format: WeightFile) throws {
    try Self.damage(format, rounds: Self.rounds, seed: 0x9e37_79b9_7f4a_7c15)
  }

  /// The HDF5 library crashes on some damaged files; the process must then end by itself, with the status that is
  /// set for that: 0 here, which a signal does not give.
  @Test(arguments: 1...12)
  func damagedHDF5EndsWell(seed: Int) async throws {
    await #expect(processExitsWith: .success) { [seed] in
      HDF5Library.crashStatus.withLock { $0 = 0 }
      try MutationTests.damage(
        .hdf5, rounds: MutationTests.rounds / 12 + 1, seed: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15)
    }
  }

  static func damage(_ format: WeightFile, rounds: Int, seed: UInt64) throws {
    guard let whole = try Self.sample(format) else { return }
    var noise = Noise(state: seed)
    for _ in 0..<rounds {
      var b = whole
      for _ in 0..<Int.random(in: 1...6, using: &noise) where !b.isEmpty {
        let at = Int.random(in: 0..<b.count, using: &noise)
        switch Int.random(in: 0..<8, using: &noise) {
        case 0: b.removeSubrange(at...)
        case 1: b.insert(UInt8.random(in: 0...255, using: &noise), at: at)
        case 2: b[at] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &noise) ?? 0
        case 3:
          let n = min(8, b.count - at)
          b.replaceSubrange(at..<at + n, with: [UInt8](repeating: 0xff, count: n))
        default: b[at] ^= 1 << UInt8.random(in: 0...7, using: &noise)
        }
      }
      let slice = try ByteStorage.copying(b).all
      _ = WeightFile.recognise(slice)
      do {
        let bag = try format.read(slice)
        for e in bag.entries where e.tensor.dtype != .string { _ = try e.tensor.bytes() }
      } catch {
        #expect(error is Diagnostic)
      }
    }
  }
}
