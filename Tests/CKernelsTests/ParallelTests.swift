import CKernels
import Testing

extension KernelTests {
  @Suite struct ParallelTests {
    /// Runs a loop that adds one to each chunk's own element; returns the elements.
    static func visits(_ chunks: Int, limit: Int32 = 0) -> [Int32] {
      var counts = [Int32](repeating: 0, count: chunks)
      counts.withUnsafeMutableBufferPointer { buffer in
        // SAFETY: each chunk writes its own element; the loop ends before the buffer does.
        mc_parallel_for_limited(
          chunks, limit,
          { context, chunk, _ in
            context?.assumingMemoryBound(to: Int32.self)[chunk] += 1
          }, buffer.baseAddress)
      }
      return counts
    }

    @Test(arguments: [1, 2, 5] as [Int32])
    func visitsEveryChunkOnce(threads: Int32) {
      mc_set_threads(threads)
      defer { mc_set_threads(0) }
      #expect(mc_threads() == threads)
      for chunks in [0, 1, 2, 3, 17, 1000] {
        for _ in 0..<20 { #expect(Self.visits(chunks) == [Int32](repeating: 1, count: chunks)) }
      }
    }

    @Test func workersStayBelowTheLimit() {
      mc_set_threads(6)
      defer { mc_set_threads(0) }
      for limit: Int32 in [1, 2, 4] {
        var highest: [Int32] = Array(repeating: -1, count: 200)
        highest.withUnsafeMutableBufferPointer { buffer in
          // SAFETY: each chunk writes its own element; the loop ends before the buffer does.
          mc_parallel_for_limited(
            200, limit,
            { context, chunk, worker in context?.assumingMemoryBound(to: Int32.self)[chunk] = worker },
            buffer.baseAddress)
        }
        #expect(highest.allSatisfy { 0..<limit ~= $0 })
      }
    }

    @Test func nestedLoopsRunInline() {
      mc_set_threads(3)
      defer { mc_set_threads(0) }
      var counts = [Int32](repeating: 0, count: 12 * 7)
      counts.withUnsafeMutableBufferPointer { buffer in
        // SAFETY: chunk i writes elements 7 i ..< 7 i + 7, through an inner loop that runs in the same thread.
        mc_parallel_for(
          12,
          { context, chunk, _ in
            let row = context?.assumingMemoryBound(to: Int32.self).advanced(by: 7 * chunk)
            mc_parallel_for(
              7,
              { context, chunk, worker in
                context?.assumingMemoryBound(to: Int32.self)[chunk] += 1 + worker
              }, row)
          }, buffer.baseAddress)
      }
      #expect(counts == [Int32](repeating: 1, count: 84))
    }

    @Test func loopsOfSeveralThreadsAreIndependent() async {
      mc_set_threads(3)
      defer { mc_set_threads(0) }
      await withTaskGroup(of: Bool.self) { group in
        for caller in 0..<4 {
          group.addTask {
            (0..<200).allSatisfy { round in
              let chunks = 1 + (caller * 31 + round * 7) % 60
              return Self.visits(chunks) == [Int32](repeating: 1, count: chunks)
            }
          }
        }
        for await all in group { #expect(all) }
      }
    }
  }
}
