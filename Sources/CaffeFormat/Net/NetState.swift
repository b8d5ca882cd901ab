import Diagnostics

/// TRAIN or TEST.
package enum CaffePhase: String, Sendable, Hashable { case train = "TRAIN", test = "TEST" }

/// The state a net is built in; layers' include and exclude rules select by it. Source: Net::FilterNet.
package struct NetState: Sendable, Hashable {
  package var phase: CaffePhase
  package var level: Int
  package var stages: [String]

  package init(phase: CaffePhase = .test, level: Int = 0, stages: [String] = []) {
    self.phase = phase
    self.level = level
    self.stages = stages
  }

  /// True where every condition of the rule holds: phase, levels, all of its stages and none of its not_stages.
  package func meets(_ rule: ParameterBlock) -> Bool {
    if rule.has("phase"), rule.name(of: "phase") != phase.rawValue { return false }
    if rule.has("min_level"), level < rule.int("min_level") { return false }
    if rule.has("max_level"), level > rule.int("max_level") { return false }
    if rule.strings("stage").contains(where: { !stages.contains($0) }) { return false }
    if rule.strings("not_stage").contains(where: { stages.contains($0) }) { return false }
    return true
  }

  /// Whether a layer takes part: it meets one of its include rules, or none of its exclude rules.
  ///
  /// - Throws: `caffe.net.include-and-exclude` where it has both kinds.
  package func includes(_ layer: CaffeLayer) throws(Diagnostic) -> Bool {
    let include = layer.block.blocks("include")
    let exclude = layer.block.blocks("exclude")
    guard include.isEmpty || exclude.isEmpty else {
      throw .error(
        "caffe.net.include-and-exclude", layer.text("has include and exclude rules"),
        at: exclude[0].location ?? layer.location, help: "keep one kind; Caffe refuses both together")
    }
    if include.isEmpty { return !exclude.contains(where: meets) }
    return include.contains(where: meets)
  }
}
