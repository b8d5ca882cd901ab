import COpenBLAS
import TensorCore

/// The element types that the matrix library multiplies.
protocol BlasScalar: TensorElement, BinaryFloatingPoint {
  /// c (m×n) = alpha · op(a) · op(b) + beta · c, row-major, in the calling thread.
  ///
  /// SAFETY: the addresses hold the matrices that extents and leading dimensions describe.
  static func gemm(
    transposesA: Bool, transposesB: Bool, m: Int, n: Int, k: Int, alpha: Self, a: UnsafePointer<Self>, lda: Int,
    b: UnsafePointer<Self>, ldb: Int, beta: Self, c: UnsafeMutablePointer<Self>, ldc: Int)
}

extension Float: BlasScalar {
  static func gemm(
    transposesA: Bool, transposesB: Bool, m: Int, n: Int, k: Int, alpha: Float, a: UnsafePointer<Float>, lda: Int,
    b: UnsafePointer<Float>, ldb: Int, beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(max(lda, 1)), b, blasint(max(ldb, 1)), beta, c,
      blasint(max(ldc, 1)))
  }
}

extension Double: BlasScalar {
  static func gemm(
    transposesA: Bool, transposesB: Bool, m: Int, n: Int, k: Int, alpha: Double, a: UnsafePointer<Double>, lda: Int,
    b: UnsafePointer<Double>, ldb: Int, beta: Double, c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    cblas_dgemm(
      CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(max(lda, 1)), b, blasint(max(ldb, 1)), beta, c,
      blasint(max(ldc, 1)))
  }
}
