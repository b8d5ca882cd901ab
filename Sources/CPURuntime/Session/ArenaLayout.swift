import Diagnostics

/// Packs buffers with lifetimes into one block: largest first, each into the tightest gap that is free all its life.
struct ArenaLayout {
  struct Buffer {
    var bytes: Int
    /// First and last step that touches it.
    var first: Int
    var last: Int
    var offset = 0
  }
  private(set) var buffers: [Buffer]
  private(set) var byteCount = 0

  init(_ buffers: [Buffer], limit: Int) throws(Diagnostic) {
    self.buffers = buffers
    let order = buffers.indices.filter { buffers[$0].bytes > 0 }.sorted {
      buffers[$0].bytes != buffers[$1].bytes ? buffers[$0].bytes > buffers[$1].bytes : $0 < $1
    }
    // Placed buffers by offset.
    var placed: [Int] = []
    for i in order {
      let want = buffers[i]
      var best: (offset: Int, slack: Int)?
      var end = 0
      for j in placed {
        let p = self.buffers[j]
        guard p.first <= want.last, want.first <= p.last else { continue }
        let gap = p.offset - end
        if gap >= want.bytes, gap - want.bytes < best?.slack ?? Int.max { best = (end, gap - want.bytes) }
        end = max(end, p.offset + p.bytes)
      }
      let offset = best?.offset ?? end
      guard offset <= limit - min(want.bytes, limit) else {
        throw .error(
          "run.memory-limit", "running needs more than the memory limit of \(limit) bytes",
          help: "use a smaller batch or input shape")
      }
      self.buffers[i].offset = offset
      byteCount = max(byteCount, offset + want.bytes)
      let at = placed.firstIndex { self.buffers[$0].offset > offset } ?? placed.count
      placed.insert(i, at: at)
    }
  }
}
