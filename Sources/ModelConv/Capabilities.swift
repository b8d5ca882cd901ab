import CPURuntime
import ModelGraph
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

  /// A neutral operator.
  public struct OperatorSupport: Sendable, Codable {
    /// Its name in the catalogue.
    public let name: String
    /// True where the executor has a kernel for it.
    public let runs: Bool
  }

  /// Rewrites in the order in which they run.
  public static var rewrites: [Rewrite] {
    let standard = Set(Pipelines.standard.map(\.name))
    return Pipelines.all.map { pass in
      Rewrite(name: pass.name, summary: type(of: pass).summary, isDefault: standard.contains(pass.name))
    }
  }

  /// Neutral operators by name.
  public static var operators: [OperatorSupport] {
    OperatorCatalog.all.map { OperatorSupport(name: $0.operatorName, runs: $0 is any CPUExecutable.Type) }
      .sorted { $0.name < $1.name }
  }
}
