import ByteSource
import Diagnostics

/// A message of any type: one representation for what was read from text, from a binary file, or built by hand.
///
/// Fields are asked for by name. A field that is not set answers with its declared default, an unset repeated field is
/// empty. Asking for a name or a kind that the type does not have is a mistake in the program and throws
/// `internal.no-such-field` or `internal.wrong-kind`.
package struct ProtoMessage: Sendable {
  /// One field that is set: either elements or, for repeated numbers of a binary file, slices of the file.
  struct Slot: Sendable {
    let field: ProtoField
    var elements: [ProtoElement]
    var bulk: ProtoBulk?

    var count: Int { elements.count + (bulk?.count ?? 0) }
  }

  package let type: ProtoType
  /// The file it was read from, as the user named it.
  package var file: String?
  /// Where it starts: in a text its opening brace, in a binary file its first byte.
  package var place: ProtoPlace
  /// The bytes it was read from; nil for texts and messages built by hand. They do not follow later changes.
  package internal(set) var wire: ByteSlice?
  /// Fields the schema does not know, in the order of the file.
  package var unknown: [ProtoUnknown] = []
  var slots: [Slot] = []

  /// An empty message.
  package init(_ type: ProtoType, file: String? = nil, place: ProtoPlace = .none) {
    self.type = type
    self.file = file
    self.place = place
  }

  // MARK: Fields as such

  /// The fields that are set, in the order of their numbers.
  package var setFields: [ProtoField] { slots.map(\.field).sorted { $0.number < $1.number } }

  /// True where the field was given, be it with its default value; a repeated field: at least once.
  package func has(_ name: String) -> Bool { slot(name) != nil }

  /// How many values the field has: 0 or 1 for a field that is not repeated.
  package func count(_ name: String) -> Int { slot(name)?.count ?? 0 }

  /// The elements of a field with their places; empty where it is not set or kept as slices.
  package func elements(_ name: String) -> [ProtoElement] { slot(name)?.elements ?? [] }

  /// Where value `index` of a field stands; where it is not set, where the message stands.
  package func location(_ name: String? = nil, _ index: Int = 0) -> SourceLocation {
    guard let name, let slot = slot(name) else { return place.location(file: file) }
    if slot.elements.indices.contains(index) { return slot.elements[index].place.location(file: file) }
    return (slot.bulk?.place ?? place).location(file: file)
  }

  /// Where the name of a field stands before its value `index`, in a text; otherwise as `location(_:_:)`.
  package func nameLocation(_ name: String, _ index: Int = 0) -> SourceLocation {
    guard let slot = slot(name), slot.elements.indices.contains(index), slot.elements[index].namePlace != .none else {
      return location(name, index)
    }
    return slot.elements[index].namePlace.location(file: file)
  }

  func slot(_ name: String) -> Slot? { slots.first { $0.field.name == name } }

  // MARK: Changes

  /// Removes a field.
  package mutating func clear(_ name: String) { slots.removeAll { $0.field.name == name } }

  /// Replaces a field's values by one.
  package mutating func set(_ name: String, _ value: ProtoValue, at place: ProtoPlace = .none) throws(Diagnostic) {
    try set(name, [ProtoElement(value, place: place)])
  }

  /// Replaces a field's values.
  package mutating func set(_ name: String, _ elements: [ProtoElement]) throws(Diagnostic) {
    let field = try requireField(name)
    clear(name)
    for element in elements { add(element, to: field) }
  }

  /// Adds a value to a repeated field.
  package mutating func append(_ name: String, _ value: ProtoValue, at place: ProtoPlace = .none) throws(Diagnostic) {
    add(ProtoElement(value, place: place), to: try requireField(name))
  }

  /// Replaces a repeated scalar field's values by slices of bytes, which are written without a copy.
  package mutating func set(_ name: String, bulk: ProtoBulk) throws(Diagnostic) {
    let field = try requireField(name)
    clear(name)
    slots.append(Slot(field: field, elements: [], bulk: bulk))
  }

  /// Adds a value to a field that need not be one of the type's own: a fork's.
  package mutating func add(_ element: ProtoElement, to field: ProtoField) {
    if let i = slots.firstIndex(where: { $0.field.name == field.name }) {
      slots[i].elements.append(element)
    } else {
      slots.append(Slot(field: field, elements: [element], bulk: nil))
    }
  }

  /// The field of that name: the type's own, or a fork's that was added.
  func requireField(_ name: String) throws(Diagnostic) -> ProtoField {
    if let field = type.field(name) ?? slot(name)?.field { return field }
    throw .error("internal.no-such-field", "\(type.name) has no field '\(name)'", status: .software)
  }
}
