import Diagnostics
import ModelGraph

/// Channels moved into blocks of the plane, or blocks of the plane into channels, as TensorFlow does. `data_format` says
/// where the channels are: NHWC (last, the default) or NCHW. DepthToSpace also takes ONNX's names of the order in which
/// channels are split, both with the channels second: DCR (as NCHW) and CRD.
/// Source: Synopsys' depth_to_space_layer.cpp, space_to_depth_layer.cpp.
enum DepthSpaceLayer: LayerTranslator {
  static var types: [String] { ["DepthToSpace", "SpaceToDepth"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let isToSpace = l.layer.type == "DepthToSpace"
    let p = l.parameters(isToSpace ? "depth_to_space_param" : "space_to_depth_param")
    let block = p.int("block_size")
    guard block >= 1, block < 1 << 15 else {
      throw l.error(
        "caffe.depth-space.block",
        p.has("block_size") ? "block_size \(block) is out of range" : "block_size is missing", p,
        "block_size", help: "give the side of a block, such as block_size: 2")
    }
    let format = p.string("data_format", default: "NHWC")
    guard (isToSpace ? ["NHWC", "NCHW", "DCR", "CRD"] : ["NHWC", "NCHW"]).contains(format) else {
      throw l.error(
        "caffe.depth-space.format", "data_format '\(format)' is not known", p, "data_format", help: "write NHWC or NCHW"
      )
    }
    guard l.rank() == 4 else {
      throw l.error(
        "caffe.depth-space.rank", "the bottom must have 4 axes, but has shape \(shapeText(l.shape()))", p)
    }
    let isLast = format == "NHWC"
    let channels = l.shape()[isLast ? 3 : 1]
    let plane = isLast ? l.shape()[1...2] : l.shape()[2...3]
    let parts = isToSpace ? [channels.value.map { $0 % (block * block) }] : plane.map { $0.value.map { $0 % block } }
    guard parts.allSatisfy({ $0 ?? 0 == 0 }) else {
      throw l.error(
        "caffe.depth-space.extent",
        "a bottom of shape \(shapeText(l.shape())) as \(format) does not divide into blocks of \(block) by \(block)", p,
        "block_size")
    }
    let order: DepthToSpace.Order = format == "CRD" ? .CRD : .DCR
    let op: any Operator = isToSpace ? DepthToSpace(block: block, order: order) : SpaceToDepth(block: block)
    guard isLast else {
      try l.emit(op, [try l.bottom()])
      return
    }
    let first = try l.add(Transpose([0, 3, 1, 2]), [try l.bottom()], "channels_first")
    try l.emit(Transpose([0, 2, 3, 1]), [try l.add(op, [first], "moved")])
  }
}
