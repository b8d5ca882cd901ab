import CCaffeProto
import Containers

/// Caffe's message types, from Schemas/caffe.proto.
package enum CaffeSchema {
  package static let all = ProtoSchema([
    mc_caffe_net_parameter(), mc_caffe_solver_parameter(), mc_caffe_solver_state(), mc_caffe_blob_proto_vector(),
    mc_caffe_datum(),
  ])
  /// A .prototxt or a .caffemodel.
  package static let net = all.type("caffe.NetParameter")
  package static let layer = all.type("caffe.LayerParameter")
  package static let v1Layer = all.type("caffe.V1LayerParameter")
  package static let v0Layer = all.type("caffe.V0LayerParameter")
  /// A .binaryproto.
  package static let blob = all.type("caffe.BlobProto")
  package static let blobVector = all.type("caffe.BlobProtoVector")
  package static let solver = all.type("caffe.SolverParameter")
  package static let solverState = all.type("caffe.SolverState")
  package static let datum = all.type("caffe.Datum")
}
