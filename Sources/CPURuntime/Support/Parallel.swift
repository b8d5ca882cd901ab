import CKernels

/// Parallel loops over chunks that depend on shapes alone, on the process's one pool of threads.
enum Parallel {
  typealias Body = (_ chunk: Int, _ worker: Int) -> Void

  /// The threads that a session's loops may use; scratch memory is sized by it.
  static func workers(_ options: SessionOptions) -> Int {
    if options.threads > 0 { return min(options.threads, 256) }
    setThreads(0)
    return Int(mc_threads())
  }

  /// Sets how many threads later loops may use; 0 means one per processor.
  static func setThreads(_ count: Int) { mc_set_threads(Int32(clamping: count)) }

  /// Calls `body(chunk, worker)` for each chunk, in any order and on any thread; `worker` is below `workers` and no
  /// two calls run at the same time with the same one.
  static func each(_ chunks: Int, workers: Int, _ body: Body) {
    guard chunks > 1, workers > 1 else {
      for i in 0..<max(chunks, 0) { body(i, 0) }
      return
    }
    withoutActuallyEscaping(body) { escapable in
      var box = escapable
      withUnsafeMutablePointer(to: &box) { pointer in
        mc_parallel_for_limited(
          chunks, Int32(clamping: workers),
          { context, chunk, worker in
            // SAFETY: the context is `box`, which outlives the loop and is only read in it.
            context?.assumingMemoryBound(to: Body.self).pointee(chunk, Int(worker))
          }, pointer)
      }
    }
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
