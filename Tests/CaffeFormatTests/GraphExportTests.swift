import ByteSource
import CPURuntime
import CaffeFormat
import Diagnostics
import ModelGraph
import TensorCore
import Testing
import WeightFormats

/// Neutral graphs written as Caffe nets.
@Suite struct GraphExportTests {
  /// Fixtures whose layers Caffe's own vocabulary covers once more: the rest may be refused, never be wrong.
  private static let mustExport: Set<String> = [
    "conv_group2", "conv_dilation_per_axis", "conv_3d_group", "deconv_group2", "pool_max_k3s2p1", "pool_ave_k3s2p1_7x8",
    "pool_max_mask", "lrn_across_default", "ip_transpose", "ip_axis_last", "bn_factor_small", "bn_batch_stats",
    "scale_axis2", "bias_channel", "elt_sum_coeff", "elt_max_three", "concat_axis2", "slice_points", "flatten_1_to_2",
    "reshape_full", "crop_offset_pair", "softmax_axis2", "power_square", "exp_base2", "log_base10", "prelu_channel",
    "mvn_eps", "reduction_mean_axis1", "v0_net", "net_se_block", "weights_hdf5",
  ]

  @Test(arguments: Fixtures.cases("caffe-layers"))
  func exportedGraphsComputeTheSame(_ c: Fixtures.Case) throws {
    let model = try c.read(DiagnosticSink())
    let export: CaffeExport
    do { export = try CaffeExport(model.graph) } catch {
      #expect(!Self.mustExport.contains(c.id), "\(error.items.map(\.rendered))")
      #expect(error.items.allSatisfy { $0.code.hasPrefix("caffe.write.") })
      return
    }
    let sink = DiagnosticSink()
    let weights = try ByteStorage.copying(export.caffemodel().bytes(), path: "out.caffemodel").all
    let again = try CaffeReader.read(
      prototxt: textFile(export.prototxt(), name: "out.prototxt"), weights: weights, options: CaffeReadOptions(),
      sink: sink)
    #expect(sink.errors.map(\.rendered) == [])
    let recorded = try Npz.read(c.bytes("io.npz"))
    var inputs: [String: Tensor] = [:]
    for e in recorded.entries where e.path.hasPrefix("in:") { inputs[String(e.path.dropFirst(3))] = e.tensor }
    let result = try Session(again.graph, options: SessionOptions(keep: .all)).run(inputs)
    for e in recorded.entries where e.path.hasPrefix("out:") {
      let name = String(e.path.dropFirst(4))
      let source = try #require(model.value(ofBlob: name).flatMap { model.graph[$0]?.name })
      let value = try #require(again.value(ofBlob: source).flatMap { again.graph[$0] }, "blob \(source)")
      let got = try #require(value.constant ?? inputs[value.name] ?? result.tensor(value.name))
      #expect(got.shape == e.tensor.shape)
      for (x, y) in zip(try got.doubles(), try e.tensor.doubles()) where x != y && !(x.isNaN && y.isNaN) {
        #expect(abs(x - y) <= (c.atol ?? 1e-5) + (c.rtol ?? 1e-3) * abs(y), "\(name)")
      }
    }
  }

  /// Writes a graph of input `x` as Caffe and reads it again; both must compute the same on numbers that all differ.
  private func expectSame(_ graph: Graph, _ sizes: [Int]) throws -> [String] {
    let export = try CaffeExport(graph)
    let again = try CaffeReader.read(
      prototxt: textFile(export.prototxt(), name: "out.prototxt"),
      weights: try ByteStorage.copying(export.caffemodel().bytes(), path: "out.caffemodel").all,
      options: CaffeReadOptions(), sink: DiagnosticSink())
    let x = try Tensor((0..<sizes.reduce(1, *)).map { Float(($0 * 37) % 101) - 50 }, shape: sizes)
    let (mine, theirs) = (try Session(graph).run(["x": x]), try Session(again.graph).run(["x": x]))
    for v in graph.outputs {
      let name = graph[v]?.name ?? ""
      let (a, b) = (try #require(mine.tensor(name)), try #require(theirs.tensor(name)))
      #expect(a.shape == b.shape)
      #expect(try zip(a.floats(), b.floats()).allSatisfy { abs($0 - $1) < 1e-5 }, "\(name)")
    }
    return export.layers.map(\.type)
  }

  private func graph(_ sizes: [Int], _ op: any Operator, _ constants: [Tensor?] = [], outputs: Int = 1) throws -> Graph
  {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, sizes: sizes))
    let rest = constants.enumerated().map { k, t in t.map { e.addConstant("c\(k)", $0) } }
    let made = try e.insert(op, [x] + rest, name: "y", outputNames: (0..<outputs).map { "y\($0)" })
    e.setOutputs([try #require(made[0])])
    return e.finish()
  }

  @Test func elementsRepeatedAWholeNumberOfTimesAreADeconvolution() throws {
    let scales = try Tensor([Float(1), 1, 2, 3])
    for op in [Resize(mode: .nearest, coordinates: .asymmetric, nearest: .floor), Resize(mode: .nearest)] {
      let g = try graph([2, 3, 4, 5], op, [nil, scales])
      #expect(try expectSame(g, [2, 3, 4, 5]) == ["Input", "Deconvolution"])
    }
    let half = try graph([2, 3, 4, 5], Resize(mode: .nearest), [nil, try Tensor([Float(1), 1, 1.5, 2])])
    #expect(throws: Diagnostics.self) { try CaffeExport(half) }
    // A kernel of ones for these would be larger than any memory.
    let huge = try graph(
      [1, 1, 1, 1], Resize(mode: .nearest), [nil, nil, try Tensor([Int64(1), 1, 1 << 35, 1 << 35])])
    #expect(throws: Diagnostics.self) { try CaffeExport(huge) }
  }

  /// Begin pads of 0 and ends up to the ceil size: what Caffe's own averages become in ONNX.
  @Test func averagesOverWhatIsThereAreCaffes() throws {
    let window = WindowGeometry(
      kernel: [3, 2], strides: [2, 2], padding: .explicit(begin: [0, 0], end: [1, 1]), rounding: .floor)
    let g = try graph([2, 3, 6, 7], AveragePool(window, divisor: .validOnly), [])
    #expect(try expectSame(g, [2, 3, 6, 7]) == ["Input", "Pooling"])
    let padded = WindowGeometry(
      kernel: [3, 3], strides: [2, 2], padding: .explicit(begin: [1, 1], end: [1, 1]), rounding: .floor)
    let other = try graph([2, 3, 6, 7], AveragePool(padded, divisor: .validOnly), [])
    #expect(throws: Diagnostics.self) { try CaffeExport(other) }
  }

  @Test func repeatsAndUnusedParts() throws {
    let tile = try graph([2, 3, 4], Tile(), [try Tensor([Int64(1), 2, 3])])
    #expect(try expectSame(tile, [2, 3, 4]) == ["Input", "Tile", "Tile"])
    let parts = try graph([2, 6, 4], Split(axis: 1, count: 3), [nil], outputs: 3)
    #expect(try expectSame(parts, [2, 6, 4]) == ["Input", "Slice", "Silence"])
  }

  @Test func whatCaffeCannotSayIsListed() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, sizes: [1, 2, 3, 4]))
    let t = try #require(e.insert(Transpose([0, 2, 1, 3]), [x], name: "t", outputNames: ["t"])[0])
    let s = try #require(e.insert(UnaryMap(.sin), [x], name: "s", outputNames: ["s"])[0])
    let r = try #require(e.insert(UnaryMap(.relu), [t], name: "r", outputNames: ["r"])[0])
    e.setOutputs([r, s])
    let graph = e.finish()
    do {
      _ = try CaffeExport(graph)
      Issue.record("written")
    } catch { #expect(error.items.map { $0.message.contains("'t'") } == [true, false] && error.items.count == 2) }
  }
}
