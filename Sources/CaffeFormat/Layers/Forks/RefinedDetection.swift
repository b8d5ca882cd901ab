import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// What RefineDet adds to SSD's last layer: a first detector says which priors hold anything, and moves them before the
/// second one's moves are applied. Bottom 3: its scores [N, 2 · priors], of which the second counts; bottom 4, where there
/// is one: its moves [N, 4 · priors]. Sources: RefineDet's detection_output_layer.cpp, bbox_util.cpp.
///
/// In SSD's tree a fourth bottom is the pictures to draw on, which have no part in the result.
enum RefinedDetection {
  static func hasScores(_ l: LayerBuilder, _ p: ParameterBlock, _ s: DetectionSettings) throws(Diagnostic) -> Bool {
    guard l.bottoms.count > 3 else { return false }
    let isGiven = l.bottoms.count > 4 || p.has("objectness_score")
    let count = try l.count(l.shape(3).dropFirst()).value
    if count == checkedProduct([2, s.priors]), l.shape(3).first == l.shape().first { return true }
    guard !isGiven else {
      throw l.error(
        "caffe.detection.refined-scores",
        "bottom 3 of shape \(shapeText(l.shape(3))) does not hold two scores for each of \(s.priors) priors", p,
        "objectness_score")
    }
    return false
  }

  /// Priors as the first detector moves them, corner by corner [N, 1, P, 1]; nil where it does not.
  static func priors(
    _ l: LayerBuilder, _ p: ParameterBlock, _ s: DetectionSettings, _ prior: [ValueID], _ variance: [ValueID]
  ) throws(Diagnostic) -> [ValueID]? {
    guard l.bottoms.count > 4 else { return nil }
    guard s.sets == 1, l.shape(4).first == l.shape().first,
      try l.count(l.shape(4).dropFirst()).value == checkedProduct([4, s.priors])
    else {
      throw l.error(
        "caffe.detection.refined-moves",
        "bottom 4 of shape \(shapeText(l.shape(4))) does not hold four moves for each of \(s.priors) priors that all "
          + "classes share", p, "share_location")
    }
    let places = [Dim(s.images), 1, Dim(s.priors), 4]
    let moves = try l.pieces(
      try l.reshaped(try l.bottom(4), to: places, "first_moves"), axis: 3, count: 4, "first_move")
    return try DetectionOutputLayer.corners(l, p, s, moves, prior, variance)
  }

  /// Scores [N, P, C] where the first detector sees nothing: class 0 alone, and surely.
  static func scores(
    _ l: LayerBuilder, _ p: ParameterBlock, _ s: DetectionSettings, _ confidence: ValueID
  ) throws(Diagnostic) -> ValueID {
    guard try hasScores(l, p, s) else { return confidence }
    let both = try l.reshaped(try l.bottom(3), to: [Dim(s.images), Dim(s.priors), 2], "first_scores")
    let score = try l.pieces(both, axis: 2, count: 2, "first_score")[1]
    let least = try l.constant("objectness_score", scalar: p.float("objectness_score", default: 0.01))
    let isEmpty = try l.binary(.less, score, least, "is_empty")
    let nothing = try Tensor((0..<s.classes).map { $0 == 0 ? Float(1) : 0 }, shape: [1, 1, s.classes])
    return try l.select(isEmpty, l.constant("nothing", nothing), confidence, "refined_scores")
  }
}
