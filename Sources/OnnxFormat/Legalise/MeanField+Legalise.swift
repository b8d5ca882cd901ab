import Diagnostics
import ModelGraph

extension MeanFieldInference: OnnxLegalisable {
  /// Always refused: the filter's lattice is built from the picture's colours, vertex by vertex.
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    throw l.refuse(
      "onnx.no-equivalent",
      "ONNX has no operator for its high-dimensional filter, whose lattice is built from the picture",
      help: "cut the net before it (--to-blob), and run the field outside of ONNX")
  }
}
