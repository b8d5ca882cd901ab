import TensorCore

/// `TensorProto.DataType` numbers of the element types.
package enum OnnxDType {
  private static let table: [(number: Int, name: String, dtype: DType)] = [
    (1, "float", .float32), (2, "uint8", .uint8), (3, "int8", .int8), (4, "uint16", .uint16), (5, "int16", .int16),
    (6, "int32", .int32), (7, "int64", .int64), (8, "string", .string), (9, "bool", .bool),
    (10, "float16", .float16), (11, "double", .float64), (12, "uint32", .uint32), (13, "uint64", .uint64),
    (14, "complex64", .complex64), (15, "complex128", .complex128), (16, "bfloat16", .bfloat16),
    (17, "float8e4m3fn", .float8e4m3fn), (18, "float8e4m3fnuz", .float8e4m3fnuz), (19, "float8e5m2", .float8e5m2),
    (20, "float8e5m2fnuz", .float8e5m2fnuz), (21, "uint4", .uint4), (22, "int4", .int4),
    (23, "float4e2m1", .float4e2m1), (24, "float8e8m0", .float8e8m0), (25, "uint2", .uint2), (26, "int2", .int2),
    (27, "float6e2m3", .float6e2m3), (28, "float6e3m2", .float6e3m2),
  ]
  private static let byNumber = Dictionary(table.map { ($0.number, $0.dtype) }, uniquingKeysWith: { a, _ in a })
  private static let byType = Dictionary(table.map { ($0.dtype, $0) }, uniquingKeysWith: { a, _ in a })

  /// The element type of a number; nil for an unknown one.
  package static func dtype(_ number: Int) -> DType? { byNumber[number] }

  /// The number of an element type; 0 (undefined) for one that ONNX lacks.
  package static func number(_ t: DType) -> Int { byType[t]?.number ?? 0 }

  /// The name in operator facts: `tensor(float)` holds `float`.
  package static func name(_ t: DType) -> String { byType[t]?.name ?? t.rawValue }
}
