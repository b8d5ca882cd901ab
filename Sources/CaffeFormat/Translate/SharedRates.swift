/// The learning rate and decay of a shared parameter: each layer that gives one must give the same.
/// Source: Net::AppendParam.
struct SharedRates {
  private var given: [String: Float] = [:]

  init(_ spec: ParameterBlock?) {
    guard let spec else { return }
    for field in Self.fields where spec.has(field) { given[field] = spec.float(field, default: 1) }
  }

  private static let fields = ["lr_mult", "decay_mult"]

  /// The field in which another layer's block differs from what was given before; nil where it agrees.
  mutating func conflict(with spec: ParameterBlock) -> String? {
    for field in Self.fields where spec.has(field) {
      let value = spec.float(field, default: 1)
      if let known = given[field], known != value { return field }
      given[field] = value
    }
    return nil
  }
}
