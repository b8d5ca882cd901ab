import CHDF5
import CHDF5Shim
import Diagnostics

/// Walks an open file without recursion. Each group object is listed a few times at most, however many links lead
/// to it, so neither cycles nor nests of links that double at each level run away.
struct HDF5Listing {
  let file: hid_t
  /// For messages.
  let path: String?
  private(set) var objects: [HDF5File.Object] = []

  private static let objectLimit = 1 << 20
  private static let depthLimit = 128
  private static let pathLimit = 1 << 14
  private static let visitLimit = 4

  init(file: hid_t, path: String?) {
    self.file = file
    self.path = path
  }

  private struct Group {
    var path: String
    var depth: Int
    /// Addresses of the groups around it.
    var ancestors: [UInt64]
  }

  private struct Link {
    var name: String
    var type: Int
  }

  mutating func run() throws(Diagnostic) {
    var type: Int32 = -1
    var root: UInt64 = 0
    guard mc_h5_object(file, "/", &type, &root) >= 0, type == 0 else { throw damaged("") }
    var visits: [UInt64: Int] = [root: 1]
    var pending: [Entry] = try entries(of: Group(path: "", depth: 0, ancestors: [root]))
    while let e = pending.popLast() {
      guard objects.count < Self.objectLimit, e.path.utf8.count <= Self.pathLimit else {
        throw .error(
          "hdf5.limit", "more than \(Self.objectLimit) objects, or names too long to list",
          at: SourceLocation(file: path))
      }
      guard e.link.type == 0 || e.link.type == 1 else {
        objects.append(.init(path: e.path, kind: .other("an external link, which is never followed")))
        continue
      }
      var address: UInt64 = 0
      guard mc_h5_object(file, "/" + e.path, &type, &address) >= 0 else {
        guard e.link.type == 1 else { throw damaged(e.path) }
        objects.append(.init(path: e.path, kind: .other("a soft link that leads nowhere")))
        continue
      }
      switch type {
      case 0:
        let times = visits[address, default: 0] + 1
        guard !e.group.ancestors.contains(address), times <= Self.visitLimit else {
          objects.append(.init(path: e.path, kind: .other("another link to a group that is listed already")))
          continue
        }
        visits[address] = times
        objects.append(.init(path: e.path, kind: .group))
        guard e.group.depth < Self.depthLimit else {
          throw .error("hdf5.limit", "groups are nested more than \(Self.depthLimit) deep", at: place(e.path))
        }
        pending += try entries(
          of: Group(path: e.path, depth: e.group.depth + 1, ancestors: e.group.ancestors + [address]))
      case 1: objects.append(.init(path: e.path, kind: .dataset))
      default: objects.append(.init(path: e.path, kind: .other("a named type")))
      }
    }
  }

  private struct Entry {
    var path: String
    var link: Link
    var group: Group
  }

  private func place(_ p: String) -> SourceLocation { SourceLocation(file: path, member: "/" + p) }

  private func damaged(_ p: String) -> Diagnostic {
    .error("hdf5.damaged", "the object cannot be read\(HDF5Library.reason)", at: place(p))
  }

  private final class Collector {
    var links: [Link] = []
    var isFull = false
  }

  /// The links of a group, last first, because they are popped from the end.
  private func entries(of g: Group) throws(Diagnostic) -> [Entry] {
    guard let group = HDF5Handle(H5Gopen2(file, "/" + g.path, 0), H5Gclose) else { throw damaged(g.path) }
    let collector = Collector()
    let status = withExtendedLifetime(collector) {
      mc_h5_links(
        group.id,
        { name, type, context in
          guard let name, let context else { return 1 }
          // SAFETY: the collector outlives the call.
          let c = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
          c.isFull = c.links.count >= HDF5Listing.objectLimit
          guard !c.isFull else { return 1 }
          c.links.append(Link(name: String(cString: name), type: Int(type)))
          return 0
        }, Unmanaged.passUnretained(collector).toOpaque())
    }
    guard status >= 0 else { throw damaged(g.path) }
    guard !collector.isFull else {
      throw .error("hdf5.limit", "a group has more than \(Self.objectLimit) members", at: place(g.path))
    }
    return collector.links.reversed().map {
      Entry(path: g.path.isEmpty ? $0.name : g.path + "/" + $0.name, link: $0, group: g)
    }
  }
}
