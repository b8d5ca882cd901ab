import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Reads pickles of arrays: dictionaries (SINGA), lists (Lasagne), objects of any class. Nothing in them is run.
package enum PickleWeights {
  /// True where the bytes can be the start of a pickle: a protocol mark, or an opcode that text pickles start with.
  package static func matches(_ b: ByteSlice) -> Bool {
    guard let first = b[0], let second = b[1] else { return false }
    if first == 0x80 { return second <= 5 }
    // A mark and what fills a container, an empty container, or a global's name.
    switch first {
    case UInt8(ascii: "("):
      if second == UInt8(ascii: "S") { return b[2] == UInt8(ascii: "'") || b[2] == UInt8(ascii: "\"") }
      return "dltiIVc".utf8.contains(second) && b.count > 2
    case UInt8(ascii: "}"), UInt8(ascii: "]"): return "qp(.0123456789".utf8.contains(second)
    case UInt8(ascii: "c"): return isGlobal(b)
    default: return false
    }
  }

  /// `cMODULE\nNAME\n` with names of Python's alphabet.
  private static func isGlobal(_ b: ByteSlice) -> Bool {
    var c = ByteCursor(b)
    guard (try? c.skip(1)) != nil, let module = try? c.line(limit: 200), let name = try? c.line(limit: 200) else {
      return false
    }
    return !module.isEmpty && !name.isEmpty
      && (module.text + name.text).utf8.allSatisfy {
        $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a)
          || ($0 >= 0x30 && $0 <= 0x39)
      }
  }

  /// The first pickle of the file.
  ///
  /// - Throws: `pickle.dangerous` for globals that no weights need, `pickle.*` for malformed streams.
  package static func read(_ b: ByteSlice) throws(Diagnostic) -> WeightBag {
    if Gzip.matches(b) { return try read(try Gzip.unpack(b)) }
    return try read(b, from: 0, prefix: "", into: WeightBag(format: "pickle"))
  }

  /// Adds what the pickle at `from` holds to `bag`, its paths led by `prefix`.
  static func read(
    _ b: ByteSlice, from: Int, prefix: String, into bag: WeightBag
  ) throws(Diagnostic) -> WeightBag {
    let objects = try objects(b, from: from)
    var flattener = PickleFlattener(PickleReader(objects, file: b), into: bag)
    try flattener.run(objects.root, prefix: prefix)
    return flattener.bag
  }

  /// Runs a pickle and refuses dangerous ones, also where the stream breaks off behind the danger.
  static func objects(
    _ b: ByteSlice, from: Int, allowsPersistent: Bool = false
  ) throws(Diagnostic) -> PickleObjects {
    let (objects, error) = PickleMachine.runAsFarAsPossible(b, from: from, allowsPersistent: allowsPersistent)
    try objects.throwIfDangerous(b)
    if let j = objects.globals.first(where: { $0.module.hasPrefix("joblib.") || $0.module.contains(".joblib.") }) {
      throw .error(
        "pickle.joblib", "was written by joblib (\(j.description)), which puts raw arrays into the pickle",
        at: b.location(j.offset), help: "load it with joblib and save the arrays with numpy.savez")
    }
    if let error { throw error }
    return objects
  }
}
