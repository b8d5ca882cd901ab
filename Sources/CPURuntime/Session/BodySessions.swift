import Diagnostics
import ModelGraph
import Synchronization

/// Sessions of the bodies of one control flow node, made on first use.
final class BodySessions: Sendable {
  private let sessions = Mutex<[Int: Session]>([:])

  /// The session of body `index` of a node.
  func session(_ index: Int, _ graph: Graph, options: SessionOptions) throws(Diagnostic) -> Session {
    if let s = sessions.withLock({ $0[index] }) { return s }
    var inner = options
    inner.keep = .none
    let made: Session
    do throws(Diagnostics) { made = try Session(graph, options: inner) } catch {
      throw error.items.first ?? .error("run.unsupported-layer", "a body cannot be run")
    }
    sessions.withLock { $0[index] = made }
    return made
  }
}
