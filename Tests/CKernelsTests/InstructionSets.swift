import Testing
import CKernels

/// The instruction sets this machine can run.
let availableSets: [mc_isa] = [MC_ISA_BASE, MC_ISA_AVX2, MC_ISA_AVX512].filter { mc_isa_available($0) != 0 }

extension mc_isa: @retroactive CustomTestStringConvertible {
  /// The set's name.
  public var testDescription: String { String(cString: mc_isa_name(self)) }
}

/// Runs `body` with one instruction set and a number of threads chosen, then restores the machine's best and one
/// thread per processor. The choice is global: suites that use it are serialized under `KernelTests`.
func with<R>(_ isa: mc_isa, threads: Int32 = 2, _ body: () throws -> R) rethrows -> R {
  mc_isa_select(isa)
  mc_set_threads(threads)
  defer {
    mc_isa_select(mc_isa_best())
    mc_set_threads(0)
  }
  return try body()
}
