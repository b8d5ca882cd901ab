import ByteSource
import Containers
import TensorCore

// The messages of onnx.proto as Swift values: what the reader decodes from a file and the writer encodes into one.
// Field meanings are those of Schemas/onnx.proto.

/// A key with its value (`StringStringEntryProto`).
struct EntryMessage: Sendable, Hashable {
  var key: String
  var value: String
}

/// A version of a domain's operators.
struct OpsetMessage: Sendable, Hashable {
  /// `ai.onnx` where the file leaves it empty.
  var domain: String
  var version: Int
}

struct ModelMessage: Sendable {
  var irVersion = 0
  var producerName = ""
  var producerVersion = ""
  var domain = ""
  var modelVersion = 0
  var documentation = ""
  var graph = GraphMessage()
  var opsets: [OpsetMessage] = []
  var metadata: [EntryMessage] = []
  var functions: [FunctionMessage] = []
  /// Fields that nothing above holds.
  var rest: ProtoMessage?
}

struct GraphMessage: Sendable {
  var name = ""
  var nodes: [NodeMessage] = []
  var initializers: [TensorMessage] = []
  var sparseInitializers: [SparseTensorMessage] = []
  var documentation = ""
  var inputs: [ValueInfoMessage] = []
  var outputs: [ValueInfoMessage] = []
  var valueInfo: [ValueInfoMessage] = []
  var metadata: [EntryMessage] = []
  /// `TensorAnnotation` messages as the file has them.
  var quantizationAnnotations: [ProtoMessage] = []
  /// Fields that nothing above holds.
  var rest: ProtoMessage?
}

struct NodeMessage: Sendable {
  var inputs: [String] = []
  var outputs: [String] = []
  var name = ""
  var type = ""
  /// `ai.onnx` where the file leaves it empty.
  var domain = "ai.onnx"
  var overload = ""
  var attributes: [AttributeMessage] = []
  var documentation = ""
  var metadata: [EntryMessage] = []
  /// Fields that nothing above holds.
  var rest: ProtoMessage?
}

struct AttributeMessage: Sendable {
  var name: String
  var value: AttributeValue
  var documentation = ""
  /// The message as the file has it.
  var source: ProtoMessage?

  init(name: String, value: AttributeValue) {
    self.name = name
    self.value = value
  }
}

/// The value of an attribute, by kind.
enum AttributeValue: Sendable {
  case float(Float)
  case int(Int64)
  case string([UInt8])
  case tensor(TensorMessage)
  case graph(GraphMessage)
  case floats([Float])
  case ints([Int64])
  case strings([[UInt8]])
  case tensors([TensorMessage])
  case graphs([GraphMessage])
  case sparseTensor(SparseTensorMessage)
  case sparseTensors([SparseTensorMessage])
  case type(TypeMessage)
  case types([TypeMessage])
  /// Inside a function: the attribute of the call whose value this takes.
  case reference(String, OnnxAttributeKind)

  var kind: OnnxAttributeKind {
    switch self {
    case .float: .float
    case .int: .int
    case .string: .string
    case .tensor: .tensor
    case .graph: .graph
    case .floats: .floats
    case .ints: .ints
    case .strings: .strings
    case .tensors: .tensors
    case .graphs: .graphs
    case .sparseTensor: .sparseTensor
    case .sparseTensors: .sparseTensors
    case .type: .typeProto
    case .types: .typeProtos
    case .reference(_, let k): k
    }
  }
}

struct FunctionMessage: Sendable {
  var name = ""
  var domain = ""
  var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  /// Attributes that every call must give.
  var attributes: [String] = []
  /// Attributes with their defaults.
  var defaults: [AttributeMessage] = []
  var nodes: [NodeMessage] = []
  var opsets: [OpsetMessage] = []
  var documentation = ""
  /// Types that the function declares of its values.
  var valueInfo: [ValueInfoMessage] = []
  /// The message as the file has it.
  var source: ProtoMessage?
}

/// One array as the file holds it.
struct TensorMessage: Sendable {
  enum Payload: Sendable {
    /// Little-endian bytes, mapped or owned.
    case raw(ByteSlice)
    /// 4-byte little-endian floats (`float_data`).
    case floats(ByteSlice)
    /// 8-byte little-endian doubles (`double_data`).
    case doubles(ByteSlice)
    /// 4-byte little-endian integers (`int32_data`, decoded).
    case int32s(ByteSlice)
    /// 8-byte little-endian integers (`int64_data` or `uint64_data`, decoded).
    case int64s(ByteSlice)
    case strings([ByteString])
    /// Another file: location, offset, length, …
    case external([EntryMessage])
    /// A tensor of the graph, written in chunks.
    case tensor(Tensor)
    /// A single-precision tensor that is written in half precision, chunk by chunk.
    case halved(Tensor, DType)
    case none
  }
  var name = ""
  /// `TensorProto.DataType`.
  var dataType = 0
  var dims: [Int64] = []
  var payload: Payload = .none
  /// Which fields held values; more than one is an error.
  var payloadFields: [String] = []
  var isSegment = false
  /// Fields that nothing above holds.
  var rest: ProtoMessage?
}

struct SparseTensorMessage: Sendable {
  var values: TensorMessage
  var indices: TensorMessage
  var dims: [Int64]
}

struct ValueInfoMessage: Sendable {
  var name: String
  var type: TypeMessage?
  /// The message as the file has it.
  var source: ProtoMessage?

  init(name: String, type: TypeMessage?) {
    self.name = name
    self.type = type
  }
}

/// The type of a value.
indirect enum TypeMessage: Sendable, Hashable {
  /// Element type number and extents; no extents where even the rank is unknown.
  case tensor(Int, [DimensionMessage]?)
  case sparseTensor(Int, [DimensionMessage]?)
  case sequence(TypeMessage?)
  case map(key: Int, value: TypeMessage?)
  case optional(TypeMessage?)
  case opaque(domain: String, name: String)
  case none
}

enum DimensionMessage: Sendable, Hashable {
  case value(Int64)
  case symbol(String)
  case unknown
}
