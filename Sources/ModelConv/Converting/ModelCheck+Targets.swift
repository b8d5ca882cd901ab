import CaffeFormat
import Diagnostics
import ModelGraph
import OnnxFormat
import TensorCore
import WeightFormats

extension Model {
  /// What would go wrong on writing the model as `format`.
  func problems(writing format: ModelFormat, opset: Int) -> [Diagnostic] {
    switch format.name {
    case "onnx": return network { OnnxWriter.problems($0, opset, $1) }
    case "caffe": return network { caffeProblems($0, $1) }
    case "caffe-hdf5": return caffeWeightProblems(format)
    default: return format.holds == "tensor" ? singleTensorProblems(format) : archiveProblems(format)
    }
  }

  /// True for a caffemodel without its net as text.
  var isWeightsFileAlone: Bool {
    if case .caffe(let m) = content { return files.count == 1 && m.weights != nil }
    return false
  }

  /// What data layers do to pictures is not in the written network, and its mean may not be at hand.
  private var preprocessingNotes: [Diagnostic] {
    guard let p = declaredPreprocessing.map({ preprocessing($0) }) else { return [] }
    var found = [
      Diagnostic(
        .note, "check.preprocessing", "the net's pictures are prepared outside of it: \(p.summary)",
        help: "convert --bake net makes mean and scale a part of an ONNX model, --preprocessing writes all of it down")
    ]
    if let file = p.mean?.file, !FileProbe.exists(file) {
      found.append(
        Diagnostic(
          .warning, "preprocess.mean-file", "there is no mean file '\(file)', which \(p.source ?? "the net") names",
          help: "without it the net's pictures cannot be prepared as in training"))
    }
    return found
  }

  /// Checks of a target that holds networks.
  private func network(_ write: (Graph, DiagnosticSink) -> Diagnostics?) -> [Diagnostic] {
    guard let graph else {
      return [
        .error(
          "model.no-network", "the files hold no network", at: SourceLocation(file: files.first),
          help: "give the network's file too, or check for an archive of weights: --to npz")
      ]
    }
    guard obstacles.isEmpty else { return [] }
    let found = Self.checkGraph(graph) { (sink) throws(Diagnostics) in
      if let problems = write(graph, sink) { throw problems }
    }
    return found + preprocessingNotes
  }

  private func caffeProblems(_ graph: Graph, _ sink: DiagnosticSink) -> Diagnostics? {
    do {
      if case .caffe(let m) = content, !isChanged {
        // Caffe's own layers are written as they are, whatever they mean.
        _ = try CaffeWriter.prototxt(m.net)
        _ = try CaffeWriter.caffemodel(m)
      } else {
        let export = try CaffeExport(graph)
        _ = try export.prototxt()
      }
      return nil
    } catch let d as Diagnostics { return d } catch let d as Diagnostic { return Diagnostics([d]) } catch { return nil }
  }

  private func caffeWeightProblems(_ format: ModelFormat) -> [Diagnostic] {
    do throws(Diagnostic) {
      let m = try requireCaffe()
      let odd = m.layers.filter { $0.name.contains("/") || $0.name.isEmpty || $0.name == "." }
      return odd.map {
        .error(
          "caffe.hdf5.layer-name", $0.text("HDF5 weights cannot name a layer '\($0.name)'"), at: $0.location,
          help: "write a .caffemodel instead")
      }
    } catch { return [error] }
  }

  /// Each tensor of an archive: its type, and its name among the others.
  private func archiveProblems(_ format: ModelFormat) -> [Diagnostic] {
    var found: [Diagnostic] = []
    if tensors.isEmpty {
      found.append(.error("weights.none", "the files hold no weights", at: SourceLocation(file: files.first)))
    }
    var names: Set<String> = []
    for t in tensors {
      if !names.insert(t.name).inserted {
        found.append(.error("check.name-twice", "two tensors are called '\(t.name)'"))
      }
      guard let dtype = t.tensor?.dtype else { continue }
      found += Self.typeProblems(t.name, dtype, format)
    }
    if format.name == "hdf5" {
      // A data set has no members.
      for t in tensors {
        let parts = t.name.split(separator: "/", omittingEmptySubsequences: false)
        let isOdd = parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
        let above = (1..<max(1, parts.count)).map { parts[..<$0].joined(separator: "/") }
        if isOdd || above.contains(where: { names.contains($0) }) {
          found.append(.error("hdf5.name", "'\(t.name)' cannot be the path of an HDF5 data set among the others"))
        }
      }
    }
    return found
  }

  private func singleTensorProblems(_ format: ModelFormat) -> [Diagnostic] {
    guard tensors.count == 1 else {
      return [
        .error(
          "check.one-tensor", "\(format.title) is a single tensor, the files hold \(tensors.count)",
          at: SourceLocation(file: files.first), help: "modelconv tensor FILE:KEY writes one of them")
      ]
    }
    return tensors.flatMap { t in t.tensor.map { Self.typeProblems(t.name, $0.dtype, format) } ?? [] }
  }

  private static func typeProblems(_ name: String, _ dtype: DType, _ format: ModelFormat) -> [Diagnostic] {
    switch format.name {
    case "safetensors" where !Safetensors.holds(dtype):
      return [
        .error(
          "safetensors.dtype", "'\(name)': the format has no type for \(dtype.rawValue)",
          help: "convert the tensor to float32 first")
      ]
    case "npz", "npy", "hdf5":
      let isWidened =
        (dtype.isNarrowFloat && dtype != .float16 && !(dtype == .bfloat16 && format.name == "hdf5")) || dtype.isSubByte
      guard isWidened else { return [] }
      return [
        Diagnostic(
          .note, "check.widened",
          "'\(name)': the format has no type for \(dtype.rawValue); the values are written in a wider one, exactly")
      ]
    case "binaryproto" where dtype == .string || dtype.isComplex:
      return [.error("tensor.type", "'\(name)': a Caffe blob holds numbers, not \(dtype.rawValue)")]
    default: return []
    }
  }
}

extension OnnxWriter {
  /// What ONNX cannot say of a graph; nil where it can say all.
  fileprivate static func problems(_ graph: Graph, _ opset: Int, _ sink: DiagnosticSink) -> Diagnostics? {
    do throws(Diagnostics) {
      try check(graph, options: OnnxWriteOptions(opset: opset), sink: sink)
      return nil
    } catch { return error }
  }
}
