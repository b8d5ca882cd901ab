import ByteSource
import Diagnostics
import Pictures

extension Model {
  /// Classifies pictures as Caffe's classify.py does: resized, cropped, channels swapped, scaled, the mean subtracted.
  ///
  /// A training net is used as its deploy form. Orientation tags are not applied.
  ///
  /// - Parameters:
  ///   - pictures: files.
  ///   - report: warnings and notes.
  ///   - progress: the share that is done.
  public static func classify(
    _ files: [String], options: LoadOptions, pictures: [String], _ settings: ClassificationOptions,
    report: ([Finding]) -> Void = { _ in }, progress: (Double) -> Void = { _ in }
  ) throws(ModelConvError) -> ClassificationReport {
    try rethrowing {
      let sink = DiagnosticSink()
      let classifier = try PictureClassifier(files, options, settings, sink: sink)
      let labels = try settings.labels.map { try ClassLabels($0) }
      report(sink.items.map { Finding($0) })
      var out = ClassificationReport(
        model: files, preprocessing: classifier.applied, output: classifier.outputName, pictures: [])
      for (i, file) in pictures.enumerated() {
        let picture = try Picture.decode(try ByteStorage.open(file).all)
        let scores = try classifier.scores(picture)
        if i == 0, let d = labels?.mismatch(classes: scores.count) { report([Finding(d)]) }
        // NaN is no score: it comes last.
        let order = scores.indices.sorted { a, b in
          scores[b].isNaN ? !scores[a].isNaN : scores[a] > scores[b] || (scores[a] == scores[b] && a < b)
        }
        out.pictures.append(
          .init(
            file: file, width: picture.width, height: picture.height,
            top: order.prefix(max(1, settings.top)).map {
              .init(index: $0, label: labels?[$0], score: scores[$0])
            }))
        progress(Double(i + 1) / Double(pictures.count))
      }
      return out
    }
  }
}

/// Names of classes, one a line.
struct ClassLabels {
  private let lines: [String]
  private let file: String

  init(_ path: String) throws {
    let bytes = try ByteStorage.open(path).all
    guard let text = String(validating: bytes.bytes, as: UTF8.self), !text.contains("\0") else {
      throw Diagnostic.error("classify.labels", "the labels are no UTF-8 text", at: SourceLocation(file: path))
    }
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { $0.trimmed }
    while lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty else {
      throw Diagnostic.error("classify.labels", "the file has no labels", at: SourceLocation(file: path))
    }
    self.lines = lines
    file = path
  }

  subscript(_ index: Int) -> String? { index < lines.count ? lines[index] : nil }

  /// A warning where there are more or fewer labels than classes.
  func mismatch(classes: Int) -> Diagnostic? {
    guard classes != lines.count else { return nil }
    return Diagnostic(
      .warning, "classify.label-count", "there are \(lines.count) labels for \(classes) classes",
      at: SourceLocation(file: file))
  }
}
