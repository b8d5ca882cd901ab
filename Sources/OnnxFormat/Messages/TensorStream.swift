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

  /// The elements of a single-precision tensor in half precision.
  static func halvedPayload(_ t: Tensor, _ type: DType) -> ProtobufPayload {
    .stream(count: t.byteCount / 2) { (put) throws(Diagnostic) in
      try forEachHalvedPiece(of: t, type) { (b) throws(Diagnostic) in try b.withUnsafeBytes(put) }
    }
  }

  /// Gives the elements of a single-precision tensor in half precision, in order.
  static func forEachHalvedPiece(
    of t: Tensor, _ type: DType, _ put: (ByteSlice) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    let chunk = 1 << 20
    try forEachPiece(of: t) { (piece) throws(Diagnostic) in
      var at = 0
      while at < piece.count {
        let n = min(chunk, piece.count - at) / 4
        guard n > 0, let part = piece.slice(at, n * 4) else { return }
        let half = try part.withUnsafeBytes { (source) throws(Diagnostic) in try halved(source, count: n, type) }
        try put(half.all)
        at += n * 4
      }
    }
  }

  /// `count` floats as float16 or bfloat16, rounded to the nearest.
  static func halved(_ source: UnsafeRawBufferPointer, count: Int, _ type: DType) throws(Diagnostic) -> ByteStorage {
    try ByteStorage.allocate(count: count * 2) { out in
      // SAFETY: source holds `count` floats, out as many halves.
      for i in 0..<count {
        let f = source.loadUnaligned(fromByteOffset: i * 4, as: Float.self)
        let bits = type == .bfloat16 ? SmallFloat.encodeBFloat16(f) : Float16(f).bitPattern
        out.storeBytes(of: bits, toByteOffset: i * 2, as: UInt16.self)
      }
    }
  }
}
