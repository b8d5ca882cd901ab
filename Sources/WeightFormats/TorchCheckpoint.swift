import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Reads PyTorch checkpoints, zip and legacy: state dictionaries, and the tensors of whole pickled modules.
package enum TorchCheckpoint {
  /// 0x1950a86a20f9469cfc6c, the number whose pickle starts a legacy file.
  private static let legacyMagic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  /// True for a legacy checkpoint.
  package static func matchesLegacy(_ b: ByteSlice) -> Bool {
    guard b[0] == 0x80, let head = b.slice(0, min(b.count, 64)), let first = try? PickleMachine.run(head),
      case .largeInteger(let n) = first.root
    else { return false }
    return n.bytes == legacyMagic
  }

  /// True for a zip checkpoint, TorchScript included: it has a folder with `data.pkl`.
  package static func matches(_ zip: ZipArchive) -> Bool { dataPickle(zip) != nil }

  private static func dataPickle(_ zip: ZipArchive) -> ZipArchive.Entry? {
    zip.entries.first { $0.name.hasSuffix("/data.pkl") && $0.name.split(separator: "/").count == 2 }
  }

  /// A checkpoint in either form.
  package static func read(_ b: ByteSlice) throws(Diagnostic) -> WeightBag {
    if matchesLegacy(b) { return try readLegacy(b) }
    return try read(try ZipArchive(b))
  }

  // MARK: Zip

  /// - Throws: `torch.script` for TorchScript archives, `torch.*` for storages that are missing or too short.
  package static func read(_ zip: ZipArchive) throws(Diagnostic) -> WeightBag {
    guard let entry = dataPickle(zip), let slash = entry.name.firstIndex(of: "/") else {
      throw .error("torch.no-pickle", "the archive has no data.pkl", at: SourceLocation(file: zip.bytes.storage.path))
    }
    let root = String(entry.name[..<slash])
    if zip[root + "/constants.pkl"] != nil || zip.entries.contains(where: { $0.name.hasPrefix(root + "/code/") }) {
      throw .error(
        "torch.script", "is a TorchScript archive, which holds a program, and is not supported",
        at: SourceLocation(file: zip.bytes.storage.path),
        help: "in Python: torch.save(torch.jit.load(path).state_dict(), 'weights.pt'), or export the model to ONNX")
    }
    let pickle = try zip.contents(of: entry)
    var isBigEndian = false
    if let order = zip[root + "/byteorder"] {
      isBigEndian = try zip.prefix(of: order, 16).text.hasPrefix("big")
    }
    let cache = StorageCache()
    let storages = TorchStorages(isBigEndian: isBigEndian) { (key) throws(Diagnostic) in
      if let known = cache.storages[key] { return known }
      guard let e = zip["\(root)/data/\(key)"] else { return nil }
      let s = try zip.storage(of: e, from: 0, count: e.size)
      cache.storages[key] = s
      return s
    }
    var bag = WeightBag(format: "torch")
    do throws(Diagnostic) {
      let objects = try PickleWeights.objects(pickle, from: 0, allowsPersistent: true)
      var f = PickleFlattener(PickleReader(objects, file: pickle, torch: storages), into: bag)
      try f.run(objects.root)
      bag = f.bag
    } catch {
      var d = error
      d.location.file = zip.bytes.storage.path
      d.location.member = d.location.member ?? entry.name
      throw d
    }
    return bag
  }

  /// One storage object a key, so that a checksum is compared once however many tensors share the storage.
  private final class StorageCache {
    var storages: [String: TensorStorage] = [:]
  }

  // MARK: Legacy

  /// Magic number, protocol, system facts, the object, the keys of its storages, then each storage's elements.
  static func readLegacy(_ b: ByteSlice) throws(Diagnostic) -> WeightBag {
    let magic = try PickleMachine.run(b)
    let version = try PickleMachine.run(b, from: magic.end)
    guard version.root.int == 1001 else {
      throw .error("torch.version", "the legacy checkpoint has an unknown version", at: b.location(magic.end))
    }
    let system = try PickleWeights.objects(b, from: version.end)
    let facts = PickleReader(system, file: b)
    let isBigEndian =
      system[system.root]?.pairs.contains { facts.text($0.key) == "little_endian" && $0.value.int == 0 } == true
    let objects = try PickleWeights.objects(b, from: system.end, allowsPersistent: true)
    let keys = try PickleWeights.objects(b, from: objects.end)
    guard let list = keys[keys.root] else {
      throw .error("torch.storage", "the list of storages is malformed", at: b.location(objects.end))
    }
    let widths = try elementWidths(objects, b)
    var storages: [String: TensorStorage] = [:]
    var cursor = ByteCursor(b)
    try cursor.seek(keys.end)
    for k in list.items {
      guard let key = facts.text(k), let width = widths[key] else {
        throw .error("torch.storage", "the list of storages names one that no tensor uses", at: cursor.location)
      }
      let count = isBigEndian ? Int64(bitPattern: try cursor.u64BE()) : try cursor.i64()
      guard count >= 0, let size = checkedProduct([Int(count), width]), size <= cursor.remaining else {
        throw .error(
          "torch.storage", "storage '\(key.prefix(80))' claims \(count) elements, \(cursor.remaining) bytes are left",
          at: cursor.location, help: "the file may have been cut off while it was copied or downloaded")
      }
      storages[key] = TensorStorage(try cursor.take(size))
    }
    let found = storages
    let torch = TorchStorages(isBigEndian: isBigEndian) { (key) throws(Diagnostic) in found[key] }
    var f = PickleFlattener(PickleReader(objects, file: b, torch: torch), into: WeightBag(format: "torch"))
    try f.run(objects.root)
    return f.bag
  }

  /// The width of one element of each storage that the object refers to.
  private static func elementWidths(_ objects: PickleObjects, _ b: ByteSlice) throws(Diagnostic) -> [String: Int] {
    let reader = PickleReader(objects, file: b)
    let torch = TorchStorages(isBigEndian: false) { (_) throws(Diagnostic) in nil }
    var widths: [String: Int] = [:]
    for n in objects.nodes {
      guard case .persistent(let id) = n.kind, let t = objects[id], let first = t.items.first,
        reader.text(first) == "storage"
      else { continue }
      let ref = try torch.reference(id, in: reader)
      widths[ref.key] = ref.dtype?.byteWidth ?? 1
    }
    return widths
  }
}
