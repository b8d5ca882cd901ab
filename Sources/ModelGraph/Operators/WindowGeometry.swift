/// How windows slide over the spatial axes (every axis after batch and channel): shared by convolution and pooling.
///
/// All lists have one entry a spatial axis, or are empty for the default (stride 1, dilation 1, pad 0).
package struct WindowGeometry: Hashable, Sendable {
  /// Kernel extents; empty where the weights tell them (convolution) or the window is the whole input (`isGlobal`).
  package var kernel: [Int]
  package var strides: [Int]
  package var dilations: [Int]
  package var padding: Padding
  package var rounding: Rounding
  package var lastWindow: LastWindow
  /// The window covers the whole plane, whatever its size.
  package var isGlobal: Bool

  package enum Padding: Hashable, Sendable {
    case explicit(begin: [Int], end: [Int])
    /// Output ⌈input/stride⌉; the odd element of padding goes to the end.
    case sameUpper
    /// As `sameUpper` with the odd element at the beginning.
    case sameLower
    package static let none = Padding.explicit(begin: [], end: [])
  }

  /// How (input + pads − window) / stride is rounded.
  package enum Rounding: Hashable, Sendable { case floor, ceil }

  /// Whether a last window that starts past the input is dropped.
  package enum LastWindow: Hashable, Sendable {
    case keep
    /// ONNX: a window that would start in the end padding never counts.
    case dropAlways
    /// Caffe: where any pad of any axis is not 0, on every axis a last window that starts at or past input + begin pad is
    /// dropped, with floor rounding too. Source: caffe/layers/pooling_layer.cpp.
    case dropInPaddingIfAnyPadded
  }

  package init(
    kernel: [Int] = [], strides: [Int] = [], dilations: [Int] = [], padding: Padding = .none,
    rounding: Rounding = .floor, lastWindow: LastWindow = .keep, isGlobal: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.padding = padding
    self.rounding = rounding
    self.lastWindow = lastWindow
    self.isGlobal = isGlobal
  }

  package func stride(_ axis: Int) -> Int { axis < strides.count ? strides[axis] : 1 }
  package func dilation(_ axis: Int) -> Int { axis < dilations.count ? dilations[axis] : 1 }

  /// Explicit pads of one axis; (0, 0) for the automatic paddings.
  package func explicitPads(_ axis: Int) -> (begin: Int, end: Int) {
    guard case .explicit(let b, let e) = padding else { return (0, 0) }
    return (axis < b.count ? b[axis] : 0, axis < e.count ? e[axis] : 0)
  }

  package var isAnyPadded: Bool {
    guard case .explicit(let b, let e) = padding else { return false }
    return b.contains { $0 != 0 } || e.contains { $0 != 0 }
  }

  /// Throws unless every list has `axes` entries or none, strides, dilations and kernels are positive.
  package func check(axes: Int) throws(InferenceError) {
    for (what, list) in [("kernel", kernel), ("stride", strides), ("dilation", dilations)] {
      if !list.isEmpty, list.count != axes {
        throw InferenceError("\(what) has \(list.count) entries for \(axes) spatial axes")
      }
      if let bad = list.first(where: { $0 < 1 || $0 > 1 << 31 }) {
        throw InferenceError("\(what) \(bad) is not positive")
      }
    }
    if case .explicit(let b, let e) = padding {
      for list in [b, e] where !list.isEmpty && list.count != axes {
        throw InferenceError("pads have \(list.count) entries for \(axes) spatial axes")
      }
      if let bad = (b + e).first(where: { $0 < -(1 << 31) || $0 > 1 << 31 }) {
        throw InferenceError("pad \(bad) is too large")
      }
    }
  }

  /// Output extent of one axis: the only place where the formula stands.
  package func outputExtent(_ input: Dim, kernel k: Int, axis: Int) throws(InferenceError) -> Dim {
    if isGlobal { return Dim(1) }
    let s = stride(axis)
    let window = try Dim(k).minus(1).times(dilation(axis)).plus(1)
    switch padding {
    case .sameUpper, .sameLower: return try input.ceilDiv(s)
    case .explicit:
      let (b, e) = explicitPads(axis)
      let span = try input.plus(b).plus(e).minus(window)
      if let v = span.value, v < 0, !(rounding == .ceil && v > -s) {
        throw InferenceError(
          "the window (\(window)) does not fit into input \(input) with pads \(b) and \(e) on spatial axis \(axis)")
      }
      let steps = rounding == .ceil ? try span.ceilDiv(s) : try span.floorDiv(s)
      let out = try steps.plus(1)
      let drops =
        switch lastWindow {
        case .keep: false
        case .dropAlways: rounding == .ceil
        case .dropInPaddingIfAnyPadded: isAnyPadded
        }
      guard drops else { return out }
      // The last window that starts before input + begin pad is number ⌈(input + begin) / stride⌉.
      return out.minimum(try input.plus(b).ceilDiv(s))
    }
  }

  /// The pads that one axis really has, given the input extent (automatic paddings computed).
  package func pads(input: Int, kernel k: Int, axis: Int) throws(InferenceError) -> (begin: Int, end: Int) {
    switch padding {
    case .explicit: return explicitPads(axis)
    case .sameUpper, .sameLower:
      let s = stride(axis)
      guard let out = try Dim(input).ceilDiv(s).value,
        let wanted = try Dim(out).minus(1).times(s).plus(Dim(k).minus(1).times(dilation(axis))).plus(1).minus(input)
          .value
      else { return (0, 0) }
      let total = max(0, wanted)
      return padding == .sameUpper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
    }
  }
}

extension WindowGeometry: CustomStringConvertible {
  /// `k3x3 s2x2 p1x1-1x1 ceil`, with what is at its default left out.
  package var description: String {
    func text(_ l: [Int]) -> String { l.map(String.init).joined(separator: "x") }
    var parts: [String] = isGlobal ? ["global"] : []
    if !kernel.isEmpty { parts.append("k" + text(kernel)) }
    if strides.contains(where: { $0 != 1 }) { parts.append("s" + text(strides)) }
    if dilations.contains(where: { $0 != 1 }) { parts.append("d" + text(dilations)) }
    switch padding {
    case .explicit(let b, let e):
      if isAnyPadded { parts.append("p" + text(b) + (b == e ? "" : "-" + text(e))) }
    case .sameUpper: parts.append("same-upper")
    case .sameLower: parts.append("same-lower")
    }
    if rounding == .ceil { parts.append("ceil") }
    switch lastWindow {
    case .keep: break
    case .dropAlways: parts.append("drop")
    case .dropInPaddingIfAnyPadded: parts.append("drop-if-padded")
    }
    return parts.joined(separator: " ")
  }
}
