import CPURuntime
import Diagnostics
import ModelGraph
import TensorCore

/// The usual reasons for which a net computes something else on the right numbers: its pictures have their channels in
/// the other order, or (MatCaffe) height and width exchanged.
enum LayoutVariant: CaseIterable {
  case channelsReversed, exchanged, both

  private var reversesChannels: Bool { self != .exchanged }
  private var exchangesPlane: Bool { self != .channelsReversed }

  /// In words, with the way out.
  var note: String {
    let channels = "the input's channels reversed"
    let plane = "height and width of the input exchanged"
    return switch self {
    case .channelsReversed:
      "with \(channels) the outputs agree: the net takes blue, green, red for red, green, blue or the other way round; "
        + "convert --bgr turns them"
    case .exchanged:
      "with \(plane) the outputs agree: the net was made with MatCaffe, whose arrays are column-major; --matcaffe turns "
        + "them"
    case .both:
      "with \(channels) and \(plane) the outputs agree: the net was made with MatCaffe and takes its channels in the "
        + "other order; --matcaffe and convert --bgr turn them"
    }
  }

  /// An input as the variant has it; nil for one that has no axes of a picture.
  func input(_ t: Tensor) throws(Diagnostic) -> Tensor? {
    guard t.rank == 4, t.dtype != .string, !t.dtype.isSubByte else { return nil }
    var out = t
    if reversesChannels {
      guard (2...4).contains(t.shape[1]) else { return nil }
      var planes: [Tensor] = []
      for c in (0..<t.shape[1]).reversed() { planes.append(try t.sliced(axis: 1, start: c, length: 1)) }
      out = try Self.joined(planes, like: t)
    }
    return exchangesPlane ? try out.permuted(MatCaffe.order).contiguous() : out
  }

  /// An output as the variant gives it, in the order of the original.
  func output(_ t: Tensor) throws(Diagnostic) -> Tensor {
    exchangesPlane && t.rank == 4 && t.dtype != .string && !t.dtype.isSubByte
      ? try t.permuted(MatCaffe.order).contiguous() : t
  }

  /// Single channels of [N, 1, H, W] as one tensor.
  private static func joined(_ planes: [Tensor], like t: Tensor) throws(Diagnostic) -> Tensor {
    let (n, c) = (t.shape[0], planes.count)
    let width = t.shape[2] * t.shape[3] * t.dtype.byteWidth
    var parts: [[UInt8]] = []
    for p in planes { parts.append(try p.contiguous().bytes().bytes) }
    return try Tensor.make(dtype: t.dtype, shape: t.shape) { (out) throws(Diagnostic) in
      for i in 0..<n {
        for k in 0..<c {
          for j in 0..<width { out[(i * c + k) * width + j] = parts[k][i * width + j] }
        }
      }
    }
  }

  /// Notes of the first variant with which a comparison passes.
  static func notes(_ agrees: (LayoutVariant) throws -> Bool) -> [String] {
    // A variant that cannot be run is no explanation.
    allCases.first { (try? agrees($0)) ?? false }.map { [$0.note] } ?? []
  }

  /// Notes about a model that fails on a recorded case.
  static func notes(
    _ files: [String], _ options: LoadOptions, _ fixture: Fixture, check: (Model, Fixture) throws -> Bool
  ) -> [String] {
    notes { variant in
      guard let other = try fixture.variant(variant) else { return false }
      let model = try Model.load(files, options: options, fitting: other.inputTensors, isFixture: true)
      return try check(model, other)
    }
  }
}

extension Fixture {
  /// The case with its pictures as a variant has them, outputs alone; nil where there are no pictures.
  fileprivate func variant(_ v: LayoutVariant) throws -> Fixture? {
    var out = self
    out.blobs = []
    var isChanged = false
    for (i, input) in inputs.enumerated() {
      guard let t = input.value.tensor, let changed = try v.input(t) else { continue }
      out.inputs[i].value = .tensor(changed)
      isChanged = true
    }
    for (i, o) in outputs.enumerated() {
      if let t = o.value.tensor { out.outputs[i].value = .tensor(try v.output(t)) }
    }
    return isChanged && !outputs.isEmpty ? out : nil
  }
}

extension Parity {
  /// Whether the outputs agree where the first model gets its pictures as the variant has them.
  func agrees(_ a: Side, _ b: Side, _ sample: Sample, with variant: LayoutVariant) throws -> Bool {
    let inputs = try matchInputs(a.graph, b.graph)
    let pairs = try matchOutputs(a, b)
    var (mine, theirs): (Sample, Sample) = ([:], [:])
    var isChanged = false
    for (name, t) in sample {
      let changed = try variant.input(t)
      isChanged = isChanged || changed != nil
      mine[name] = changed ?? t
      if let other = inputs[name] { theirs[other] = try cast(t, to: b.graph.value(named: other)?.type.dtype) }
    }
    guard isChanged, !pairs.isEmpty else { return false }
    let options = SessionOptions(threads: threads)
    let x = try Session(a.graph, options: options).run(mine)
    let y = try Session(b.graph, options: options).run(theirs)
    return try pairs.allSatisfy { p in
      guard let u = x[p.a]?.tensor, let v = y[p.b]?.tensor else { return false }
      return try Comparison(
        name: p.name, actual: try variant.output(u), expected: v, tolerance: tolerance, comparesType: comparesType
      ).passes
    }
  }
}
