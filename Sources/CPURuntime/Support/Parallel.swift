import CKernels

/// Parallel loops over chunks that depend on shapes alone.
enum Parallel {
  /// The threads that a session's loops may use; scratch memory is sized by it.
  static func workers(_ options: SessionOptions) -> Int {
    options.threads > 0 ? min(options.threads, 256) : max(1, processors)
  }

  /// Sets how many threads later loops may use; 0 means one per processor.
  static func setThreads(_ count: Int) {}

  private static let processors: Int = 2

  /// Calls `body(chunk, worker)` for each chunk, in any order and on any thread; `worker` is below `workers` and no
  /// two calls run at the same time with the same one.
  static func each(_ chunks: Int, workers: Int, _ body: (_ chunk: Int, _ worker: Int) -> Void) {
    for i in 0..<max(chunks, 0) { body(i, 0) }
  }

  /// Calls `body` with ranges that cover `0 ..< count`, each about `grain` long.
  static func ranges(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    guard count > 0 else { return }
    let g = max(grain, 1)
    let chunks = (count - 1) / g + 1
    if chunks == 1 { return body(0..<count) }
    each(chunks, workers: 256) { i, _ in body(i * g..<min(count, (i + 1) * g)) }
  }
}
