import Containers
import Diagnostics
import TensorCore

/// PyTorch's quantised tensors as the float32 values that they stand for: (code − zero point) · scale, computed in float32 as
/// PyTorch does.
enum TorchQuantized {
  /// (storage, offset, size, stride, (scheme, scale, zero point) or (scheme, scales, zero points, axis), …).
  static func tensor(
    _ items: [PickleValue], storages: TorchStorages, in r: PickleReader
  ) throws(Diagnostic) -> Tensor {
    guard items.count >= 5, let q = r.objects[items[4]], let scheme = q.items.first.flatMap({ r.objects.global($0) })
    else {
      throw r.error("torch.quantised", "a quantised tensor is malformed")
    }
    let codes = try storages.rebuild(items, type: nil, flags: .none, in: r)
    let values = try codes.ints().map(Double.init)
    switch (scheme.name, q.items.count) {
    case ("per_tensor_affine", 3...):
      guard let scale = number(q.items[1]), case .integer(let zero) = q.items[2] else { break }
      return try Tensor(values.map { Float($0 - Double(zero)) * Float(scale) }, shape: codes.shape)
    case ("per_channel_affine", 4...):
      guard let s = r.objects[q.items[1]], let z = r.objects[q.items[2]], case .integer(let axis) = q.items[3],
        let scales = try r.makeTensor(s, depth: 1)?.doubles(), let zeros = try r.makeTensor(z, depth: 1)?.doubles(),
        codes.shape.indices.contains(axis), scales.count == codes.shape[axis], zeros.count == scales.count
      else { break }
      let inner = max(1, codes.shape[(axis + 1)...].reduce(1, *))
      let out = values.enumerated().map { i, v in
        let c = i / inner % scales.count
        return Float(v - zeros[c]) * Float(scales[c])
      }
      return try Tensor(out, shape: codes.shape)
    default: break
    }
    throw r.error("torch.quantised", "the quantisation scheme \(scheme.name) is not supported")
  }

  private static func number(_ v: PickleValue) -> Double? {
    switch v {
    case .number(let d): d
    case .integer(let i): Double(i)
    default: nil
    }
  }
}
