import Containers

/// Reads the table of forks. The table is part of the program; `problems` is for the test that reads all of it.
package struct CaffeForkParser {
  package private(set) var forks: [CaffeFork] = []
  /// Lines that could not be understood, each with its number.
  package private(set) var problems: [String] = []

  /// A message as its lines say, before names are looked up.
  private struct Block {
    let fork: Int
    let name: String
    let isExtension: Bool
    var rows: [(line: Int, text: String)] = []
  }

  private var blocks: [Block] = []
  private var inherited: [(fork: Int, from: String)] = []
  /// Messages by fork and name; those of the first fork that has the name stand under "" as well.
  private var types: [String: [String: ProtoType]] = [:]
  private var fieldsOfTypes: [(type: ProtoType, block: Int)] = []

  package static func parse(_ text: String) -> CaffeForkParser {
    var parser = CaffeForkParser()
    parser.readLines(text)
    parser.build()
    return parser
  }

  // MARK: Lines

  private mutating func readLines(_ text: String) {
    var enumeration: String?
    for (i, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true).map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      let rest = words.count > 1 ? words[1] : ""
      if line.hasPrefix("  ") {
        let row = String(line.dropFirst(2))
        if let enumeration { addName(row, to: enumeration, i + 1) } else { addRow(row, i + 1) }
        continue
      }
      enumeration = nil
      switch first {
      case "fork":
        let parts = rest.split(separator: ":", maxSplits: 1).map { $0.trimmingPrefix { $0 == " " } }
        forks.append(CaffeFork(name: String(parts.first ?? ""), title: String(parts.last ?? "")))
      case "use": inherited.append((forks.count - 1, rest))
      case "message", "extend":
        blocks.append(Block(fork: forks.count - 1, name: rest, isExtension: first == "extend"))
      case "enum": enumeration = rest
      default: problems.append("line \(i + 1): \(line)")
      }
    }
  }

  private mutating func addRow(_ row: String, _ line: Int) {
    if blocks.isEmpty { return problems.append("line \(line): \(row)") }
    blocks[blocks.count - 1].rows.append((line, row))
  }

  private mutating func addName(_ row: String, to enumeration: String, _ line: Int) {
    let parts = row.split(separator: " ")
    if parts.count == 3, parts[1] == "=", parts[2] == "?", enumeration == CaffeForks.layerType, !forks.isEmpty {
      return forks[forks.count - 1].unnumbered.append(String(parts[0]))
    }
    guard parts.count == 3, parts[1] == "=", let number = Int32(parts[2]), !forks.isEmpty else {
      return problems.append("line \(line): \(row)")
    }
    forks[forks.count - 1].names[enumeration, default: [:]][String(parts[0])] = number
  }

  // MARK: Types

  private mutating func build() {
    for (i, block) in blocks.enumerated() where !block.isExtension && block.fork >= 0 {
      let fork = forks[block.fork].name
      let type = ProtoType("\(fork).\(block.name)")
      types[fork, default: [:]][block.name] = type
      if types["", default: [:]][block.name] == nil { types["", default: [:]][block.name] = type }
      fieldsOfTypes.append((type, i))
    }
    for (type, block) in fieldsOfTypes { type.complete(fields(of: blocks[block])) }
    for block in blocks where block.isExtension && block.fork >= 0 {
      let rows = fields(of: block)
      forks[block.fork].fields[block.name, default: []] += rows
    }
    for (index, name) in inherited {
      guard let base = forks.first(where: { $0.name == name }) else {
        problems.append("no fork \(name)")
        continue
      }
      for (message, fields) in base.fields {
        let own = Set((forks[index].fields[message] ?? []).flatMap { [$0.name, String($0.number)] })
        let added = fields.filter { !own.contains($0.name) && !own.contains(String($0.number)) }
        forks[index].fields[message, default: []] += added
      }
      for (enumeration, names) in base.names {
        forks[index].names[enumeration, default: [:]].merge(names) { own, _ in own }
      }
    }
  }

  private mutating func fields(of block: Block) -> [ProtoField] {
    block.rows.compactMap { line, row in
      let field = field(row, line, in: forks[block.fork].name)
      if field == nil { problems.append("line \(line): \(row)") }
      return field
    }
  }

  /// Fields whose numbers are not known get numbers from here on, which no file uses: they are read from texts alone.
  private static let firstUnknownNumber: UInt32 = 536_000_000

  /// `NAME = NUMBER : [[]|!]TYPE [packed] [= DEFAULT]`
  private func field(_ row: String, _ line: Int, in fork: String) -> ProtoField? {
    let sides = row.split(separator: ":", maxSplits: 1)
    guard sides.count == 2 else { return nil }
    let left = sides[0].split(separator: " ")
    guard left.count == 3, left[1] == "=" else { return nil }
    let unknown = left[2] == "?" ? Self.firstUnknownNumber + UInt32(line) : nil
    guard let number = unknown ?? UInt32(left[2]) else { return nil }
    var right = sides[1].split(separator: " ", maxSplits: 1)
    guard !right.isEmpty else { return nil }
    var type = String(right.removeFirst())
    var label = ProtoLabel.optional
    if type.hasPrefix("[]") {
      label = .repeated
      type.removeFirst(2)
    } else if type.hasPrefix("!") {
      label = .required
      type.removeFirst()
    }
    var rest = right.first.map(String.init) ?? ""
    let isPacked = rest.hasPrefix("packed")
    if isPacked { rest.removeFirst(min(rest.count, 7)) }
    let written: String? = rest.hasPrefix("= ") ? String(rest.dropFirst(2)) : nil

    let name = String(left[0])
    if type.hasPrefix("{"), type.hasSuffix("}") {
      let values = type.dropFirst().dropLast().split(separator: ",").compactMap {
        pair -> (name: String, number: Int32)? in
        let parts = pair.split(separator: "=")
        return parts.count == 2 ? Int32(parts[1]).map { (String(parts[0]), $0) } : nil
      }
      let enumeration = ProtoEnum("\(fork).\(name)", values)
      let value = written.flatMap { enumeration.number($0) }.map { ProtoValue.enumeration($0) }
      if written != nil && value == nil { return nil }
      return ProtoField(name, number, label, .enumeration, defaultValue: value, enumeration: enumeration)
    }
    if let kind = Self.kinds[type] {
      let value = written.flatMap { Self.value($0, kind) }
      if written != nil && value == nil { return nil }
      return ProtoField(name, number, label, kind, isPacked: isPacked, defaultValue: value)
    }
    guard let message = message(type, in: fork) else { return nil }
    return ProtoField(name, number, label, .message, messageType: message)
  }

  private func message(_ name: String, in fork: String) -> ProtoType? {
    if name == "*" { return ProtoType.open }
    if let type = types[fork]?[name] ?? types[""]?[name] { return type }
    let base = CaffeSchema.all.type("caffe." + name)
    return base.fields.isEmpty ? nil : base
  }

  private static let kinds: [String: ProtoKind] = [
    "int32": .int32, "int64": .int64, "uint32": .uint32, "uint64": .uint64, "float": .float, "double": .double,
    "bool": .bool, "string": .string, "bytes": .bytes,
  ]

  private static func value(_ written: String, _ kind: ProtoKind) -> ProtoValue? {
    switch kind {
    case .int32, .int64: Int64(written).map { .int($0) }
    case .uint32, .uint64: UInt64(written).map { .uint($0) }
    case .float: Float(written).map { .float($0) }
    case .double: Double(written).map { .double($0) }
    case .bool: Bool(written).map { .bool($0) }
    case .string where written.count >= 2 && written.hasPrefix("\"") && written.hasSuffix("\""):
      .string(String(written.dropFirst().dropLast()))
    default: nil
    }
  }
}

extension ProtoType {
  /// A message whose fields nobody tabulated: all of them are kept as unknown.
  static let open = ProtoType("*", [])
}
