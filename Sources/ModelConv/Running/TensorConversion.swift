import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import OnnxFormat
import TensorCore
import WeightFormats

/// One tensor from one file format to another.
public enum TensorConversion {
  /// Formats that a tensor is written to, by the ending of their files.
  public enum Target: String, Sendable, CaseIterable {
    case npy, npz, binaryproto, hdf5, safetensors
    case onnxTensor = "onnx-tensor"

    /// Endings of file names.
    public var endings: [String] { FormatRegistry.named(rawValue)?.extensions ?? [] }

    /// The format that a file name stands for.
    public init?(fileName: String) {
      let ending = fileName.split(separator: "/").last?.split(separator: ".").last.map { $0.lowercased() }
      guard let ending, let found = Self.allCases.first(where: { $0.endings.contains(ending) }) else { return nil }
      self = found
    }

    /// Whether the file keeps the tensor's name.
    var hasKeys: Bool { self == .npz || self == .hdf5 || self == .safetensors || self == .onnxTensor }
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
      try write(t, named: key, to: path, as: target)
      let name = key ?? WeightBag.valuePath
      guard target == .binaryproto else { return ValueSummary(name: name, .tensor(t.dtype, sizes: t.shape)) }
      // What a blob makes of it: floats, four axes.
      let shape = Array(repeating: 1, count: max(0, 4 - t.rank)) + t.shape
      return ValueSummary(name: name, .tensor(t.dtype == .float64 ? .float64 : .float32, sizes: shape))
    }
  }

  /// Writes a tensor; without a name it is called `value` where the format wants one.
  static func write(_ t: Tensor, named name: String?, to path: String, as target: Target) throws {
    let key = name ?? WeightBag.valuePath
    switch target {
    case .npy: try NpyWriter.write(t, path: path)
    case .npz: try Npz.write([(key: key, tensor: t)], path: path)
    case .hdf5: try HDF5Weights.write([(key: key, tensor: t)], path: path)
    case .safetensors: try Safetensors.write([(key: key, tensor: t)], path: path)
    case .onnxTensor:
      let out = try FileWriter(path)
      try OnnxDataFile.encode(t, name: name ?? "").write(to: out)
      try out.commit()
    case .binaryproto: try writeBlob(t, path)
    }
  }

  /// A BlobProto as compute_image_mean writes it: num, channels, height, width for up to four axes; float data, or
  /// double data for what single precision cannot hold.
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
    try addValues(t, to: &b)
    let out = try FileWriter(path)
    try b.write(to: out)
    try out.commit()
  }

  private static func addValues(_ t: Tensor, to b: inout ProtobufBuilder) throws {
    if t.dtype == .float64 {
      b.payload(8, .slice(try t.contiguous().bytes()))
      return
    }
    let values = try t.floats()
    if !t.dtype.isFloat, t.dtype != .bool, t.dtype.bitWidth > 16 {
      // Integers beyond 2²⁴ fall between floats.
      let exact = try t.ints()
      guard zip(values, exact).allSatisfy({ Int64(exactly: $0) == $1 }) else {
        throw Diagnostic.error(
          "tensor.type", "the tensor holds \(t.dtype.rawValue) numbers that a Caffe blob of floats cannot hold",
          help: "write npy, npz or another format that keeps integers")
      }
    }
    b.packed(5, values)
  }
}
