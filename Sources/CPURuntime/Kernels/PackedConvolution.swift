import CKernels
import Diagnostics
import TensorCore

/// A float32 convolution of up to three spatial axes through the C kernels, its weights packed once where they are
/// constant.
final class PackedConvolution {
  private let plan: OpaquePointer
  private let packedCount: Int
  private let scratchCount: Int

  /// Nil where the C kernels do not take the geometry (negative pads, windows larger than the padded input).
  init?(_ s: ConvolutionShape, exact: Bool, workers: Int, activation: mc_activation = mc_activation()) {
    guard s.input.count <= 3, (s.padBegin + s.padEnd).allSatisfy({ $0 >= 0 }) else { return nil }
    var d = mc_conv_desc()
    d.batch = s.batch
    d.channels = s.channels
    d.filters = s.filters
    d.groups = s.groups
    d.spatial = Int32(s.input.count)
    d.input = Self.triple(s.input)
    d.kernel = Self.triple(s.kernel)
    d.stride = Self.triple(s.stride)
    d.pad_begin = Self.triple(s.padBegin)
    d.pad_end = Self.triple(s.padEnd)
    d.dilation = Self.triple(s.dilation)
    d.activation = activation
    d.algorithm = MC_CONV_AUTO
    d.exact = exact ? 1 : 0
    guard let p = mc_conv_plan_create(&d) else { return nil }
    guard s.output.indices.allSatisfy({ mc_conv_plan_output(p, Int32($0)) == s.output[$0] }) else {
      mc_conv_plan_free(p)
      return nil
    }
    plan = p
    packedCount = mc_conv_packed_size(p)
    scratchCount = mc_conv_scratch_size(p, Int32(clamping: workers))
  }

  deinit { mc_conv_plan_free(plan) }

  private static func triple(_ v: [Int]) -> (Int, Int, Int) {
    (v[0], v.count > 1 ? v[1] : 0, v.count > 2 ? v[2] : 0)
  }

  /// The kernel of a node: operands input, weights, bias?; `residual` is the place of an addend among the operands.
  ///
  /// - Parameter weights: [M, C/groups, k…], taken from operand 1 at each run where nil.
  func kernel(
    weights: Tensor?, bias: Tensor? = nil, biasOperand: Int?, residual: Int? = nil
  ) throws(Diagnostic) -> PreparedKernel {
    let (floatSize, packedBytes) = (MemoryLayout<Float>.size, Checked.roundedUp(packedCount * 4))
    let scratchCount = scratchCount
    let packed: AlignedBuffer?
    if let weights {
      let buffer = try AlignedBuffer(count: packedCount * floatSize)
      try weights.withBytes { (bytes) throws(Diagnostic) in
        // SAFETY: the tensor holds the plan's weights, and pack reads it byte-aligned.
        mc_conv_pack(plan, bytes.baseAddress, buffer.base.assumingMemoryBound(to: Float.self))
      }
      packed = buffer
    } else {
      packed = nil
    }
    let ownBias = try bias.map { (t) throws(Diagnostic) in try t.floats() }
    let scratch = scratchCount * floatSize + (packed == nil ? packedBytes : 0)
    return PreparedKernel(scratchBytes: scratch) { [self] (args) throws(Diagnostic) in
      var scratch = args.scratch
      let matrix: UnsafePointer<Float>
      if let packed {
        matrix = UnsafePointer(packed.base.assumingMemoryBound(to: Float.self))
      } else {
        let p = scratch.assumingMemoryBound(to: Float.self)
        mc_conv_pack(plan, args.rawInput(1), p)
        matrix = UnsafePointer(p)
        scratch += packedBytes
      }
      let status: Int32
      if let ownBias {
        status = ownBias.withUnsafeBufferPointer {
          mc_conv_run(
            plan, args.input(0), matrix, $0.baseAddress, residual.map { args.input($0) }, args.output(0),
            scratch.assumingMemoryBound(to: Float.self), scratchCount)
        }
      } else {
        status = mc_conv_run(
          plan, args.input(0), matrix, biasOperand.map { args.input($0) }, residual.map { args.input($0) },
          args.output(0), scratch.assumingMemoryBound(to: Float.self), scratchCount)
      }
      if status != 0 { throw .error("run.scratch", "a convolution's scratch memory is too small", status: .software) }
    }
  }
}
