import CPURuntime
import CaffeFormat
import ModelGraph
import OnnxFormat
import Rewrites

/// The version that this build calls itself.
public enum ModelConvVersion {
  /// Major, minor and patch.
  public static let current = "0.1.0"
}

/// What this build can do, for listings.
public enum Capabilities {
  /// A rewrite that can be asked for.
  public struct Rewrite: Sendable, Codable {
    /// Its name, as `--rewrite` takes it.
    public let name: String
    /// What it does, in one line.
    public let summary: String
    /// True where conversion does it unless told otherwise.
    public let isDefault: Bool
  }

  /// A neutral operator, or one of ONNX.
  public struct OperatorSupport: Sendable, Codable {
    /// `neutral` or `onnx`.
    public let kind: String
    /// Its name in the catalogue, or in ONNX.
    public let name: String
    /// True where the executor has a kernel for it, or for what an ONNX operator is read as.
    public let runs: Bool
    /// ONNX: the domain (`ai.onnx`, `ai.onnx.ml`, …).
    public var domain: String?
    /// ONNX: the operator sets that introduced the versions that are read; empty where it is kept as it is.
    public var versionsRead: [Int]?
    /// ONNX: the operator set that deprecated it.
    public var deprecatedIn: Int?
    /// ONNX: the lowest operator set of `ai.onnx` at which a form of it can be written.
    public var writtenFrom: Int?
    /// ONNX: forms that need a newer operator set.
    public var limits: [String]?
  }

  /// Rewrites in the order in which they run.
  public static var rewrites: [Rewrite] {
    let standard = Set(Pipelines.standard.map(\.name))
    return Pipelines.all.map { pass in
      Rewrite(name: pass.name, summary: type(of: pass).summary, isDefault: standard.contains(pass.name))
    }
  }

  /// Caffe's fillers by name.
  public static var fillers: [String] { Filler.Kind.allCases.map(\.rawValue) }

  /// Neutral operators by name.
  public static var operators: [OperatorSupport] {
    OperatorCatalog.all.map {
      OperatorSupport(kind: "neutral", name: $0.operatorName, runs: $0 is any CPUExecutable.Type)
    }.sorted { $0.name < $1.name }
  }

  /// The operators of ONNX's standard domains by domain and name.
  public static var onnxOperators: [OperatorSupport] {
    let idle = Set(operators.filter { !$0.runs }.map(\.name))
    return OnnxOperatorSupport.all.map { o in
      OperatorSupport(
        kind: "onnx", name: o.name, runs: o.isRead && !idle.contains(o.name), domain: o.domain,
        versionsRead: o.isRead ? o.versions : [],
        deprecatedIn: o.deprecatedIn, writtenFrom: o.writtenFrom, limits: o.limits)
    }
  }
}
