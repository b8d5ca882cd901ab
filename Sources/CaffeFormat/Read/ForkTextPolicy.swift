import Containers

/// What to do with fields that BVLC's schema does not have.
struct ForkTextPolicy: ProtoTextPolicy {
  func unknownField(_ field: ProtoTextField, in context: ProtoTextContext) -> ProtoUnknownDecision { .refuse }
}
