/// The kinds of values a protobuf field can hold.
package enum ProtoKind: Sendable, Hashable {
  case int32, sint32, sfixed32, int64, sint64, sfixed64
  case uint32, fixed32, uint64, fixed64
  case float, double, bool, enumeration, string, bytes, message

  /// The wire type one unpacked value is written with.
  package var wireType: WireType {
    switch self {
    case .int32, .sint32, .int64, .sint64, .uint32, .uint64, .bool, .enumeration: .varint
    case .fixed64, .sfixed64, .double: .fixed64
    case .fixed32, .sfixed32, .float: .fixed32
    case .string, .bytes, .message: .lengthDelimited
    }
  }

  /// True for the kinds whose repeated form may be packed into one length-delimited field.
  package var isPackable: Bool { wireType != .lengthDelimited }

  /// Bytes of one element as `ProtoBulk.contiguous()` lays it out; 1 for bytes.
  package var elementSize: Int {
    switch self {
    case .int64, .sint64, .sfixed64, .uint64, .fixed64, .double: 8
    case .bool, .string, .bytes, .message: 1
    default: 4
    }
  }

  package var isSigned: Bool {
    switch self {
    case .int32, .sint32, .sfixed32, .int64, .sint64, .sfixed64: true
    default: false
    }
  }

  package var isUnsigned: Bool {
    switch self {
    case .uint32, .fixed32, .uint64, .fixed64: true
    default: false
    }
  }

  /// The word for the kind in messages to the user.
  package var description: String {
    switch self {
    case .float, .double: "a number"
    case .bool: "true or false"
    case .enumeration: "a name"
    case .string, .bytes: "a string in quotes"
    case .message: "a block in braces"
    default: isUnsigned ? "a whole number, not negative" : "a whole number"
    }
  }
}

/// How often a field may stand in a message.
package enum ProtoLabel: Sendable, Hashable { case required, optional, repeated }

/// An enumeration: names and numbers.
package final class ProtoEnum: Sendable {
  package let name: String
  /// In the order of their numbers.
  package let values: [(name: String, number: Int32)]
  private let numbers: [String: Int32]

  package init(_ name: String, _ values: [(name: String, number: Int32)]) {
    self.name = name
    self.values = values
    numbers = Dictionary(values.map { ($0.name, $0.number) }, uniquingKeysWith: { a, _ in a })
  }

  package func number(_ name: String) -> Int32? { numbers[name] }

  /// The name of a number; of two names for one number the first.
  package func name(_ number: Int32) -> String? { values.first { $0.number == number }?.name }
}

/// One field of a message type.
package final class ProtoField: @unchecked Sendable {
  package let name: String
  package let number: UInt32
  package let label: ProtoLabel
  package let kind: ProtoKind
  /// Repeated scalars that are written packed.
  package let isPacked: Bool
  /// The declared default; nil where the kind's own (0, "", false, first enum value) holds.
  package let defaultValue: ProtoValue?
  package let enumeration: ProtoEnum?
  // SAFETY: set once, while the schema that owns the field is built and before anyone else sees it.
  package internal(set) nonisolated(unsafe) var messageType: ProtoType?

  package init(
    _ name: String, _ number: UInt32, _ label: ProtoLabel = .optional, _ kind: ProtoKind, isPacked: Bool = false,
    defaultValue: ProtoValue? = nil, enumeration: ProtoEnum? = nil, messageType: ProtoType? = nil
  ) {
    self.name = name
    self.number = number
    self.label = label
    self.kind = kind
    self.isPacked = isPacked
    self.defaultValue = defaultValue
    self.enumeration = enumeration
    self.messageType = messageType
  }

  package var isRepeated: Bool { label == .repeated }

  /// Repeated numbers of a binary file are kept as slices of the file instead of one value each.
  package var isBulk: Bool { isRepeated && kind.isPackable && kind != .bool && kind != .enumeration }
}

/// A message type: its fields by name and by number.
package final class ProtoType: @unchecked Sendable {
  /// With the package: `caffe.PoolingParameter`.
  package let name: String
  /// In the order of their numbers.
  package private(set) var fields: [ProtoField] = []
  private var byName: [String: ProtoField] = [:]
  private var byNumber: [UInt32: ProtoField] = [:]
  /// The protobuf-c descriptor; nil for types made from a table.
  let descriptor: ProtobufCDescriptor?
  private(set) var requiredFields: [ProtoField] = []
  // SAFETY: all members are set before the type is published and never again (`complete` is called once).

  init(name: String, descriptor: ProtobufCDescriptor?) {
    self.name = name
    self.descriptor = descriptor
  }

  /// A type made from a table, for what a fork adds.
  package convenience init(_ name: String, _ fields: [ProtoField]) {
    self.init(name: name, descriptor: nil)
    complete(fields)
  }

  /// A type whose fields follow by `complete(_:)`, for types that refer to each other.
  package convenience init(_ name: String) { self.init(name: name, descriptor: nil) }

  /// Gives the type its fields, once and before anyone else sees it; of two with one name or number the first stays.
  package func complete(_ fields: [ProtoField]) {
    self.fields = fields.sorted { $0.number < $1.number }
    requiredFields = fields.filter { $0.label == .required }
    byName = Dictionary(fields.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    byNumber = Dictionary(fields.map { ($0.number, $0) }, uniquingKeysWith: { a, _ in a })
  }

  /// The name without the package.
  package var shortName: String { name.split(separator: ".").last.map(String.init) ?? name }

  package func field(_ name: String) -> ProtoField? { byName[name] }
  package func field(number: UInt32) -> ProtoField? { byNumber[number] }
}
