import Containers
import Diagnostics

/// Names of enumerations' values where forks call one number differently: 3 of Eltwise's operations is DIV in Synopsys'
/// tree and STOCHASTIC_SUM in yjxiong's. In memory each name has a number of its own, which no file holds, so that what a
/// net says is neither computed nor written as the other.
extension CaffeForks {
  private struct SharedName {
    var enumeration: String
    var name: String
    var number: Int32
    /// What stands for the name in memory.
    var standIn: Int32
  }

  /// Where the numbers start that stand for shared names.
  private static let firstSharedNumber: Int32 = 2_000_000

  private static let sharedNames: [SharedName] = {
    var out: [SharedName] = []
    let enumerations = Set(all.flatMap { $0.names.keys }).subtracting([layerType]).sorted()
    for enumeration in enumerations {
      let tables = all.compactMap { $0.names[enumeration] }
      for number in Set(tables.flatMap { $0.values }).sorted() {
        // Two names of one fork are one value.
        let names = tables.map { Set($0.filter { $0.value == number }.keys) }.filter { !$0.isEmpty }
        guard Set(names).count > 1 else { continue }
        for name in Set(names.joined()).sorted() {
          let standIn = firstSharedNumber + Int32(out.count)
          out.append(SharedName(enumeration: enumeration, name: name, number: number, standIn: standIn))
        }
      }
    }
    return out
  }()

  private static func shared(in enumeration: String) -> [SharedName] {
    sharedNames.filter { enumeration == $0.enumeration || enumeration.hasSuffix("." + $0.enumeration) }
  }

  /// What a fork calls a value of an enumeration that BVLC's schema has no name for; nil for a number that several forks
  /// name differently.
  package static func valueName(_ number: Int32, in enumeration: String) -> String? {
    for shared in shared(in: enumeration) {
      if number == shared.standIn { return shared.name }
      if number == shared.number { return nil }
    }
    return all.lazy.compactMap { fork in
      fork.names.first { enumeration == $0.key || enumeration.hasSuffix("." + $0.key) }?.value.filter {
        $0.value == number
      }.keys.min()
    }.first
  }

  /// The number that stands in memory for a fork's name of a value.
  static func memoryNumber(_ number: Int32, named name: String, in enumeration: String) -> Int32 {
    shared(in: enumeration).first { $0.name == name && $0.number == number }?.standIn ?? number
  }

  /// Gives values of a block of a binary file the fork's names where forks differ. True where something changed.
  static func nameValues(of block: inout ProtoMessage, by fork: CaffeFork) throws(Diagnostic) -> Bool {
    try replaceValues(of: &block) { number, enumeration in
      let names = fork.names.first { enumeration.hasSuffix("." + $0.key) }?.value ?? [:]
      guard let name = names.filter({ $0.value == number }).keys.min() else { return number }
      return memoryNumber(number, named: name, in: enumeration)
    }
  }

  /// The layer as files hold it: with the forks' own numbers.
  static func withFileNumbers(_ layer: ProtoMessage) throws(Diagnostic) -> ProtoMessage {
    var out = layer
    for field in layer.setFields where field.kind == .message && !field.isRepeated {
      guard var block = try out.message(field.name) else { continue }
      let isChanged = try replaceValues(of: &block) { number, enumeration in
        shared(in: enumeration).first { $0.standIn == number }?.number ?? number
      }
      if isChanged { try out.set(field.name, .message(block), at: block.place) }
    }
    return out
  }

  private static func replaceValues(
    of block: inout ProtoMessage, _ change: (Int32, String) -> Int32
  ) throws(Diagnostic) -> Bool {
    var isChanged = false
    for field in block.setFields where field.kind == .enumeration && !field.isRepeated {
      guard let enumeration = field.enumeration?.name else { continue }
      let number = try block.enumNumber(field.name)
      let other = change(number, enumeration)
      guard other != number else { continue }
      try block.set(field.name, .enumeration(other), at: block.elements(field.name).first?.place ?? block.place)
      isChanged = true
    }
    return isChanged
  }
}
