/// Limits that a hostile binary message runs into before it costs much.
package struct ProtobufLimits: Sendable {
  /// Messages inside messages. libprotobuf's own limit.
  package var depth = 100
  /// Messages in the whole file.
  package var messages = 1_000_000
  /// Values of their own in the whole file: everything but the numbers of repeated fields.
  package var values = 4_000_000
  /// Bytes of the message without its bulk.
  package var skeletonBytes = 256 << 20
  /// Bytes that protobuf-c takes for its structs.
  package var structBytes = 256 << 20

  package init() {}
}
