import ByteSource
import Containers
import Diagnostics

/// A net as Caffe sees it, whatever the age and form of its file: current-form layers of all phases, in order.
package struct CaffeNet: Sendable {
  package var name: String
  package var layers: [CaffeLayer]
  /// The form the file is written in.
  package var dialect: CaffeDialect
  /// The upgraded `caffe.NetParameter`; its layers are those of `layers`.
  package var message: ProtoMessage
  /// As the user named it.
  package var file: String?
  /// The fork whose schema explains what BVLC's does not: of a binary file the profile it was read by, of a text the fork
  /// that most of its blocks were found in. Its short name; nil where nothing is a fork's.
  package var fork: String?
  /// Layers whose text is wrong (reported); nothing is made of them.
  package var broken: Set<Int> = []

  /// Upgrades a net that was read from text or binary.
  package init(_ message: ProtoMessage, sink: DiagnosticSink) throws(Diagnostic) {
    let (net, dialect) = try NetUpgrade.upgraded(message, sink: sink)
    self.message = net
    self.dialect = dialect
    file = message.file
    name = try net.string("name")
    layers = try net.messages("layer").map { CaffeLayer($0) }
    fork = CaffeForkProfile.used(by: layers)
  }

  /// The layers that take part in a state, by position. Layers with contradictory rules are reported and left out.
  package func selected(_ state: NetState, sink: DiagnosticSink) -> [(position: Int, layer: CaffeLayer)] {
    var out: [(position: Int, layer: CaffeLayer)] = []
    for (i, layer) in layers.enumerated() {
      do throws(Diagnostic) {
        if try state.includes(layer) { out.append((i, layer)) }
      } catch { sink.report(error) }
    }
    return out
  }
}
