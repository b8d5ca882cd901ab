import ByteSource
import Diagnostics

/// What to do with a field of a text that the message type does not have.
package enum ProtoUnknownDecision: Sendable {
  /// Report it as an error, with a suggestion. It is kept in `unknown`.
  case refuse
  /// Keep it in `unknown` and say nothing.
  case keep
  /// Read it as this field, as if the type had it: a fork's.
  case typed(ProtoField)
}

/// Where in a text a question about it arises.
package struct ProtoTextContext: Sendable {
  /// Type of the message.
  package let type: ProtoType
  /// The way to the message, outermost first, such as `layer 'conv1'`, `convolution_param`.
  package let path: [String]
  /// The messages around it, outermost first; the last one is the message itself.
  package let messages: [ProtoTextMessage]
  /// Types of the messages around it, outermost first, without its own.
  package let outerTypes: [ProtoType]
}

/// Decides about what the schema does not know. The default refuses.
package protocol ProtoTextPolicy: Sendable {
  func unknownField(_ field: ProtoTextField, in context: ProtoTextContext) -> ProtoUnknownDecision
  /// The number behind a name that the enumeration of `field` does not have; nil makes it an error.
  func unknownName(_ name: String, for field: ProtoField, in context: ProtoTextContext) -> Int32?
}

extension ProtoTextPolicy {
  package func unknownField(_ field: ProtoTextField, in context: ProtoTextContext) -> ProtoUnknownDecision { .refuse }
  package func unknownName(_ name: String, for field: ProtoField, in context: ProtoTextContext) -> Int32? { nil }
}

/// Refuses everything the schema does not know.
package struct StrictTextPolicy: ProtoTextPolicy {
  package init() {}
}

/// Reads protobuf text as messages of a type. All errors, of syntax and of schema, go to the sink with line and column.
package struct ProtoTextReader {
  let file: String?
  let sink: DiagnosticSink
  let policy: any ProtoTextPolicy

  package init(file: String?, sink: DiagnosticSink, policy: any ProtoTextPolicy = StrictTextPolicy()) {
    self.file = file
    self.sink = sink
    self.policy = policy
  }

  /// Parses a text and checks it against a type.
  package func read(_ bytes: ByteSlice, as type: ProtoType) -> ProtoMessage {
    message(ProtoTextParser.parse(bytes, file: file, sink: sink), as: type)
  }

  /// Checks a tree against a type. What does not fit is reported and left out.
  package func message(_ text: ProtoTextMessage, as type: ProtoType) -> ProtoMessage {
    convert(text, ProtoTextContext(type: type, path: [], messages: [text], outerTypes: []))
  }

  private func convert(_ text: ProtoTextMessage, _ context: ProtoTextContext) -> ProtoMessage {
    var message = ProtoMessage(context.type, file: file, place: text.place)
    for item in text.fields {
      if let field = context.type.field(item.name) {
        add(item, field, context, to: &message)
        continue
      }
      switch policy.unknownField(item, in: context) {
      case .typed(let field): add(item, field, context, to: &message)
      case .keep: message.unknown.append(.text(item))
      case .refuse:
        report(
          "unknown-field", "\(context.type.shortName) has no field '\(item.name)'", item.place, context, item.name,
          help: suggestion(for: item.name, in: context))
        message.unknown.append(.text(item))
      }
    }
    for field in context.type.fields where field.label == .required && !message.has(field.name) {
      report(
        "missing-required", "\(context.type.shortName) needs '\(field.name)'", text.place, context, field.name,
        help: "add '\(field.name): ...' to the block")
    }
    return message
  }

  private func add(
    _ item: ProtoTextField, _ field: ProtoField, _ context: ProtoTextContext, to message: inout ProtoMessage
  ) {
    if !field.isRepeated {
      if item.isList {
        // A field without any value was reported as a syntax error.
        if !item.values.isEmpty || item.hasColon == false {
          report("not-repeated", "'\(item.name)' takes one value, not a list", item.place, context, item.name)
        }
        return
      }
      if message.has(field.name) {
        report(
          "given-twice", "'\(item.name)' is given a second time, but may be given once", item.place, context, item.name,
          notes: firstPlace(of: field, in: message), help: "remove one of the two")
        return
      }
    }
    if field.kind != .message, !item.hasColon, item.isList {
      report("missing-colon", "a colon is missing after '\(item.name)'", item.place, context, item.name)
    }
    for value in item.values {
      guard let converted = convert(value, field, item, context) else { continue }
      message.add(ProtoElement(converted, place: value.place, namePlace: item.place), to: field)
    }
  }

  private func firstPlace(of field: ProtoField, in message: ProtoMessage) -> [String] {
    guard case .text(let line, let column) = message.elements(field.name).first?.namePlace else { return [] }
    return ["it was first given at line \(line), column \(column)"]
  }

  private func convert(
    _ value: ProtoTextValue, _ field: ProtoField, _ item: ProtoTextField, _ context: ProtoTextContext
  ) -> ProtoValue? {
    switch value.content {
    case .message(let text):
      guard let type = field.messageType else {
        wrongValue(field, "a block", value, context)
        return nil
      }
      let inner = ProtoTextContext(
        type: type, path: context.path + [step(field, text)], messages: context.messages + [text],
        outerTypes: context.outerTypes + [context.type])
      return .message(convert(text, inner))
    case .scalar(let scalar):
      do throws(ProtoScalarProblem) {
        return try ProtoScalarReader(field: field) { policy.unknownName($0, for: field, in: context) }.read(scalar)
      } catch {
        switch error {
        case .wrongKind: wrongValue(field, scalar.written, value, context)
        case .outOfRange(let low, let high):
          report(
            "out-of-range", "\(scalar.written) is out of range for '\(field.name)' (\(low) to \(high))", value.place,
            context, field.name)
        case .unknownName(let names):
          report(
            "unknown-value", "'\(field.name)' has no value \(scalar.written)", value.place, context, field.name,
            help: suggestion(for: scalar.written, among: names) ?? "one of: " + names.joined(separator: ", "))
        }
        return nil
      }
    }
  }

  private func wrongValue(_ field: ProtoField, _ got: String, _ value: ProtoTextValue, _ context: ProtoTextContext) {
    report(
      "wrong-value", "'\(field.name)' takes \(field.kind.description), got \(got)", value.place, context, field.name,
      help: field.kind == .string ? "put it in quotes: \"\(got)\"" : nil)
  }

  /// How the way to a block reads: with the block's own name where it has one.
  private func step(_ field: ProtoField, _ text: ProtoTextMessage) -> String {
    for item in text.fields where item.name == "name" {
      if case .scalar(.string(let bytes))? = item.values.first?.content {
        return "\(field.name) '\(String(decoding: bytes, as: UTF8.self))'"
      }
    }
    return field.name
  }

  private func report(
    _ code: String, _ message: String, _ place: ProtoPlace, _ context: ProtoTextContext, _ field: String,
    notes: [String] = [], help: String? = nil
  ) {
    let way = context.path.isEmpty ? "" : context.path.joined(separator: ", ") + ": "
    sink.error(
      "protobuf.text." + code, way + message, at: place.location(file: file, path: context.path + [field]),
      notes: notes, help: help)
  }

  private func suggestion(for name: String, in context: ProtoTextContext) -> String? {
    if let outer = context.outerTypes.last(where: { $0.field(name) != nil }) {
      return "'\(name)' belongs to \(outer.shortName): is a '}' missing before it?"
    }
    return suggestion(for: name, among: context.type.fields.map(\.name))
  }

  private func suggestion(for word: String, among known: [String]) -> String? {
    closestName(to: word, among: known).map { "did you mean '\($0)'?" }
  }
}
