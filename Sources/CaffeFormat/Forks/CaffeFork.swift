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

  /// What forks call a field of that name in a message of that type.
  package static func fields(_ name: String, of message: String) -> [(fork: CaffeFork, field: ProtoField)] {
    all.compactMap { fork in fork.field(name, of: message).map { (fork, $0) } }
  }

  /// What forks have under that number in a message of that type.
  package static func fields(number: UInt32, of message: String) -> [(fork: CaffeFork, field: ProtoField)] {
    all.compactMap { fork in fork.field(number: number, of: message).map { (fork, $0) } }
  }
}
