import ByteSource
import Containers
import Diagnostics
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import WeightFormats

/// Runs `body` on a case of the corpus and compares the outcome with what the case expects.
func check(_ c: SharedData.Case, read body: (String) throws -> WeightBag) throws {
  let bag: WeightBag
  do {
    bag = try body(c.mainPath)
    for e in bag.entries where e.tensor.dtype != .string { _ = try e.tensor.bytes() }
  } catch let d as Diagnostic {
    #expect(!c.expect.contains("load") || c.expect.count > 1, "\(c.name): \(d.rendered)")
    #expect(d.status == .dataError && !d.message.isEmpty, "\(c.name): \(d.rendered)")
    return
  }
  #expect(c.expect.contains("load") || c.expect.contains("run"), "\(c.name): accepted, \(c.expect) is wanted")
  guard let path = c.outputs else { return }
  let expected = try Npz.read(try ByteStorage.open(path).all)
  for e in expected.entries where e.path.hasPrefix("out:") {
    let key = String(e.path.dropFirst(4))
    guard let actual = bag[key] else {
      Issue.record("\(c.name): no tensor '\(key)' among \(bag.paths.prefix(20))")
      continue
    }
    try expectEqual(actual, e.tensor, "\(c.name): \(key)")
  }
}

/// Equal shapes, types (narrow floats count as float32) and values; NaN equals NaN.
func expectEqual(_ a: Tensor, _ b: Tensor, _ what: String) throws {
  #expect(a.shape == b.shape, "\(what)")
  let x = try NpyWriter.encodable(a)
  let y = try NpyWriter.encodable(b)
  if x.dtype == .float32, y.dtype == .float32, a.dtype != b.dtype { return try expectSameFloats(x, y, what) }
  #expect(x.dtype == y.dtype, "\(what)")
  if x.dtype == .string {
    #expect(try x.strings() == y.strings(), "\(what)")
  } else {
    #expect(try x.bytes().contentEquals(try y.bytes()), "\(what)")
  }
}

private func expectSameFloats(_ x: Tensor, _ y: Tensor, _ what: String) throws {
  let same = zip(try x.floats(), try y.floats()).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
  #expect(same, "\(what)")
}

/// The diagnostic that `body` throws.
func diagnostic(_ body: () throws -> Void) throws -> Diagnostic {
  do {
    try body()
  } catch let d as Diagnostic {
    return d
  }
  Issue.record("nothing was thrown")
  throw Diagnostic.error("test", "nothing was thrown")
}
