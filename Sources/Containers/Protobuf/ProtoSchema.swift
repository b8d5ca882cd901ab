import ByteSource
import CProtobufC

/// A protobuf-c message descriptor: static data of the generated C code.
struct ProtobufCDescriptor: @unchecked Sendable {
  // SAFETY: points at immutable static data, which lives as long as the process.
  let pointer: UnsafePointer<ProtobufCMessageDescriptor>
}

/// Message types made from the descriptors that protoc-c generates.
package struct ProtoSchema: Sendable {
  private let types: [String: ProtoType]

  /// All types that can be reached from `roots`.
  package init(_ roots: [UnsafePointer<ProtobufCMessageDescriptor>]) {
    var types: [String: ProtoType] = [:]
    var fields: [String: [ProtoField]] = [:]
    var queue = roots
    var references: [(ProtoField, String)] = []
    while let descriptor = queue.popLast() {
      let name = String(cString: descriptor.pointee.name)
      guard types[name] == nil else { continue }
      types[name] = ProtoType(name: name, descriptor: ProtobufCDescriptor(pointer: descriptor))
      // SAFETY: the descriptor says how many fields its table has.
      let table = UnsafeBufferPointer(start: descriptor.pointee.fields, count: Int(descriptor.pointee.n_fields))
      fields[name] = table.map { d in
        let field = ProtoField(d)
        if d.type == PROTOBUF_C_TYPE_MESSAGE, let nested = d.descriptor {
          let target = nested.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
          references.append((field, String(cString: target.pointee.name)))
          queue.append(target)
        }
        return field
      }
    }
    for (field, name) in references { field.messageType = types[name] }
    for (name, type) in types { type.complete(fields[name] ?? []) }
    self.types = types
  }

  /// The type of that full name, such as `caffe.NetParameter`; an unknown name gives a type without fields.
  package func type(_ name: String) -> ProtoType { types[name] ?? ProtoType(name, []) }

  package var names: [String] { types.keys.sorted() }
}

extension ProtoField {
  convenience init(_ d: ProtobufCFieldDescriptor) {
    let label: ProtoLabel =
      switch d.label {
      case PROTOBUF_C_LABEL_REQUIRED: .required
      case PROTOBUF_C_LABEL_REPEATED: .repeated
      default: .optional
      }
    let kind = ProtoKind(d.type)
    var enumeration: ProtoEnum?
    if kind == .enumeration, let p = d.descriptor {
      enumeration = ProtoEnum(p.assumingMemoryBound(to: ProtobufCEnumDescriptor.self).pointee)
    }
    self.init(
      String(cString: d.name), d.id, label, kind, isPacked: d.flags & PROTOBUF_C_FIELD_FLAG_PACKED.rawValue != 0,
      defaultValue: d.default_value.flatMap { ProtoField.value(kind, at: $0) }, enumeration: enumeration)
  }

  /// Reads a scalar as protobuf-c lays it out in memory; nil for messages and bytes.
  static func value(_ kind: ProtoKind, at p: UnsafeRawPointer) -> ProtoValue? {
    // SAFETY: protobuf-c keeps a value of this kind at `p`, in its defaults as in its structs.
    switch kind {
    case .int32, .sint32, .sfixed32: .int(Int64(p.loadUnaligned(as: Int32.self)))
    case .int64, .sint64, .sfixed64: .int(p.loadUnaligned(as: Int64.self))
    case .uint32, .fixed32: .uint(UInt64(p.loadUnaligned(as: UInt32.self)))
    case .uint64, .fixed64: .uint(p.loadUnaligned(as: UInt64.self))
    case .float: .float(p.loadUnaligned(as: Float.self))
    case .double: .double(p.loadUnaligned(as: Double.self))
    case .bool: .bool(p.loadUnaligned(as: Int32.self) != 0)
    case .enumeration: .enumeration(p.loadUnaligned(as: Int32.self))
    case .string: .string(String(cString: p.assumingMemoryBound(to: CChar.self)))
    case .bytes, .message: nil
    }
  }
}

extension ProtoEnum {
  convenience init(_ d: ProtobufCEnumDescriptor) {
    // SAFETY: the descriptor says how many values its tables have. `values` has each number once; names of equal
    // numbers are in `values_by_name`.
    let byNumber = UnsafeBufferPointer(start: d.values, count: Int(d.n_values))
    let byName = UnsafeBufferPointer(start: d.values_by_name, count: Int(d.n_value_names))
    var values = byNumber.map { (name: String(cString: $0.name), number: $0.value) }
    for alias in byName where byNumber.indices.contains(Int(alias.index)) {
      let name = String(cString: alias.name)
      if !values.contains(where: { $0.name == name }) { values.append((name, byNumber[Int(alias.index)].value)) }
    }
    self.init(String(cString: d.name), values)
  }
}

extension ProtoKind {
  init(_ type: ProtobufCType) {
    switch type {
    case PROTOBUF_C_TYPE_INT32: self = .int32
    case PROTOBUF_C_TYPE_SINT32: self = .sint32
    case PROTOBUF_C_TYPE_SFIXED32: self = .sfixed32
    case PROTOBUF_C_TYPE_INT64: self = .int64
    case PROTOBUF_C_TYPE_SINT64: self = .sint64
    case PROTOBUF_C_TYPE_SFIXED64: self = .sfixed64
    case PROTOBUF_C_TYPE_UINT32: self = .uint32
    case PROTOBUF_C_TYPE_FIXED32: self = .fixed32
    case PROTOBUF_C_TYPE_UINT64: self = .uint64
    case PROTOBUF_C_TYPE_FIXED64: self = .fixed64
    case PROTOBUF_C_TYPE_FLOAT: self = .float
    case PROTOBUF_C_TYPE_DOUBLE: self = .double
    case PROTOBUF_C_TYPE_BOOL: self = .bool
    case PROTOBUF_C_TYPE_ENUM: self = .enumeration
    case PROTOBUF_C_TYPE_STRING: self = .string
    case PROTOBUF_C_TYPE_BYTES: self = .bytes
    default: self = .message
    }
  }
}
