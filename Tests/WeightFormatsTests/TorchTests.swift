import ByteSource
import Containers
import Diagnostics
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import WeightFormats

@Suite struct TorchTests {
  @Test(arguments: SharedData.corpus("torch") + SharedData.corpus("torch-real"))
  func corpus(c: SharedData.Case) throws {
    try check(c) { try TorchCheckpoint.read(try ByteStorage.open($0).all) }
  }

  @Test(arguments: SharedData.corpus("torch-hostile"))
  func hostile(c: SharedData.Case) throws {
    try check(c) { try TorchCheckpoint.read(try ByteStorage.open($0).all) }
    #expect(!FileManager.default.fileExists(atPath: "modelconv-canary.txt"))
  }
}

@Suite struct WeightFileTests {
  @Test(arguments: [
    ("npy", WeightFile.npy), ("npz", .npz), ("hdf5-structure", .hdf5), ("safetensors", .safetensors), ("torch", .torch),
    ("pickle", .pickle),
  ])
  func formatsAreRecognised(kind: String, format: WeightFile) throws {
    for c in SharedData.corpus(kind) {
      #expect(WeightFile.recognise(try ByteStorage.open(c.mainPath).all) == format, "\(c.name)")
    }
  }

  @Test func textIsNoWeightFile() throws {
    for text in ["", "name: \"x\"\nlayer {", "(S", "layer {\n}", "hello world"] {
      #expect(WeightFile.recognise(try ByteStorage.copying(Array(text.utf8)).all) == nil, "\(text)")
    }
  }
}
