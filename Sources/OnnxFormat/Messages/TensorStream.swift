import ByteSource
import Containers
import Diagnostics
import TensorCore

/// Streams a tensor's row-major little-endian bytes in pieces of bounded size.
enum TensorStream {
  /// A view that is not contiguous is copied at once up to this size; a larger one goes slab by slab.
  private static let slab = 4 << 20

  static func payload(_ t: Tensor) -> ProtobufPayload {
    if t.isContiguous, t.storage.isResident, let b = try? t.bytes() { return .slice(b) }
    return .stream(count: t.byteCount) { (put) throws(Diagnostic) in
      try forEachPiece(of: t) { (b) throws(Diagnostic) in try b.withUnsafeBytes(put) }
    }
  }

  /// Gives the bytes of `t` in order.
  static func forEachPiece(
    of t: Tensor, _ put: (ByteSlice) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    if t.isContiguous || t.byteCount <= slab || t.rank == 0 || t.dtype.isSubByte {
      try put(try t.bytes())
      return
    }
    // Slabs along the first axis follow each other in the output.
    let rowBytes = max(1, t.byteCount / max(1, t.shape[0]))
    let rows = max(1, slab / rowBytes)
    var at = 0
    while at < t.shape[0] {
      let n = min(rows, t.shape[0] - at)
      try put(try t.sliced(axis: 0, start: at, length: n).bytes())
      at += n
    }
  }
}
