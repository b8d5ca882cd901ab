import Diagnostics
import ModelGraph
import TensorCore

/// What a kernel knows when it is prepared: operand and result types with numeric extents, and constants.
package final class PlanContext {
  package struct Operand {
    package var dtype: DType
    package var shape: [Int]
    /// The value where it is known when planning.
    package var constant: Tensor?
    package var count: Int { shape.reduce(1, *) }
    package init(dtype: DType, shape: [Int], constant: Tensor? = nil) {
      self.dtype = dtype
      self.shape = shape
      self.constant = constant
    }
  }

  /// How the address of a constant operand is wanted at run time.
  package enum ConstantUse {
    /// Aligned to its element.
    case aligned
    /// As it lies in its file: the kernel loads unaligned.
    case asStored
    /// Not at all: the kernel packed or read it.
    case consumed
  }

  package let name: String
  package let operands: [Operand?]
  /// Results; nil where nobody asked for one.
  package let results: [Operand?]
  package let known: TypeInputs
  package let options: SessionOptions
  private(set) var constantUse: [ConstantUse]
  /// The narrow float that operands and results really have, where the kernel is prepared on float32 in its place.
  private(set) var narrowType: DType?

  package init(
    name: String, operands: [Operand?], results: [Operand?], known: TypeInputs, options: SessionOptions
  ) {
    self.name = name
    self.operands = operands
    self.results = results
    self.known = known
    self.options = options
    constantUse = Array(repeating: .aligned, count: operands.count)
  }

  // MARK: Operands

  package func has(_ i: Int) -> Bool { i < operands.count && operands[i] != nil }

  package func operand(_ i: Int) throws(Diagnostic) -> Operand {
    guard i < operands.count, let o = operands[i] else {
      throw error("run.operand-missing", "operand \(i) is missing")
    }
    return o
  }

  package func shape(_ i: Int) throws(Diagnostic) -> [Int] { try operand(i).shape }
  package func dtype(_ i: Int) throws(Diagnostic) -> DType { try operand(i).dtype }

  package func result(_ i: Int = 0) throws(Diagnostic) -> Operand {
    guard i < results.count, let r = results[i] else { throw error("run.result-missing", "result \(i) has no type") }
    return r
  }

  /// The constant of operand `i`; nil where it is computed.
  package func constant(_ i: Int) -> Tensor? { i < operands.count ? operands[i]?.constant : nil }

  /// Tells the planner how the kernel uses a constant operand at run time.
  package func use(_ i: Int, _ use: ConstantUse) { if i < constantUse.count { constantUse[i] = use } }

  /// The integers of operand `i`, which the kernel needs when it is prepared.
  package func requireInts(_ i: Int) throws(Diagnostic) -> [Int] {
    guard let v = known.ints(i) else { throw needsValue(i) }
    use(i, .consumed)
    return v
  }

  /// The integers of operand `i` where the node has it.
  package func optionalInts(_ i: Int) throws(Diagnostic) -> [Int]? { has(i) ? try requireInts(i) : nil }

  /// The numbers of operand `i`, which the kernel needs when it is prepared.
  package func requireDoubles(_ i: Int) throws(Diagnostic) -> [Double] {
    guard let t = constant(i) else { throw needsValue(i) }
    use(i, .consumed)
    return try t.doubles()
  }

  /// The tensor of operand `i`, which the kernel needs when it is prepared.
  package func requireConstant(_ i: Int) throws(Diagnostic) -> Tensor {
    guard let t = constant(i) else { throw needsValue(i) }
    use(i, .consumed)
    return t
  }

  /// Says that the node is to be evaluated at run time.
  package func needsRuntime() -> Diagnostic { error(Self.needsValueCode, "the node is computed at run time") }

  private func needsValue(_ i: Int) -> Diagnostic {
    error(Self.needsValueCode, "operand \(i) is not known before the run")
  }

  static let needsValueCode = "run.needs-value"

  // MARK: Errors

  package func error(_ code: String, _ message: String) -> Diagnostic {
    .error(code, "layer '\(name)': \(message)")
  }

  /// The operator exists but not for this element type.
  package func unsupportedType(_ t: DType) -> Diagnostic {
    error("run.unsupported-type", "\(t.rawValue) elements cannot be computed here")
  }

  /// Turns inference errors of shared formulas into diagnostics.
  package func infer<R>(_ body: () throws(InferenceError) -> R) throws(Diagnostic) -> R {
    do throws(InferenceError) { return try body() } catch { throw self.error("run.shape", error.message) }
  }

  package func axis(_ axis: Int, rank: Int) throws(Diagnostic) -> Int {
    try infer { () throws(InferenceError) in try ShapeRule.axis(axis, rank: rank) }
  }

  // MARK: Element types

  /// The same node with every operand and result of a narrow float type seen as `type`.
  func widened(to type: DType) throws(Diagnostic) -> PlanContext {
    func widen(_ o: Operand?) throws(Diagnostic) -> Operand? {
      guard var o, o.dtype.isNarrowFloat else { return o }
      o.dtype = type
      if let c = o.constant { o.constant = try Tensor(try c.floats(), shape: c.shape) }
      return o
    }
    var wide: [Operand?] = []
    for o in operands { wide.append(try widen(o)) }
    var wideResults: [Operand?] = []
    for r in results { wideResults.append(try widen(r)) }
    let types = wide.enumerated().map { i, o -> TypeInputs.Operand? in
      guard let o else { return nil }
      let contents = i < known.operands.count ? known.operands[i]?.contents : nil
      return TypeInputs.Operand(type: .tensor(o.dtype, sizes: o.shape), constant: o.constant, contents: contents)
    }
    let out = PlanContext(name: name, operands: wide, results: wideResults, known: TypeInputs(types), options: options)
    out.narrowType = operands.first.flatMap { $0?.dtype }.flatMap { $0.isNarrowFloat ? $0 : nil }
    return out
  }
}
