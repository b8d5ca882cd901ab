import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import Foundation
import TensorCore

extension ImagePreprocessing {
  /// Reads a sidecar, or what the data layers of a Caffe net as text declare.
  ///
  /// - Throws: `preprocess.sidecar` for a document that is neither, or a value that makes no sense, naming the key.
  public static func read(_ path: String) throws(ModelConvError) -> ImagePreprocessing {
    try rethrowing {
      let bytes = try ByteStorage.open(path).all
      if let first = bytes.bytes.first(where: { !(9...13).contains($0) && $0 != 32 }), first == UInt8(ascii: "{") {
        return try sidecar(bytes, path)
      }
      guard FileKind.identify(bytes) == .caffeText else {
        throw wrong(path, "the file is neither a sidecar (JSON) nor a Caffe net as text")
      }
      let sink = DiagnosticSink()
      let net = try CaffeReader.readNet(text: bytes, sink: sink)
      guard let t = DataTransform.all(of: net, state: NetState()).first(where: \.isNeeded) else {
        throw wrong(path, "no data layer of the net says how pictures are transformed")
      }
      return ImagePreprocessing(t)
    }
  }

  private static func wrong(_ path: String, _ message: String, help: String? = nil) -> Diagnostic {
    .error(
      "preprocess.sidecar", message, at: SourceLocation(file: path),
      help: help ?? "modelconv convert … --preprocessing FILE.json writes a sidecar")
  }

  private static func sidecar(_ bytes: ByteSlice, _ path: String) throws -> ImagePreprocessing {
    let json = try JSON.parse(bytes)
    guard let members = json.object, json["schema"]?.string == schemaName else {
      throw wrong(path, "the document's \"schema\" is not \"\(schemaName)\"")
    }
    let known = CodingKeys.allCases.map(\.rawValue)
    if let odd = members.first(where: { !known.contains($0.key) }) {
      throw wrong(
        path, "there is no key \"\(odd.key)\"",
        help: Suggestion.closest(to: odd.key, among: known).map { "did you mean \"\($0)\"?" })
    }
    var out = ImagePreprocessing()
    func value(_ key: String) -> JSON? { json[key].flatMap { $0.isNull ? nil : $0 } }
    func text(_ key: String, among allowed: [String]? = nil) throws -> String? {
      guard let v = value(key) else { return nil }
      guard let s = v.string, allowed?.contains(s) ?? true else {
        throw wrong(
          path, "\"\(key)\" is not \(allowed.map { "one of \($0.joined(separator: ", "))" } ?? "a string")",
          help: "")
      }
      return s
    }
    func number(_ key: String) throws -> Double? {
      guard let v = value(key) else { return nil }
      guard let d = v.double, d.isFinite else { throw wrong(path, "\"\(key)\" is not a number") }
      return d
    }
    func size(_ key: String) throws -> [Int]? {
      guard let v = value(key) else { return nil }
      guard let list = v.array?.map(\.int), list.count == 2, list.allSatisfy({ $0 ?? 0 > 0 && $0 ?? 0 <= 1 << 20 })
      else { throw wrong(path, "\"\(key)\" is not [height, width]") }
      return list.compactMap { $0 }
    }
    out.source = try text("source")
    out.input = try text("input")
    out.layout = try text("layout", among: ["NCHW", "NHWC"]) ?? out.layout
    out.dtype = try text("dtype") ?? out.dtype
    out.channelOrder = try text("channel_order", among: ["BGR", "RGB", "grey"]) ?? out.channelOrder
    out.range = try number("range") ?? out.range
    out.scale = try number("scale") ?? out.scale
    out.resize = try size("resize")
    out.crop = try size("crop")
    if let m = value("mirror") {
      guard let b = m.bool else { throw wrong(path, "\"mirror\" is neither true nor false") }
      out.mirror = b
    }
    if let ops = value("operations")?.array?.map(\.string), ops != order.map(Optional.some) {
      throw wrong(
        path, "\"operations\" are in another order than \(order.joined(separator: ", ")), the only one that is known")
    }
    if let m = value("mean") { out.mean = try mean(m, path) }
    return out
  }

  private static func mean(_ m: JSON, _ path: String) throws -> Mean {
    var mean = Mean()
    if let v = m["values"], !v.isNull {
      guard let list = v.array?.map(\.double), !list.isEmpty, list.allSatisfy({ $0?.isFinite ?? false }) else {
        throw wrong(path, "\"mean\" has \"values\" that are no numbers")
      }
      mean.values = list.compactMap { $0 }
    }
    if let f = m["file"], !f.isNull {
      guard let s = f.string else { throw wrong(path, "\"mean\" has a \"file\" that is no string") }
      mean.file = MeanImage.locate(s, besides: [path])
    }
    guard mean.values != nil || mean.file != nil else { throw wrong(path, "\"mean\" has neither values nor a file") }
    return mean
  }

  /// Writes the document; equal ones give equal bytes.
  public func write(_ path: String) throws(ModelConvError) {
    try rethrowing {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let out = try FileWriter(path)
      try out.write(Array(try encoder.encode(self)) + [0x0a])
      try out.commit()
    }
  }
}

extension ImagePreprocessing {
  /// What a data layer declares.
  package init(_ t: DataTransform) {
    self.init()
    source = "\(t.location.description) layer '\(t.layer)' (\(t.layerType))"
    input = t.top
    if t.channels == 1 { channelOrder = "grey" }
    scale = Self.decimal(t.scale)
    crop = t.crop
    resize = t.size
    mirror = t.mirrors
    if let file = t.meanFile {
      mean = Mean(file: MeanImage.locate(file, besides: [t.location.file].compactMap { $0 }))
    } else if !t.meanValues.isEmpty {
      mean = Mean(values: t.meanValues.map(Self.decimal))
    }
  }

  /// The number as it was written, not as single precision rounds it.
  private static func decimal(_ f: Float) -> Double { Double("\(f)") ?? Double(f) }
}
