import ByteSource
import Diagnostics

/// Typed access by field name. Singular accessors answer with the default where the field is not set; on a repeated
/// field they answer with its last value. Plural accessors read repeated fields (and a singular one as a list).
extension ProtoMessage {
  private func wrongKind(_ field: ProtoField, _ wanted: String) -> Diagnostic {
    .error(
      "internal.wrong-kind", "\(type.name).\(field.name) is \(field.kind), not \(wanted)", status: .software)
  }

  /// The last value of a field, or its declared default, or nil.
  private func last(_ field: ProtoField) -> ProtoValue? {
    slot(field.name)?.elements.last?.value ?? field.defaultValue
  }

  /// Any integer kind. Values above `Int.max` (64-bit unsigned fields only) are clamped.
  package func int(_ name: String) throws(Diagnostic) -> Int {
    let field = try requireField(name)
    guard field.kind.isSigned || field.kind.isUnsigned else { throw wrongKind(field, "an integer") }
    if let bulk = slot(name)?.bulk { return try bulk.integers().last ?? 0 }
    return last(field)?.asInt ?? 0
  }

  /// float, as it is; double, rounded.
  package func float(_ name: String) throws(Diagnostic) -> Float { Float(try double(name)) }

  /// float or double.
  package func double(_ name: String) throws(Diagnostic) -> Double {
    let field = try requireField(name)
    guard field.kind == .float || field.kind == .double else { throw wrongKind(field, "a number") }
    if slot(name)?.bulk != nil { return try doubles(name).last ?? 0 }
    return last(field)?.asDouble ?? 0
  }

  package func bool(_ name: String) throws(Diagnostic) -> Bool {
    let field = try requireField(name)
    guard field.kind == .bool else { throw wrongKind(field, "bool") }
    if case .bool(let v) = last(field) { return v }
    return false
  }

  package func string(_ name: String) throws(Diagnostic) -> String {
    let field = try requireField(name)
    switch (field.kind, last(field)) {
    case (.string, .string(let v)): return v
    case (.bytes, .bytes(let v)): return v.text
    case (.string, _), (.bytes, _): return ""
    default: throw wrongKind(field, "a string")
    }
  }

  package func bytes(_ name: String) throws(Diagnostic) -> ByteSlice {
    let field = try requireField(name)
    guard field.kind == .bytes else { throw wrongKind(field, "bytes") }
    if case .bytes(let v) = last(field) { return v }
    return .empty
  }

  /// The number of an enumeration's value; unset without a declared default: the first value's.
  package func enumNumber(_ name: String) throws(Diagnostic) -> Int32 {
    let field = try requireField(name)
    guard let enumeration = field.enumeration else { throw wrongKind(field, "an enumeration") }
    if case .enumeration(let v) = last(field) { return v }
    return enumeration.values.first?.number ?? 0
  }

  /// The name of an enumeration's value; nil for a number without a name.
  package func enumName(_ name: String) throws(Diagnostic) -> String? {
    let number = try enumNumber(name)
    return try requireField(name).enumeration?.name(number)
  }

  /// A nested message; nil where it is not set.
  package func message(_ name: String) throws(Diagnostic) -> ProtoMessage? {
    let field = try requireField(name)
    guard field.kind == .message else { throw wrongKind(field, "a message") }
    if case .message(let v) = last(field) { return v }
    return nil
  }

  /// A nested message; where it is not set, an empty one, which answers with all defaults.
  package func messageOrDefault(_ name: String) throws(Diagnostic) -> ProtoMessage {
    if let m = try message(name) { return m }
    let field = try requireField(name)
    guard let type = field.messageType else { throw wrongKind(field, "a message") }
    return ProtoMessage(type, file: file, place: place)
  }

  package func messages(_ name: String) throws(Diagnostic) -> [ProtoMessage] {
    let field = try requireField(name)
    guard field.kind == .message else { throw wrongKind(field, "messages") }
    return elements(name).compactMap { if case .message(let m) = $0.value { m } else { nil } }
  }

  package func strings(_ name: String) throws(Diagnostic) -> [String] {
    let field = try requireField(name)
    guard field.kind == .string || field.kind == .bytes else { throw wrongKind(field, "strings") }
    return elements(name).compactMap {
      switch $0.value {
      case .string(let s): s
      case .bytes(let b): b.text
      default: nil
      }
    }
  }

  package func bools(_ name: String) throws(Diagnostic) -> [Bool] {
    let field = try requireField(name)
    guard field.kind == .bool else { throw wrongKind(field, "bools") }
    return elements(name).compactMap { if case .bool(let b) = $0.value { b } else { nil } }
  }

  package func enumNumbers(_ name: String) throws(Diagnostic) -> [Int32] {
    let field = try requireField(name)
    guard field.kind == .enumeration else { throw wrongKind(field, "enumerations") }
    return elements(name).compactMap { if case .enumeration(let n) = $0.value { n } else { nil } }
  }

  /// Any integer kind, clamped as `int(_:)` does.
  package func ints(_ name: String) throws(Diagnostic) -> [Int] {
    let field = try requireField(name)
    guard field.kind.isSigned || field.kind.isUnsigned else { throw wrongKind(field, "integers") }
    if let bulk = slot(name)?.bulk { return try bulk.integers() }
    return elements(name).compactMap(\.value.asInt)
  }

  /// float or double, each rounded to float.
  package func floats(_ name: String) throws(Diagnostic) -> [Float] { try doubles(name).map { Float($0) } }

  /// float or double. For the few values of a parameter; weights are read with `bulk(_:)`.
  package func doubles(_ name: String) throws(Diagnostic) -> [Double] {
    let field = try requireField(name)
    guard field.kind == .float || field.kind == .double else { throw wrongKind(field, "numbers") }
    guard let slot = slot(name) else { return [] }
    if let bulk = slot.bulk { return try bulk.doubles() + slot.elements.compactMap(\.value.asDouble) }
    return slot.elements.compactMap(\.value.asDouble)
  }

  /// The values of a repeated scalar field (or of a bytes field) as bytes: slices of the file where it is binary,
  /// packed into memory where it is a text. Empty where the field is not set.
  package func bulk(_ name: String) throws(Diagnostic) -> ProtoBulk {
    let field = try requireField(name)
    guard let slot = slot(name) else { return ProtoBulk(kind: field.kind) }
    if let bulk = slot.bulk, slot.elements.isEmpty { return bulk }
    if field.kind == .bytes { return ProtoBulk(kind: .bytes, packed: try bytes(name)) }
    guard field.kind.isPackable else { throw wrongKind(field, "numbers") }
    var bytes = try slot.bulk?.contiguous().bytes ?? []
    for element in slot.elements { element.value.appendFixed(field.kind, to: &bytes) }
    return ProtoBulk(kind: field.kind, packed: try ByteStorage.copying(bytes, path: file).all, isFixedWidth: true)
  }
}

extension ProtoValue {
  /// Integers; unsigned ones are clamped to `Int.max`.
  var asInt: Int? {
    switch self {
    case .int(let v): Int(v)
    case .uint(let v): Int(clamping: v)
    default: nil
    }
  }

  var asDouble: Double? {
    switch self {
    case .float(let v): Double(v)
    case .double(let v): v
    default: nil
    }
  }

  /// Appends the value as `ProtoBulk.contiguous()` lays it out.
  func appendFixed(_ kind: ProtoKind, to bytes: inout [UInt8]) {
    func put<T: FixedWidthInteger>(_ v: T) {
      withUnsafeBytes(of: v.littleEndian) { bytes.append(contentsOf: $0) }
    }
    switch self {
    case .float(let v): kind == .double ? put(Double(v).bitPattern) : put(v.bitPattern)
    case .double(let v): kind == .float ? put(Float(v).bitPattern) : put(v.bitPattern)
    case .bool(let v): put(UInt8(v ? 1 : 0))
    case .enumeration(let v): put(v)
    case .int(let v): kind.elementSize == 8 ? put(v) : put(Int32(truncatingIfNeeded: v))
    case .uint(let v): kind.elementSize == 8 ? put(v) : put(UInt32(truncatingIfNeeded: v))
    case .string, .bytes, .message: break
    }
  }
}
