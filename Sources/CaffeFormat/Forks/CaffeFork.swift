import Containers

/// What one fork of Caffe adds to the schema: fields of its own in known messages, and values of known enumerations.
package struct CaffeFork: Sendable {
  /// Short name, as `--fork` takes it.
  package let name: String
  /// Where it is from.
  package let title: String
  /// The fields it adds (or has under another number), by the message they are in, without the package:
  /// `LayerParameter`.
  package internal(set) var fields: [String: [ProtoField]] = [:]
  /// The names it adds to enumerations, by enumeration: `V1LayerParameter.LayerType`.
  package internal(set) var names: [String: [String: Int32]] = [:]

  /// Names of layer types of the older form whose numbers are not known: they are read from texts alone.
  package internal(set) var unnumbered: [String] = []

  /// The field a message of that type has in this fork.
  package func field(_ name: String, of message: String) -> ProtoField? {
    fields[message]?.first { $0.name == name }
  }

  package func field(number: UInt32, of message: String) -> ProtoField? {
    fields[message]?.first { $0.number == number }
  }
}

/// The table of forks, Schemas/caffe-forks.txt.
package enum CaffeForks {
  /// In the order of the table: the most used ones first.
  package static let all: [CaffeFork] = CaffeForkParser.parse(CaffeForkTable.text).forks

  package static func fork(_ name: String) -> CaffeFork? { all.first { $0.name == name } }

  /// Names that forks add to the layer types of the older form, each once.
  package static let layerNames: [String] = {
    let names = all.flatMap { ($0.names[layerType] ?? [:]).keys.sorted() + $0.unnumbered }
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }()

  static let layerType = "V1LayerParameter.LayerType"
  /// Where the numbers start that stand for those names: several forks use one number, so a text's name must not become it.
  private static let firstLayerNumber: Int32 = 1_000_000

  /// The number that stands for a fork's name of a layer type.
  package static func layerNumber(_ name: String) -> Int32? {
    layerNames.firstIndex(of: name).map { firstLayerNumber + Int32($0) }
  }

  /// The name that a number of `layerNumber(_:)` stands for.
  package static func layerName(_ number: Int32) -> String? {
    let i = Int(number) - Int(firstLayerNumber)
    return layerNames.indices.contains(i) ? layerNames[i] : nil
  }

  /// What forks call the layer type that a binary file has under that number.
  package static func layerNames(number: Int32) -> [String] {
    all.flatMap { ($0.names[layerType] ?? [:]).filter { $0.value == number }.keys.sorted() }
  }

  /// What forks call a field of that name in a message of that type.
  package static func fields(_ name: String, of message: String) -> [(fork: CaffeFork, field: ProtoField)] {
    all.compactMap { fork in fork.field(name, of: message).map { (fork, $0) } }
  }

  /// What forks have under that number in a message of that type.
  package static func fields(number: UInt32, of message: String) -> [(fork: CaffeFork, field: ProtoField)] {
    all.compactMap { fork in fork.field(number: number, of: message).map { (fork, $0) } }
  }
}
