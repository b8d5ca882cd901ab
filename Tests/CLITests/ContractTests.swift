import Foundation
import TestSupport
import Testing

/// What the command line promises: statuses, streams, forms.
@Suite struct ContractTests {
  static let verbs = [
    "inspect", "caffe2onnx", "convert", "verify", "run", "filters", "rounding", "check", "diff", "tensor",
    "init", "time", "classify", "mean", "list",
  ]

  @Test func helpListsTheVerbs() throws {
    let r = try Command.run("--help")
    #expect(r.status == 0)
    #expect(r.stderr.isEmpty)
    for v in Self.verbs { #expect(r.stdout.contains("  \(v) "), "\(v) is not listed") }
  }

  @Test(arguments: verbs)
  func helpHasAnExample(verb: String) throws {
    let r = try Command.run(verb, "--help")
    #expect(r.status == 0)
    #expect(r.stdout.replacing("USAGE: modelconv", with: "").contains("modelconv \(verb) "))
  }

  @Test(arguments: [
    ["frobnicate"], ["inspect"], ["inspect", "--frobnicate", "x"], ["verify", "x"],
    ["verify", "x", "--fixtures", "a", "--against", "b"],
    ["filters", "x"], ["inspect", "x", "--layers", "--blobs"], ["time", "x", "-n", "0"],
    ["inspect", "x", "--from", "frob"], ["classify", "x"], ["mean", "x"], ["mean", "x", "-o", "m.txt"],
    ["classify", "x", "y", "--oversample", "--center-only"], ["classify", "x", "y", "--images-dim", "0"],
    ["classify", "x", "y", "--channel-swap", "a"], ["mean", "x", "-o", "m.npy", "--resize", "1,2,3"],
    ["tensor", "x", "-o", "x.jpg"], ["check", "x", "--to", "pickle"],
    ["inspect", "x", "--shape", "data"], ["list", "nothing"], ["caffe2onnx", "x", "y", "--opset", "many"],
  ])
  func usageErrors(arguments: [String]) throws {
    let folder = try TemporaryFolder()
    try "layer { }".write(to: folder.url.appending(path: "x"), atomically: true, encoding: .utf8)
    let r = try Command.run(arguments, in: folder.url)
    #expect(r.status == 64, "\(arguments): \(r.stderr)")
    #expect(r.stderr.contains("error: "))
    #expect(r.stdout.isEmpty)
  }

  @Test(arguments: [
    ["-o", "x.prototxt", "--dtype", "float16"], ["-o", "x.prototxt", "--opset", "13"],
    ["-o", "x.npz", "--dtype", "bfloat16"], ["-o", "x.caffemodel.h5", "--external-data"],
    ["-o", "x.prototxt", "--mean", "1"], ["-o", "x.onnx", "--batch", "0"], ["-o", "x.prototxt", "--batch", "0"],
  ])
  func optionsThatDoNotFit(arguments: [String]) throws {
    let folder = try TemporaryFolder()
    let r = try Command.run(["convert", Command.prototxt, Command.weights] + arguments, in: folder.url)
    #expect(r.status == 64, "\(arguments): \(r.stderr)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test func suggestions() throws {
    #expect(try Command.run("inspct").stderr.contains("did you mean 'modelconv inspect'?"))
    let r = try Command.run("inspect", "--layer", "conv3", Command.prototxt)
    #expect(r.status == 64)
    #expect(r.stderr.contains("did you mean 'conv"))
    let s = try Command.run("inspect", Command.prototxt, "--shape", "dta=1,1,8,8")
    #expect(s.status == 64)
    #expect(s.stderr.contains("did you mean 'data'?"))
  }

  @Test func missingAndWrongFiles() throws {
    let folder = try TemporaryFolder()
    #expect(try Command.run("inspect", "absent", in: folder.url).status == 66)
    #expect(try Command.run("inspect", folder.url.path).status == 66)
    try Data().write(to: folder.url.appending(path: "empty"))
    let r = try Command.run("inspect", "empty", in: folder.url)
    #expect(r.status == 65)
    #expect(r.stderr.contains("empty: error: the file is empty"))
    let png = SharedData.root.appending(path: "Samples/digits/digit-3.png").path
    let p = try Command.run("caffe2onnx", Command.prototxt, png, "-o", "o.onnx", in: folder.url)
    #expect(p.status == 65)
    #expect(p.stderr.contains("digit-3.png: error: is a PNG picture"))
  }

  @Test func diagnosticsAsJSON() throws {
    let r = try Command.run("inspect", "absent", "--diagnostics", "json")
    let line = try JSONSerialization.jsonObject(with: Data(r.stderr.utf8)) as? [String: Any]
    #expect(line?["severity"] as? String == "error")
    #expect(line?["code"] as? String == "io.cannot-open")
    #expect(line?["file"] as? String == "absent")
  }

  @Test(arguments: [
    ["inspect"], ["inspect", "--layers"], ["inspect", "--blobs"], ["inspect", "--weights"], ["inspect", "--ops"],
    ["inspect", "--layer", "conv1"], ["rounding"], ["check"], ["verify", "--fixtures", Command.fixture],
    ["time", "-n", "1", "--warm-up", "0"], ["run", "--input", Command.fixture],
  ])
  func documents(verb: [String]) throws {
    let r = try Command.run(verb + [Command.prototxt, Command.weights, "--json"])
    #expect(r.status == 0, "\(r.stderr)")
    _ = try JSONSerialization.jsonObject(with: Data(r.stdout.utf8))
  }

  @Test func standardInputIsAFile() throws {
    let named = try Command.run("inspect", "--layers", Command.prototxt)
    let piped = try Command.run(["inspect", "--layers", "-"], input: Data(contentsOf: URL(filePath: Command.prototxt)))
    #expect(piped.status == 0)
    #expect(piped.stdout == named.stdout)
  }

  @Test func standardOutputIsAFile() throws {
    let folder = try TemporaryFolder()
    let r = try Command.run("caffe2onnx", Command.prototxt, Command.weights, "-o", "o.onnx", in: folder.url)
    #expect(r.status == 0, "\(r.stderr)")
    let size = try Data(contentsOf: folder.url.appending(path: "o.onnx")).count
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = [
      "-c", "\"$0\" caffe2onnx \"$1\" \"$2\" -o - > piped.onnx", try #require(Command.binary).path, Command.prototxt,
      Command.weights,
    ]
    shell.currentDirectoryURL = folder.url
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    #expect(try Data(contentsOf: folder.url.appending(path: "piped.onnx")).count == size)
  }

  @Test func quietSaysNothing() throws {
    let folder = try TemporaryFolder()
    let r = try Command.run("caffe2onnx", "--quiet", Command.prototxt, Command.weights, "-o", "o.onnx", in: folder.url)
    #expect(r.status == 0)
    #expect(r.stdout.isEmpty)
    #expect(r.stderr.isEmpty)
  }

  @Test func weightsAreNotMadeUp() throws {
    let folder = try TemporaryFolder()
    let r = try Command.run("caffe2onnx", Command.prototxt, "-o", "o.onnx", in: folder.url)
    #expect(r.status == 64)
    #expect(r.stderr.contains("no weights are given"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    let filled = try Command.run("caffe2onnx", Command.prototxt, "-o", "o.onnx", "--allow-missing", in: folder.url)
    #expect(filled.status == 0)
  }

  @Test func failedParityIsOne() throws {
    let r = try Command.run("verify", Command.prototxt, "--fixtures", Command.fixture)
    #expect(r.status == 1)
    #expect(r.stdout.contains("FAILED"))
  }

  @Test func outputsThatCannotBeMade() throws {
    let folder = try TemporaryFolder()
    let r = try Command.run("caffe2onnx", Command.prototxt, Command.weights, "-o", "absent/o.onnx", in: folder.url)
    #expect(r.status == 73)
    #expect(r.stderr.contains("absent/o.onnx"))
    let f = try Command.run("filters", "\(Command.prototxt),\(Command.weights)", "-o", ".", in: folder.url)
    #expect(f.status == 73)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test func differencesOfParametersAreOne() throws {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: Command.prototxt, encoding: .utf8)
    try text.replacing("pool: AVE", with: "pool: MAX").write(
      to: folder.url.appending(path: "p.prototxt"), atomically: true, encoding: .utf8)
    let r = try Command.run("diff", Command.prototxt, "p.prototxt", in: folder.url)
    #expect(r.status == 1)
    #expect(r.stdout.contains("~ layer pool2: pooling_param.pool AVE -> MAX\n"))
    let solver = SharedData.root.appending(path: "Samples/digits/solver.prototxt").path
    #expect(try Command.run("diff", solver, Command.prototxt).status == 65)
  }

  @Test func differencesAreOne() throws {
    let folder = try TemporaryFolder()
    let model = "\(Command.prototxt),\(Command.weights)"
    #expect(try Command.run("diff", model, model).status == 0)
    let other = try Command.run(
      "convert", Command.prototxt, Command.weights, "-o", "n.prototxt", "--rename", "conv1=first", "--quiet",
      in: folder.url)
    #expect(other.status == 0, "\(other.stderr)")
    let r = try Command.run("diff", model, "n.prototxt,n.caffemodel", in: folder.url)
    #expect(r.status == 1)
    #expect(r.stdout.contains("- layer conv1\n+ layer first\n"))
    #expect(r.stdout.contains("- tensor conv1.0"))
    #expect(!r.stdout.contains("tensor conv2.0"))
  }

  @Test func fillersAreSeeded() throws {
    let folder = try TemporaryFolder()
    let net = SharedData.root.appending(path: "Samples/digits/train_val.prototxt").path
    for (name, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
      let r = try Command.run("init", net, "-o", "\(name).caffemodel", "--seed", seed, in: folder.url)
      #expect(r.status == 0, "\(r.stderr)")
    }
    func bytes(_ n: String) throws -> Data { try Data(contentsOf: folder.url.appending(path: "\(n).caffemodel")) }
    #expect(try bytes("a") == bytes("b"))
    #expect(try bytes("a") != bytes("c"))
    let mixed = try Command.run(
      "init", Command.prototxt, "-o", "d.caffemodel", "--weights", Command.weights, "--json", in: folder.url)
    let report = try JSONSerialization.jsonObject(with: Data(mixed.stdout.utf8)) as? [String: Any]
    #expect(report?["copied"] as? [String] == ["conv1", "conv2", "fc3", "fc4"])
  }

  @Test func laterWeightsOverwriteEarlierOnes() throws {
    let folder = try TemporaryFolder()
    let net = Command.prototxt
    for (name, seed) in [("a", "1"), ("b", "2")] {
      let r = try Command.run(
        "init", net, "-o", "\(name).caffemodel", "--seed", seed, "--filler", "msra", in: folder.url)
      #expect(r.status == 0, "\(r.stderr)")
    }
    let r = try Command.run(
      "init", net, "-o", "c.caffemodel", "--weights", "a.caffemodel,b.caffemodel", in: folder.url)
    #expect(r.status == 0, "\(r.stderr)")
    #expect(r.stdout.contains("copied from a.caffemodel: conv1, conv2, fc3, fc4\n"))
    #expect(r.stdout.contains("copied from b.caffemodel: conv1, conv2, fc3, fc4\n"))
    #expect(try Command.run("diff", "\(net),b.caffemodel", "\(net),c.caffemodel", in: folder.url).status == 0)
    // Other verbs take one.
    #expect(try Command.run("inspect", net, "a.caffemodel", "b.caffemodel", in: folder.url).status == 64)
  }

  @Test func whatInitCannotDo() throws {
    let folder = try TemporaryFolder()
    for name in ["x.onnx", "x.npz", "x.prototxt"] {
      let r = try Command.run("init", Command.prototxt, "-o", name, in: folder.url)
      #expect(r.status == 64 && r.stderr.contains("init writes Caffe's weights"), "\(r.stderr)")
    }
    let weights = try Command.run("init", Command.weights, "-o", "x.caffemodel", in: folder.url)
    #expect(weights.status == 64 && weights.stderr.contains("is a caffemodel, not a net as text"))
    let solver = SharedData.root.appending(path: "Samples/digits/solver.prototxt").path
    let s = try Command.run("init", solver, "-o", "x.caffemodel", in: folder.url)
    #expect(s.status == 64 && s.stderr.contains("Caffe solver") && s.stderr.contains("train_val.prototxt"))
    #expect(try Command.run("init", "--help").stdout.contains("positive_unitball"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test func layerLinesAreCaffes() throws {
    let r = try Command.run("inspect", "--layers", Command.prototxt)
    let lines = r.stdout.split(separator: "\n")
    #expect(lines.first == "0000 data Input 10x1x8x8")
    #expect(lines.count == 12)
  }

  @Test func filtersDrawPictures() throws {
    let folder = try TemporaryFolder()
    let r = try Command.run("filters", "\(Command.prototxt),\(Command.weights)", "conv1", "-o", "f.png", in: folder.url)
    #expect(r.status == 0, "\(r.stderr)")
    let bytes = try Data(contentsOf: folder.url.appending(path: "f.png"))
    #expect(bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]))
  }
}
