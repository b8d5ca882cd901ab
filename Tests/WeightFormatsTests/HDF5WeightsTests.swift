import ByteSource
import Diagnostics
import TensorCore
import TestSupport
import Testing

@testable import WeightFormats

@Suite struct HDF5WeightsTests {
  @Test func bagsAreReadBack() throws {
    let folder = try TemporaryFolder()
    let b = try Tensor(try ByteStorage.copying([0xf1, 0x07]).all, dtype: .int4, shape: [3])
    let arrays: [(key: String, tensor: Tensor)] = [
      ("data/conv/0", try Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [3, 2])),
      ("data/conv/1", try Tensor([Float(9)])), ("packed", b),
    ]
    try HDF5Weights.write(arrays, path: folder.path("w.h5"))
    let bag = try HDF5Weights.read(try ByteStorage.open(folder.path("w.h5")).all)
    #expect(bag.paths == arrays.map(\.key))
    try expectEqual(try #require(bag["data/conv/0"]), arrays[0].tensor, "conv/0")
    #expect(try bag["packed"]?.values(Int8.self) == [1, -1, 7])
  }

  @Test(arguments: SharedData.corpus("hdf5-structure") + SharedData.corpus("hdf5-hostile"))
  func corpus(c: SharedData.Case) throws {
    try check(c) { try HDF5Weights.read(try ByteStorage.open($0).all) }
  }
}
