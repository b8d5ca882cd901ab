import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import OnnxFormat
import TensorCore
import WeightFormats

/// One tensor from one file format to another.
public enum TensorConversion {
  /// Formats that hold one tensor, by the ending of their files.
  public enum Target: String, Sendable, CaseIterable {
    case npy, npz, binaryproto
    case onnxTensor = "onnx-tensor"

    /// The format that a file name stands for.
    public init?(fileName: String) {
      let ending = fileName.split(separator: "/").last?.split(separator: ".").last.map { $0.lowercased() }
      switch ending {
      case "npy": self = .npy
      case "npz": self = .npz
      case "binaryproto": self = .binaryproto
      case "pb": self = .onnxTensor
      default: return nil
      }
    }
  }

  /// Reads `FILE` or `FILE:KEY` and writes it.
  ///
  /// - Parameter keepsDimensions: a blob's leading 1 stays; otherwise it is dropped from a 4-d one on the way to NumPy,
  ///   because Caffe's `set_mean` wants three axes.
  public static func convert(
    _ source: String, to path: String, as target: Target, keepsDimensions: Bool
  ) throws(ModelConvError) -> ValueSummary {
    try rethrowing {
      let (file, key) = TensorFile.split(source)
      let kind = FileKind.identify(try ByteStorage.open(file).all)
      var t = try TensorFile.read(source)
      let isNumPy = target == .npy || target == .npz
      if kind == .binaryproto, isNumPy, !keepsDimensions, t.rank == 4, t.shape[0] == 1 {
        t = try t.reshaped(Array(t.shape.dropFirst()))
      }
      let name = key ?? WeightBag.valuePath
      switch target {
      case .npy: try NpyWriter.write(t, path: path)
      case .npz: try Npz.write([(key: name, tensor: t)], path: path)
      case .onnxTensor:
        let out = try FileWriter(path)
        try OnnxDataFile.encode(t, name: key ?? "").write(to: out)
        try out.commit()
      case .binaryproto: try writeBlob(t, path)
      }
      return ValueSummary(name: name, .tensor(t.dtype, sizes: t.shape))
    }
  }

  /// A BlobProto as compute_image_mean writes it: num, channels, height, width for up to four axes, and float data.
  private static func writeBlob(_ t: Tensor, _ path: String) throws {
    guard t.dtype != .string, !t.dtype.isComplex else {
      throw Diagnostic.error("tensor.type", "a Caffe blob holds numbers, not \(t.dtype.rawValue)")
    }
    var b = ProtobufBuilder()
    if t.rank <= 4 {
      let dims = Array(repeating: 1, count: 4 - t.rank) + t.shape
      for (i, d) in dims.enumerated() { b.int(UInt32(i + 1), Int64(d)) }
    } else {
      var shape = ProtobufBuilder()
      shape.packed(1, t.shape.map { Int64($0) })
      b.message(7, shape)
    }
    b.packed(5, try t.floats())
    let out = try FileWriter(path)
    try b.write(to: out)
    try out.commit()
  }
}
