import ByteSource
import Diagnostics

extension PickleMachine {
  /// Opcodes that name, call or attach; the others are in `step`.
  mutating func stepOnObjects(_ op: UInt8) throws(Diagnostic) {
    switch op {
    case UInt8(ascii: "c"):
      let module = try lineText()
      try pushGlobal(module, try lineText())
    case 0x93:
      let name = try pop()
      let module = try pop()
      guard case .text(let n) = name, case .text(let m) = module else {
        throw error("type", "the name of a global is no text")
      }
      try pushGlobal(m.text, n.text)
    case UInt8(ascii: "R"), 0x81:
      let arguments = try pop()
      try call(try pop(), arguments)
    case 0x92:
      let keywords = try pop()
      let arguments = try pop()
      let callable = try pop()
      try call(callable, arguments)
      let record = try node(try top(), "keywords are given to")
      record.state = keywords
    case UInt8(ascii: "i"):
      let module = try lineText()
      let name = try lineText()
      let items = try popMark()
      try pushGlobal(module, name)
      try push(.record(callable: try pop()), items: items)
    case UInt8(ascii: "o"):
      var items = try popMark()
      guard !items.isEmpty else { throw error("underflow", "an object without a class") }
      let callable = items.removeFirst()
      try push(.record(callable: callable), items: items)
    case UInt8(ascii: "b"):
      let state = try pop()
      try node(try top(), "attributes are set on").state = state
    case UInt8(ascii: "P"), UInt8(ascii: "Q"):
      let id = op == UInt8(ascii: "P") ? PickleValue.text(try cursor.line()) : try pop()
      guard allowsPersistent else {
        throw error("persistent", "the pickle refers to something outside itself, which only PyTorch files may")
      }
      try push(.persistent(id))
    case 0x82, 0x83, 0x84:
      throw error("extension", "the pickle uses Python's extension registry, which has no meaning in a file")
    case 0x97, 0x98:
      throw error("buffer", "the pickle keeps its data in buffers outside the file")
    default:
      throw error(
        "opcode", "byte 0x\(String(op, radix: 16)) is no pickle opcode",
        help: opcodeOffset == 0 ? "this may be no pickle at all" : nil)
    }
  }

  // MARK: Changes of objects

  private mutating func pushGlobal(_ module: String, _ name: String) throws(Diagnostic) {
    let g = PickleGlobal(module: module, name: name, offset: opcodeOffset)
    objects.note(g)
    try push(.global(g))
  }

  private mutating func call(_ callable: PickleValue, _ arguments: PickleValue) throws(Diagnostic) {
    guard let a = objects[arguments], case .tuple = a.kind else {
      throw error("type", "the arguments of a call are no tuple")
    }
    guard let c = objects[callable] else { throw error("type", "a call of something that is no function or class") }
    switch c.kind {
    case .global, .record, .persistent: break
    default: throw error("type", "a call of something that is no function or class")
    }
    try push(.record(callable: callable), items: a.items)
  }

  func append(_ items: [PickleValue], to v: PickleValue) throws(Diagnostic) {
    let n = try node(v, "an element is appended to")
    switch n.kind {
    case .list: n.items += items
    case .record: n.extraItems += items
    default: throw error("type", "an element is appended to something that is no list")
    }
  }

  func addToSet(_ items: [PickleValue], _ v: PickleValue) throws(Diagnostic) {
    let n = try node(v, "an element is added to")
    switch n.kind {
    case .set: n.items += items
    case .record: n.extraItems += items
    default: throw error("type", "an element is added to something that is no set")
    }
  }

  func setPairs(_ items: [PickleValue], on v: PickleValue) throws(Diagnostic) {
    guard items.count % 2 == 0 else { throw error("underflow", "a dictionary entry lacks its value") }
    let n = try node(v, "an entry is set on")
    switch n.kind {
    case .dictionary, .record: break
    default: throw error("type", "an entry is set on something that is no dictionary")
    }
    for i in stride(from: 0, to: items.count, by: 2) {
      if let key = objects[items[i]] {
        switch key.kind {
        case .list, .dictionary, .set, .byteArray:
          throw error("type", "a dictionary key is a list, a dictionary or a set, which Python refuses")
        default: break
        }
      }
      n.pairs.append((items[i], items[i + 1]))
    }
  }
}
