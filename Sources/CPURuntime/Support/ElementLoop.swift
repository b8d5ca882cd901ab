import Diagnostics
import TensorCore

/// Loops over all elements of equally shaped tensors.
enum ElementLoop {
  /// result 0 [i] = f(operand 0 [i]); in place where the two have one size.
  static func map<T, U>(_ count: Int, _: T.Type, _: U.Type, _ f: @escaping (T) -> U) -> PreparedKernel {
    let inPlace = MemoryLayout<T>.size == MemoryLayout<U>.size ? [0] : []
    return PreparedKernel(inPlace: inPlace) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<U> = args.output(0)
      Parallel.ranges(count, grain: 1 << 14) { r in
        for i in r { y[i] = f(x[i]) }
      }
    }
  }
}
