// Written by Schemas/generate-onnx-facts.py; do not edit.
// swift-format-ignore-file

/// Facts of every ONNX operator version; the format is described in the script that writes this file.
enum OnnxOperatorFacts {
  static let text = #"""
onnx 1.23.2
opset 1 ir 3
opset 5 ir 3
opset 6 ir 3
opset 7 ir 3
opset 8 ir 3
opset 9 ir 4
opset 10 ir 5
opset 11 ir 6
opset 12 ir 7
opset 13 ir 7
opset 14 ir 7
opset 15 ir 8
opset 16 ir 8
opset 17 ir 8
opset 18 ir 8
opset 19 ir 9
opset 20 ir 9
opset 21 ir 10
opset 22 ir 10
opset 23 ir 11
opset 24 ir 12
opset 25 ir 13
opset 26 ir 13
opset 27 ir 13
opset 28 ir 14
types 0 map(int64,double),map(int64,float),map(int64,string),map(string,double),map(string,float),map(string,int64)
types 1 map(int64,float),map(int64,string)
types 2 optional(seq(tensor(bfloat16))),optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(float4e2m1))),optional(seq(tensor(float6e2m3))),optional(seq(tensor(float6e3m2))),optional(seq(tensor(float8e4m3fn))),optional(seq(tensor(float8e4m3fnuz))),optional(seq(tensor(float8e5m2))),optional(seq(tensor(float8e5m2fnuz))),optional(seq(tensor(float8e8m0))),optional(seq(tensor(int16))),optional(seq(tensor(int2))),optional(seq(tensor(int32))),optional(seq(tensor(int4))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint2))),optional(seq(tensor(uint32))),optional(seq(tensor(uint4))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bfloat16)),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(float4e2m1)),optional(tensor(float6e2m3)),optional(tensor(float6e3m2)),optional(tensor(float8e4m3fn)),optional(tensor(float8e4m3fnuz)),optional(tensor(float8e5m2)),optional(tensor(float8e5m2fnuz)),optional(tensor(float8e8m0)),optional(tensor(int16)),optional(tensor(int2)),optional(tensor(int32)),optional(tensor(int4)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint2)),optional(tensor(uint32)),optional(tensor(uint4)),optional(tensor(uint64)),optional(tensor(uint8))
types 3 optional(seq(tensor(bfloat16))),optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(float4e2m1))),optional(seq(tensor(float6e2m3))),optional(seq(tensor(float6e3m2))),optional(seq(tensor(float8e4m3fn))),optional(seq(tensor(float8e4m3fnuz))),optional(seq(tensor(float8e5m2))),optional(seq(tensor(float8e5m2fnuz))),optional(seq(tensor(float8e8m0))),optional(seq(tensor(int16))),optional(seq(tensor(int2))),optional(seq(tensor(int32))),optional(seq(tensor(int4))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint2))),optional(seq(tensor(uint32))),optional(seq(tensor(uint4))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bfloat16)),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(float4e2m1)),optional(tensor(float6e2m3)),optional(tensor(float6e3m2)),optional(tensor(float8e4m3fn)),optional(tensor(float8e4m3fnuz)),optional(tensor(float8e5m2)),optional(tensor(float8e5m2fnuz)),optional(tensor(float8e8m0)),optional(tensor(int16)),optional(tensor(int2)),optional(tensor(int32)),optional(tensor(int4)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint2)),optional(tensor(uint32)),optional(tensor(uint4)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(float4e2m1)),seq(tensor(float6e2m3)),seq(tensor(float6e3m2)),seq(tensor(float8e4m3fn)),seq(tensor(float8e4m3fnuz)),seq(tensor(float8e5m2)),seq(tensor(float8e5m2fnuz)),seq(tensor(float8e8m0)),seq(tensor(int16)),seq(tensor(int2)),seq(tensor(int32)),seq(tensor(int4)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint2)),seq(tensor(uint32)),seq(tensor(uint4)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float6e2m3),tensor(float6e3m2),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 4 optional(seq(tensor(bfloat16))),optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bfloat16)),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(float4e2m1)),optional(tensor(float8e4m3fn)),optional(tensor(float8e4m3fnuz)),optional(tensor(float8e5m2)),optional(tensor(float8e5m2fnuz)),optional(tensor(float8e8m0)),optional(tensor(int16)),optional(tensor(int2)),optional(tensor(int32)),optional(tensor(int4)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint2)),optional(tensor(uint32)),optional(tensor(uint4)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(float4e2m1)),seq(tensor(float8e4m3fn)),seq(tensor(float8e4m3fnuz)),seq(tensor(float8e5m2)),seq(tensor(float8e5m2fnuz)),seq(tensor(float8e8m0)),seq(tensor(int16)),seq(tensor(int2)),seq(tensor(int32)),seq(tensor(int4)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint2)),seq(tensor(uint32)),seq(tensor(uint4)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 5 optional(seq(tensor(bfloat16))),optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bfloat16)),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(float4e2m1)),optional(tensor(float8e4m3fn)),optional(tensor(float8e4m3fnuz)),optional(tensor(float8e5m2)),optional(tensor(float8e5m2fnuz)),optional(tensor(float8e8m0)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int4)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint4)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(float4e2m1)),seq(tensor(float8e4m3fn)),seq(tensor(float8e4m3fnuz)),seq(tensor(float8e5m2)),seq(tensor(float8e5m2fnuz)),seq(tensor(float8e8m0)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int4)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint4)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 6 optional(seq(tensor(bfloat16))),optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bfloat16)),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(float4e2m1)),optional(tensor(float8e4m3fn)),optional(tensor(float8e4m3fnuz)),optional(tensor(float8e5m2)),optional(tensor(float8e5m2fnuz)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int4)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint4)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(float4e2m1)),seq(tensor(float8e4m3fn)),seq(tensor(float8e4m3fnuz)),seq(tensor(float8e5m2)),seq(tensor(float8e5m2fnuz)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int4)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint4)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 7 optional(seq(tensor(bfloat16))),optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bfloat16)),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(float8e4m3fn)),optional(tensor(float8e4m3fnuz)),optional(tensor(float8e5m2)),optional(tensor(float8e5m2fnuz)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int4)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint4)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(float8e4m3fn)),seq(tensor(float8e4m3fnuz)),seq(tensor(float8e5m2)),seq(tensor(float8e5m2fnuz)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int4)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint4)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 8 optional(seq(tensor(bfloat16))),optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bfloat16)),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(float8e4m3fn)),optional(tensor(float8e4m3fnuz)),optional(tensor(float8e5m2)),optional(tensor(float8e5m2fnuz)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(float8e4m3fn)),seq(tensor(float8e4m3fnuz)),seq(tensor(float8e5m2)),seq(tensor(float8e5m2fnuz)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 9 optional(seq(tensor(bfloat16))),optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bfloat16)),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 10 optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8))
types 11 optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 12 optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 13 optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 14 optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 15 optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 16 optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 17 optional(seq(tensor(bool))),optional(seq(tensor(complex128))),optional(seq(tensor(complex64))),optional(seq(tensor(double))),optional(seq(tensor(float))),optional(seq(tensor(float16))),optional(seq(tensor(int16))),optional(seq(tensor(int32))),optional(seq(tensor(int64))),optional(seq(tensor(int8))),optional(seq(tensor(string))),optional(seq(tensor(uint16))),optional(seq(tensor(uint32))),optional(seq(tensor(uint64))),optional(seq(tensor(uint8))),optional(tensor(bool)),optional(tensor(complex128)),optional(tensor(complex64)),optional(tensor(double)),optional(tensor(float)),optional(tensor(float16)),optional(tensor(int16)),optional(tensor(int32)),optional(tensor(int64)),optional(tensor(int8)),optional(tensor(string)),optional(tensor(uint16)),optional(tensor(uint32)),optional(tensor(uint64)),optional(tensor(uint8)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 18 seq(map(int64,float)),seq(map(string,float))
types 19 seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(float4e2m1)),seq(tensor(float6e2m3)),seq(tensor(float6e3m2)),seq(tensor(float8e4m3fn)),seq(tensor(float8e4m3fnuz)),seq(tensor(float8e5m2)),seq(tensor(float8e5m2fnuz)),seq(tensor(float8e8m0)),seq(tensor(int16)),seq(tensor(int2)),seq(tensor(int32)),seq(tensor(int4)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint2)),seq(tensor(uint32)),seq(tensor(uint4)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float6e2m3),tensor(float6e3m2),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 20 seq(tensor(bfloat16)),seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8))
types 21 seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8))
types 22 seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 23 seq(tensor(bool)),seq(tensor(complex128)),seq(tensor(complex64)),seq(tensor(double)),seq(tensor(float)),seq(tensor(float16)),seq(tensor(int16)),seq(tensor(int32)),seq(tensor(int64)),seq(tensor(int8)),seq(tensor(string)),seq(tensor(uint16)),seq(tensor(uint32)),seq(tensor(uint64)),seq(tensor(uint8)),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 24 tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 25 tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 26 tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 27 tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 28 tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 29 tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 30 tensor(bfloat16),tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 31 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float6e2m3),tensor(float6e3m2),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 32 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 33 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(uint16),tensor(uint2),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 34 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 35 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(float8e8m0),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 36 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 37 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 38 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 39 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint4),tensor(uint64),tensor(uint8)
types 40 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 41 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 42 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 43 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 44 tensor(bfloat16),tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(int32),tensor(int64),tensor(int8),tensor(uint32),tensor(uint64),tensor(uint8)
types 45 tensor(bfloat16),tensor(double),tensor(float),tensor(float16)
types 46 tensor(bfloat16),tensor(double),tensor(float),tensor(float16),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz)
types 47 tensor(bfloat16),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64)
types 48 tensor(bfloat16),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8)
types 49 tensor(bfloat16),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 50 tensor(bfloat16),tensor(double),tensor(float),tensor(float16),tensor(int32),tensor(int64)
types 51 tensor(bfloat16),tensor(double),tensor(float),tensor(float16),tensor(int32),tensor(int64),tensor(int8),tensor(uint32),tensor(uint64),tensor(uint8)
types 52 tensor(bfloat16),tensor(double),tensor(float),tensor(float16),tensor(int32),tensor(int64),tensor(uint32),tensor(uint64)
types 53 tensor(bfloat16),tensor(double),tensor(float),tensor(float16),tensor(int8),tensor(uint8)
types 54 tensor(bfloat16),tensor(float)
types 55 tensor(bfloat16),tensor(float),tensor(float16)
types 56 tensor(bfloat16),tensor(float),tensor(float16),tensor(float8e8m0)
types 57 tensor(bfloat16),tensor(float),tensor(float16),tensor(float8e8m0),tensor(int32)
types 58 tensor(bfloat16),tensor(float),tensor(float16),tensor(int32)
types 59 tensor(bool)
types 60 tensor(bool),tensor(complex128),tensor(complex64),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 61 tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(string),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 62 tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 63 tensor(bool),tensor(double),tensor(float),tensor(float16),tensor(int32),tensor(int64)
types 64 tensor(bool),tensor(int32),tensor(int64)
types 65 tensor(double),tensor(float)
types 66 tensor(double),tensor(float),tensor(float16)
types 67 tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8)
types 68 tensor(double),tensor(float),tensor(float16),tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 69 tensor(double),tensor(float),tensor(float16),tensor(int32),tensor(int64)
types 70 tensor(double),tensor(float),tensor(float16),tensor(int32),tensor(int64),tensor(int8),tensor(uint32),tensor(uint64),tensor(uint8)
types 71 tensor(double),tensor(float),tensor(float16),tensor(int32),tensor(int64),tensor(uint32),tensor(uint64)
types 72 tensor(double),tensor(float),tensor(float16),tensor(int8),tensor(uint8)
types 73 tensor(double),tensor(float),tensor(int16),tensor(int32),tensor(int64)
types 74 tensor(double),tensor(float),tensor(int16),tensor(int32),tensor(int64),tensor(string)
types 75 tensor(double),tensor(float),tensor(int32),tensor(int64)
types 76 tensor(double),tensor(float),tensor(int32),tensor(int64),tensor(string)
types 77 tensor(double),tensor(float),tensor(int32),tensor(int64),tensor(uint32),tensor(uint64)
types 78 tensor(double),tensor(float),tensor(int64),tensor(string)
types 79 tensor(float)
types 80 tensor(float),tensor(int32)
types 81 tensor(float),tensor(int64),tensor(string)
types 82 tensor(float4e2m1),tensor(float6e2m3),tensor(float6e3m2),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int8),tensor(uint16),tensor(uint2),tensor(uint4),tensor(uint8)
types 83 tensor(float4e2m1),tensor(float6e2m3),tensor(float6e3m2),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int2),tensor(int4),tensor(int8),tensor(uint16),tensor(uint2),tensor(uint4),tensor(uint8)
types 84 tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int2),tensor(int32),tensor(int4),tensor(int8),tensor(uint16),tensor(uint2),tensor(uint4),tensor(uint8)
types 85 tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int2),tensor(int4),tensor(int8),tensor(uint16),tensor(uint2),tensor(uint4),tensor(uint8)
types 86 tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int8),tensor(uint16),tensor(uint4),tensor(uint8)
types 87 tensor(float4e2m1),tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int4),tensor(int8),tensor(uint16),tensor(uint4),tensor(uint8)
types 88 tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int32),tensor(int4),tensor(int8),tensor(uint16),tensor(uint4),tensor(uint8)
types 89 tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int16),tensor(int4),tensor(int8),tensor(uint16),tensor(uint4),tensor(uint8)
types 90 tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int32),tensor(int8),tensor(uint8)
types 91 tensor(float8e4m3fn),tensor(float8e4m3fnuz),tensor(float8e5m2),tensor(float8e5m2fnuz),tensor(int8),tensor(uint8)
types 92 tensor(int16),tensor(int32),tensor(int64),tensor(int8),tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 93 tensor(int32)
types 94 tensor(int32),tensor(int64)
types 95 tensor(int32),tensor(int64),tensor(string)
types 96 tensor(int32),tensor(int8),tensor(uint8)
types 97 tensor(int64)
types 98 tensor(int64),tensor(string)
types 99 tensor(int8),tensor(uint8)
types 100 tensor(string)
types 101 tensor(uint16),tensor(uint32),tensor(uint64),tensor(uint8)
types 102 tensor(uint8)
ai.onnx|Abs|1|X:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|Abs|6|X:T|Y:T||T=#68|
ai.onnx|Abs|13|X:T|Y:T||T=#49|
ai.onnx|Acos|7|input:T|output:T||T=#66|
ai.onnx|Acos|22|input:T|output:T||T=#45|
ai.onnx|Acosh|9|input:T|output:T||T=#66|
ai.onnx|Acosh|22|input:T|output:T||T=#45|
ai.onnx|Add|1|A:T B:T|C:T|axis:i broadcast:i=0 consumed_inputs:is|T=#66|
ai.onnx|Add|6|A:T B:T|C:T|axis:i broadcast:i=0|T=#71|
ai.onnx|Add|7|A:T B:T|C:T||T=#71|
ai.onnx|Add|13|A:T B:T|C:T||T=#52|
ai.onnx|Add|14|A:T B:T|C:T||T=#49|
ai.onnx|AffineGrid|20|theta:T1 size:T2|grid:T1|align_corners:i=0|T1=#45 T2=#97|f
ai.onnx|And|1|A:T B:T|C:T1|axis:i broadcast:i=0|T=#59 T1=#59|
ai.onnx|And|7|A:T B:T|C:T1||T=#59 T1=#59|
ai.onnx|ArgMax|1|data:T|reduced:tensor(int64)|axis:i=0 keepdims:i=1|T=#68|
ai.onnx|ArgMax|11|data:T|reduced:tensor(int64)|axis:i=0 keepdims:i=1|T=#68|
ai.onnx|ArgMax|12|data:T|reduced:tensor(int64)|axis:i=0 keepdims:i=1 select_last_index:i=0|T=#68|
ai.onnx|ArgMax|13|data:T|reduced:tensor(int64)|axis:i=0 keepdims:i=1 select_last_index:i=0|T=#49|
ai.onnx|ArgMin|1|data:T|reduced:tensor(int64)|axis:i=0 keepdims:i=1|T=#68|
ai.onnx|ArgMin|11|data:T|reduced:tensor(int64)|axis:i=0 keepdims:i=1|T=#68|
ai.onnx|ArgMin|12|data:T|reduced:tensor(int64)|axis:i=0 keepdims:i=1 select_last_index:i=0|T=#68|
ai.onnx|ArgMin|13|data:T|reduced:tensor(int64)|axis:i=0 keepdims:i=1 select_last_index:i=0|T=#49|
ai.onnx|Asin|7|input:T|output:T||T=#66|
ai.onnx|Asin|22|input:T|output:T||T=#45|
ai.onnx|Asinh|9|input:T|output:T||T=#66|
ai.onnx|Asinh|22|input:T|output:T||T=#45|
ai.onnx|Atan|7|input:T|output:T||T=#66|
ai.onnx|Atan|22|input:T|output:T||T=#45|
ai.onnx|Atanh|9|input:T|output:T||T=#66|
ai.onnx|Atanh|22|input:T|output:T||T=#45|
ai.onnx|Attention|23|Q:T1 K:T1 V:T2 attn_mask?:U past_key?:T1 past_value?:T2|Y:T1 present_key?:T1 present_value?:T2 qk_matmul_output?:T1|is_causal:i=0 kv_num_heads:i q_num_heads:i qk_matmul_output_mode:i=0 scale:f softcap:f=0.0 softmax_precision:i|T1=#45 T2=#45 U=#43|c
ai.onnx|Attention|24|Q:T1 K:T1 V:T2 attn_mask?:U past_key?:T1 past_value?:T2 nonpad_kv_seqlen?:tensor(int64)|Y:T1 present_key?:T1 present_value?:T2 qk_matmul_output?:T1|is_causal:i=0 kv_num_heads:i q_num_heads:i qk_matmul_output_mode:i=0 scale:f softcap:f=0.0 softmax_precision:i|T1=#45 T2=#45 U=#43|c
ai.onnx|Attention|25|Q:T1 K:T1 V:T2 attn_mask?:U past_key?:T1 past_value?:T2 nonpad_kv_seqlen?:tensor(int64)|Y:T1 present_key?:T1 present_value?:T2 qk_matmul_output?:T1|is_causal:i=0 kv_num_heads:i left_window_size:i=-1 q_num_heads:i qk_matmul_output_mode:i=0 right_window_size:i=-1 scale:f softcap:f=0.0 softmax_precision:i|T1=#45 T2=#45 U=#43|c
ai.onnx|AveragePool|1|X:T|Y:T|auto_pad:s=NOTSET kernel_shape!:is pads:is strides:is|T=#66|
ai.onnx|AveragePool|7|X:T|Y:T|auto_pad:s=NOTSET count_include_pad:i=0 kernel_shape!:is pads:is strides:is|T=#66|
ai.onnx|AveragePool|10|X:T|Y:T|auto_pad:s=NOTSET ceil_mode:i=0 count_include_pad:i=0 kernel_shape!:is pads:is strides:is|T=#66|
ai.onnx|AveragePool|11|X:T|Y:T|auto_pad:s=NOTSET ceil_mode:i=0 count_include_pad:i=0 kernel_shape!:is pads:is strides:is|T=#66|
ai.onnx|AveragePool|19|X:T|Y:T|auto_pad:s=NOTSET ceil_mode:i=0 count_include_pad:i=0 dilations:is kernel_shape!:is pads:is strides:is|T=#66|
ai.onnx|AveragePool|22|X:T|Y:T|auto_pad:s=NOTSET ceil_mode:i=0 count_include_pad:i=0 dilations:is kernel_shape!:is pads:is strides:is|T=#45|
ai.onnx|BatchNormalization|1|X:T scale:T B:T mean:T var:T|Y:T mean?:T var?:T saved_mean?:T saved_var?:T|consumed_inputs!:is epsilon:f=9.999999747378752e-06 is_test:i=0 momentum:f=0.8999999761581421 spatial:i=1|T=#66|
ai.onnx|BatchNormalization|6|X:T scale:T B:T mean:T var:T|Y:T mean?:T var?:T saved_mean?:T saved_var?:T|epsilon:f=9.999999747378752e-06 is_test:i=0 momentum:f=0.8999999761581421 spatial:i=1|T=#66|
ai.onnx|BatchNormalization|7|X:T scale:T B:T mean:T var:T|Y:T mean?:T var?:T saved_mean?:T saved_var?:T|epsilon:f=9.999999747378752e-06 momentum:f=0.8999999761581421 spatial:i=1|T=#66|
ai.onnx|BatchNormalization|9|X:T scale:T B:T mean:T var:T|Y:T mean?:T var?:T saved_mean?:T saved_var?:T|epsilon:f=9.999999747378752e-06 momentum:f=0.8999999761581421|T=#66|
ai.onnx|BatchNormalization|14|X:T scale:T B:T input_mean:U input_var:U|Y:T running_mean?:U running_var?:U|epsilon:f=9.999999747378752e-06 momentum:f=0.8999999761581421 training_mode:i=0|T=#45 U=#45|
ai.onnx|BatchNormalization|15|X:T scale:T1 B:T1 input_mean:T2 input_var:T2|Y:T running_mean?:T2 running_var?:T2|epsilon:f=9.999999747378752e-06 momentum:f=0.8999999761581421 training_mode:i=0|T=#45 T1=#45 T2=#45|
ai.onnx|Bernoulli|15|input:T1|output:T2|dtype:i seed:f|T1=#66 T2=#43|c
ai.onnx|Bernoulli|22|input:T1|output:T2|dtype:i seed:f|T1=#45 T2=#43|c
ai.onnx|BitCast|26|input:T1|output:T2|to!:i|T1=#25 T2=#25|
ai.onnx|BitShift|11|X:T Y:T|Z:T|direction!:s|T=#101|
ai.onnx|BitShift|28|X:T Y:T|Z:T|direction!:s|T=#92|
ai.onnx|BitwiseAnd|18|A:T B:T|C:T||T=#92|
ai.onnx|BitwiseNot|18|X:T|Y:T||T=#92|
ai.onnx|BitwiseOr|18|A:T B:T|C:T||T=#92|
ai.onnx|BitwiseXor|18|A:T B:T|C:T||T=#92|
ai.onnx|BlackmanWindow|17|size:T1|output:T2|output_datatype:i=1 periodic:i=1|T1=#94 T2=#49|f
ai.onnx|Cast|1|input:T1|output:T2|to!:s|T1=#62 T2=#62|
ai.onnx|Cast|6|input:T1|output:T2|to!:i|T1=#62 T2=#62|
ai.onnx|Cast|9|input:T1|output:T2|to!:i|T1=#61 T2=#61|
ai.onnx|Cast|13|input:T1|output:T2|to!:i|T1=#42 T2=#42|
ai.onnx|Cast|19|input:T1|output:T2|saturate:i=1 to!:i|T1=#40 T2=#40|
ai.onnx|Cast|21|input:T1|output:T2|saturate:i=1 to!:i|T1=#38 T2=#38|
ai.onnx|Cast|23|input:T1|output:T2|saturate:i=1 to!:i|T1=#36 T2=#36|
ai.onnx|Cast|24|input:T1|output:T2|round_mode:s=up saturate:i=1 to!:i|T1=#34 T2=#34|
ai.onnx|Cast|25|input:T1|output:T2|round_mode:s=up saturate:i=1 to!:i|T1=#32 T2=#32|
ai.onnx|Cast|28|input:T1|output:T2|round_mode:s=up saturate:i=1 to!:i|T1=#31 T2=#31|
ai.onnx|CastLike|15|input:T1 target_type:T2|output:T2||T1=#42 T2=#42|c
ai.onnx|CastLike|19|input:T1 target_type:T2|output:T2|saturate:i=1|T1=#40 T2=#40|c
ai.onnx|CastLike|21|input:T1 target_type:T2|output:T2|saturate:i=1|T1=#38 T2=#38|c
ai.onnx|CastLike|23|input:T1 target_type:T2|output:T2|saturate:i=1|T1=#36 T2=#36|c
ai.onnx|CastLike|24|input:T1 target_type:T2|output:T2|round_mode:s=up saturate:i=1|T1=#34 T2=#34|c
ai.onnx|CastLike|25|input:T1 target_type:T2|output:T2|round_mode:s=up saturate:i=1|T1=#32 T2=#32|c
ai.onnx|CausalConvWithState|27|input:T weight:T bias?:T past_state?:T|output:T present_state:T|activation:s=none|T=#55|c
ai.onnx|Ceil|1|X:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|Ceil|6|X:T|Y:T||T=#66|
ai.onnx|Ceil|13|X:T|Y:T||T=#45|
ai.onnx|Celu|12|X:T|Y:T|alpha:f=1.0|T=#79|c
ai.onnx|Celu|28|X:T|Y:T|alpha:f=1.0|T=#45|f
ai.onnx|CenterCropPad|18|input_data:T shape:Tind|output_data:T|axes:is|T=#30 Tind=#94|c
ai.onnx|Clip|1|input:T|output:T|consumed_inputs:is max:f min:f|T=#66|
ai.onnx|Clip|6|input:T|output:T|max:f=3.4028234663852886e+38 min:f=-3.4028234663852886e+38|T=#66|
ai.onnx|Clip|11|input:T min?:T max?:T|output:T||T=#66|
ai.onnx|Clip|12|input:T min?:T max?:T|output:T||T=#68|
ai.onnx|Clip|13|input:T min?:T max?:T|output:T||T=#49|c
ai.onnx|Col2Im|18|input:T image_shape:tensor(int64) block_shape:tensor(int64)|output:T|dilations:is pads:is strides:is|T=#30|
ai.onnx|Compress|9|input:T condition:T1|output:T|axis:i|T=#60 T1=#59|
ai.onnx|Compress|11|input:T condition:T1|output:T|axis:i|T=#60 T1=#59|
ai.onnx|Compress|28|input:T condition:T1|output:T|axis:i|T=#30 T1=#59|
ai.onnx|Concat|1|inputs*1:T|concat_result:T|axis:i|T=#66|
ai.onnx|Concat|4|inputs*1:T|concat_result:T|axis!:i|T=#60|
ai.onnx|Concat|11|inputs*1:T|concat_result:T|axis!:i|T=#60|
ai.onnx|Concat|13|inputs*1:T|concat_result:T|axis!:i|T=#30|
ai.onnx|ConcatFromSequence|11|input_sequence:S|concat_result:T|axis!:i new_axis:i=0|S=#21 T=#60|
ai.onnx|Constant|1||output:T|value!:t|T=#66|
ai.onnx|Constant|9||output:T|value!:t|T=#60|
ai.onnx|Constant|11||output:T|sparse_value:sp value:t|T=#60|
ai.onnx|Constant|12||output:T|sparse_value:sp value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss|T=#60|
ai.onnx|Constant|13||output:T|sparse_value:sp value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss|T=#30|
ai.onnx|Constant|19||output:T|sparse_value:sp value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss|T=#29|
ai.onnx|Constant|21||output:T|sparse_value:sp value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss|T=#28|
ai.onnx|Constant|23||output:T|sparse_value:sp value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss|T=#27|
ai.onnx|Constant|24||output:T|sparse_value:sp value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss|T=#26|
ai.onnx|Constant|25||output:T|sparse_value:sp value:t value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss|T=#24|
ai.onnx|ConstantOfShape|9|input:T1|output:T2|value:t|T1=#97 T2=#62|
ai.onnx|ConstantOfShape|20|input:T1|output:T2|value:t|T1=#97 T2=#41|
ai.onnx|ConstantOfShape|21|input:T1|output:T2|value:t|T1=#97 T2=#39|
ai.onnx|ConstantOfShape|23|input:T1|output:T2|value:t|T1=#97 T2=#37|
ai.onnx|ConstantOfShape|24|input:T1|output:T2|value:t|T1=#97 T2=#35|
ai.onnx|ConstantOfShape|25|input:T1|output:T2|value:t|T1=#97 T2=#33|
ai.onnx|Conv|1|X:T W:T B?:T|Y:T|auto_pad:s=NOTSET dilations:is group:i=1 kernel_shape:is pads:is strides:is|T=#66|
ai.onnx|Conv|11|X:T W:T B?:T|Y:T|auto_pad:s=NOTSET dilations:is group:i=1 kernel_shape:is pads:is strides:is|T=#66|
ai.onnx|Conv|22|X:T W:T B?:T|Y:T|auto_pad:s=NOTSET dilations:is group:i=1 kernel_shape:is pads:is strides:is|T=#45|
ai.onnx|ConvInteger|10|x:T1 w:T2 x_zero_point?:T1 w_zero_point?:T2|y:T3|auto_pad:s=NOTSET dilations:is group:i=1 kernel_shape:is pads:is strides:is|T1=#99 T2=#99 T3=#93|
ai.onnx|ConvTranspose|1|X:T W:T B?:T|Y:T|auto_pad:s=NOTSET dilations:is group:i=1 kernel_shape:is output_padding:is output_shape:is pads:is strides:is|T=#66|
ai.onnx|ConvTranspose|11|X:T W:T B?:T|Y:T|auto_pad:s=NOTSET dilations:is group:i=1 kernel_shape:is output_padding:is output_shape:is pads:is strides:is|T=#66|
ai.onnx|ConvTranspose|22|X:T W:T B?:T|Y:T|auto_pad:s=NOTSET dilations:is group:i=1 kernel_shape:is output_padding:is output_shape:is pads:is strides:is|T=#45|
ai.onnx|Cos|7|input:T|output:T||T=#66|
ai.onnx|Cos|22|input:T|output:T||T=#45|
ai.onnx|Cosh|9|input:T|output:T||T=#66|
ai.onnx|Cosh|22|input:T|output:T||T=#45|
ai.onnx|CumProd|26|x:T axis:T2|y:T|exclusive:i=0 reverse:i=0|T=#52 T2=#94|
ai.onnx|CumSum|11|x:T axis:T2|y:T|exclusive:i=0 reverse:i=0|T=#77 T2=#94|
ai.onnx|CumSum|14|x:T axis:T2|y:T|exclusive:i=0 reverse:i=0|T=#52 T2=#94|
ai.onnx|DFT|17|input:T1 dft_length?:T2|output:T1|axis:i=1 inverse:i=0 onesided:i=0|T1=#45 T2=#94|
ai.onnx|DFT|20|input:T1 dft_length?:T2 axis?:tensor(int64)|output:T1|inverse:i=0 onesided:i=0|T1=#45 T2=#94|
ai.onnx|DeformConv|19|X:T W:T offset:T B?:T mask?:T|Y:T|dilations:is group:i=1 kernel_shape:is offset_group:i=1 pads:is strides:is|T=#66|
ai.onnx|DeformConv|22|X:T W:T offset:T B?:T mask?:T|Y:T|dilations:is group:i=1 kernel_shape:is offset_group:i=1 pads:is strides:is|T=#45|
ai.onnx|DepthToSpace|1|input:T|output:T|blocksize!:i|T=#60|
ai.onnx|DepthToSpace|11|input:T|output:T|blocksize!:i mode:s=DCR|T=#60|
ai.onnx|DepthToSpace|13|input:T|output:T|blocksize!:i mode:s=DCR|T=#30|
ai.onnx|DepthToSpace|28|input:T|output:T|blocksize!:i mode:s=DCR|T=#30|c
ai.onnx|DequantizeLinear|10|x:T x_scale:tensor(float) x_zero_point?:T|y:tensor(float)||T=#96|
ai.onnx|DequantizeLinear|13|x:T x_scale:tensor(float) x_zero_point?:T|y:tensor(float)|axis:i=1|T=#96|
ai.onnx|DequantizeLinear|19|x:T1 x_scale:T2 x_zero_point?:T1|y:T2|axis:i=1|T1=#90 T2=#55|
ai.onnx|DequantizeLinear|21|x:T1 x_scale:T2 x_zero_point?:T1|y:T2|axis:i=1 block_size:i=0|T1=#88 T2=#55|
ai.onnx|DequantizeLinear|23|x:T1 x_scale:T2 x_zero_point?:T1|y:T3|axis:i=1 block_size:i=0 output_dtype:i=0|T1=#86 T2=#55 T3=#55|
ai.onnx|DequantizeLinear|24|x:T1 x_scale:T2 x_zero_point?:T1|y:T3|axis:i=1 block_size:i=0 output_dtype:i=0|T1=#86 T2=#56 T3=#55|
ai.onnx|DequantizeLinear|25|x:T1 x_scale:T2 x_zero_point?:T1|y:T3|axis:i=1 block_size:i=0 output_dtype:i=0|T1=#84 T2=#56 T3=#55|
ai.onnx|DequantizeLinear|28|x:T1 x_scale:T2 x_zero_point?:T1|y:T3|axis:i=1 block_size:i=0 output_dtype:i=0|T1=#82 T2=#56 T3=#55|
ai.onnx|Det|11|X:T|Y:T||T=#66|
ai.onnx|Det|22|X:T|Y:T||T=#45|
ai.onnx|Div|1|A:T B:T|C:T|axis:i broadcast:i=0 consumed_inputs:is|T=#66|
ai.onnx|Div|6|A:T B:T|C:T|axis:i broadcast:i=0|T=#71|
ai.onnx|Div|7|A:T B:T|C:T||T=#71|
ai.onnx|Div|13|A:T B:T|C:T||T=#52|
ai.onnx|Div|14|A:T B:T|C:T||T=#49|
ai.onnx|Dropout|1|data:T|output:T mask?:T|consumed_inputs:is is_test:i=0 ratio:f=0.5|T=#66|
ai.onnx|Dropout|6|data:T|output:T mask?:T|is_test:i=0 ratio:f=0.5|T=#66|
ai.onnx|Dropout|7|data:T|output:T mask?:T|ratio:f=0.5|T=#66|
ai.onnx|Dropout|10|data:T|output:T mask?:T1|ratio:f=0.5|T=#66 T1=#59|
ai.onnx|Dropout|12|data:T ratio?:T1 training_mode?:T2|output:T mask?:T2|seed:i|T=#66 T1=#66 T2=#59|
ai.onnx|Dropout|13|data:T ratio?:T1 training_mode?:T2|output:T mask?:T2|seed:i|T=#45 T1=#66 T2=#59|
ai.onnx|Dropout|22|data:T ratio?:T1 training_mode?:T2|output:T mask?:T2|seed:i|T=#46 T1=#46 T2=#59|
ai.onnx|DynamicQuantizeLinear|11|x:T1|y:T2 y_scale:tensor(float) y_zero_point:T2||T1=#79 T2=#102|f
ai.onnx|Einsum|12|Inputs*1:T|Output:T|equation!:s|T=#68|
ai.onnx|Einsum|28|Inputs*1:T|Output:T|equation!:s|T=#49|
ai.onnx|Elu|1|X:T|Y:T|alpha:f=1.0 consumed_inputs:is|T=#66|
ai.onnx|Elu|6|X:T|Y:T|alpha:f=1.0|T=#66|f
ai.onnx|Elu|22|X:T|Y:T|alpha:f=1.0|T=#45|f
ai.onnx|Equal|1|A:T B:T|C:T1|axis:i broadcast:i=0|T=#64 T1=#59|
ai.onnx|Equal|7|A:T B:T|C:T1||T=#64 T1=#59|
ai.onnx|Equal|11|A:T B:T|C:T1||T=#62 T1=#59|
ai.onnx|Equal|13|A:T B:T|C:T1||T=#43 T1=#59|
ai.onnx|Equal|19|A:T B:T|C:T1||T=#42 T1=#59|
ai.onnx|Erf|9|input:T|output:T||T=#68|
ai.onnx|Erf|13|input:T|output:T||T=#45|
ai.onnx|Exp|1|input:T|output:T|consumed_inputs:is|T=#66|
ai.onnx|Exp|6|input:T|output:T||T=#66|
ai.onnx|Exp|13|input:T|output:T||T=#45|
ai.onnx|Expand|8|input:T shape:tensor(int64)|output:T||T=#60|
ai.onnx|Expand|13|input:T shape:tensor(int64)|output:T||T=#30|
ai.onnx|EyeLike|9|input:T1|output:T2|dtype:i k:i=0|T1=#62 T2=#62|
ai.onnx|EyeLike|22|input:T1|output:T2|dtype:i k:i=0|T1=#43 T2=#43|
ai.onnx|Flatten|1|input:T|output:T|axis:i=1|T=#66|
ai.onnx|Flatten|9|input:T|output:T|axis:i=1|T=#60|
ai.onnx|Flatten|11|input:T|output:T|axis:i=1|T=#60|
ai.onnx|Flatten|13|input:T|output:T|axis:i=1|T=#30|
ai.onnx|Flatten|21|input:T|output:T|axis:i=1|T=#28|
ai.onnx|Flatten|23|input:T|output:T|axis:i=1|T=#27|
ai.onnx|Flatten|24|input:T|output:T|axis:i=1|T=#26|
ai.onnx|Flatten|25|input:T|output:T|axis:i=1|T=#24|
ai.onnx|Floor|1|X:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|Floor|6|X:T|Y:T||T=#66|
ai.onnx|Floor|13|X:T|Y:T||T=#45|
ai.onnx|GRU|1|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=foward hidden_size:i output_sequence:i=0|T=#66 T1=#93|
ai.onnx|GRU|3|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h?:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=forward hidden_size:i linear_before_reset:i=0 output_sequence:i=0|T=#66 T1=#93|
ai.onnx|GRU|7|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h?:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=forward hidden_size:i linear_before_reset:i=0|T=#66 T1=#93|
ai.onnx|GRU|14|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h?:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=forward hidden_size:i layout:i=0 linear_before_reset:i=0|T=#66 T1=#93|
ai.onnx|GRU|22|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h?:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=forward hidden_size:i layout:i=0 linear_before_reset:i=0|T=#45 T1=#93|
ai.onnx|Gather|1|data:T indices:Tind|output:T|axis:i=0|T=#60 Tind=#94|
ai.onnx|Gather|11|data:T indices:Tind|output:T|axis:i=0|T=#60 Tind=#94|
ai.onnx|Gather|13|data:T indices:Tind|output:T|axis:i=0|T=#30 Tind=#94|
ai.onnx|GatherElements|11|data:T indices:Tind|output:T|axis:i=0|T=#60 Tind=#94|
ai.onnx|GatherElements|13|data:T indices:Tind|output:T|axis:i=0|T=#30 Tind=#94|
ai.onnx|GatherND|11|data:T indices:tensor(int64)|output:T||T=#60|
ai.onnx|GatherND|12|data:T indices:tensor(int64)|output:T|batch_dims:i=0|T=#60|
ai.onnx|GatherND|13|data:T indices:tensor(int64)|output:T|batch_dims:i=0|T=#30|
ai.onnx|Gelu|20|X:T|Y:T|approximate:s=none|T=#45|c
ai.onnx|Gemm|1|A:T B:T C:T|Y:T|alpha:f=1.0 beta:f=1.0 broadcast:i=0 transA:i=0 transB:i=0|T=#66|
ai.onnx|Gemm|6|A:T B:T C:T|Y:T|alpha:f=1.0 beta:f=1.0 broadcast:i=0 transA:i=0 transB:i=0|T=#66|
ai.onnx|Gemm|7|A:T B:T C:T|Y:T|alpha:f=1.0 beta:f=1.0 transA:i=0 transB:i=0|T=#66|
ai.onnx|Gemm|9|A:T B:T C:T|Y:T|alpha:f=1.0 beta:f=1.0 transA:i=0 transB:i=0|T=#71|
ai.onnx|Gemm|11|A:T B:T C?:T|Y:T|alpha:f=1.0 beta:f=1.0 transA:i=0 transB:i=0|T=#71|
ai.onnx|Gemm|13|A:T B:T C?:T|Y:T|alpha:f=1.0 beta:f=1.0 transA:i=0 transB:i=0|T=#52|
ai.onnx|GlobalAveragePool|1|X:T|Y:T||T=#66|
ai.onnx|GlobalAveragePool|22|X:T|Y:T||T=#45|
ai.onnx|GlobalLpPool|1|X:T|Y:T|p:f=2.0|T=#66|
ai.onnx|GlobalLpPool|2|X:T|Y:T|p:i=2|T=#66|
ai.onnx|GlobalLpPool|22|X:T|Y:T|p:i=2|T=#45|
ai.onnx|GlobalMaxPool|1|X:T|Y:T||T=#66|
ai.onnx|GlobalMaxPool|22|X:T|Y:T||T=#45|
ai.onnx|Greater|1|A:T B:T|C:T1|axis:i broadcast:i=0|T=#66 T1=#59|
ai.onnx|Greater|7|A:T B:T|C:T1||T=#66 T1=#59|
ai.onnx|Greater|9|A:T B:T|C:T1||T=#68 T1=#59|
ai.onnx|Greater|13|A:T B:T|C:T1||T=#49 T1=#59|
ai.onnx|GreaterOrEqual|12|A:T B:T|C:T1||T=#68 T1=#59|f
ai.onnx|GreaterOrEqual|16|A:T B:T|C:T1||T=#49 T1=#59|f
ai.onnx|GridSample|16|X:T1 grid:T2|Y:T1|align_corners:i=0 mode:s=bilinear padding_mode:s=zeros|T1=#60 T2=#66|
ai.onnx|GridSample|20|X:T1 grid:T2|Y:T1|align_corners:i=0 mode:s=linear padding_mode:s=zeros|T1=#60 T2=#66|
ai.onnx|GridSample|22|X:T1 grid:T2|Y:T1|align_corners:i=0 mode:s=linear padding_mode:s=zeros|T1=#30 T2=#45|
ai.onnx|GroupNormalization|18|X:T scale:T bias:T|Y:T|epsilon:f=9.999999747378752e-06 num_groups!:i|T=#45|dc
ai.onnx|GroupNormalization|21|X:T scale:T bias:T|Y:T|epsilon:f=9.999999747378752e-06 num_groups!:i stash_type:i=1|T=#45|c
ai.onnx|HammingWindow|17|size:T1|output:T2|output_datatype:i=1 periodic:i=1|T1=#94 T2=#49|f
ai.onnx|HannWindow|17|size:T1|output:T2|output_datatype:i=1 periodic:i=1|T1=#94 T2=#49|f
ai.onnx|HardSigmoid|1|X:T|Y:T|alpha:f=0.20000000298023224 beta:f=0.5 consumed_inputs:is|T=#66|
ai.onnx|HardSigmoid|6|X:T|Y:T|alpha:f=0.20000000298023224 beta:f=0.5|T=#66|f
ai.onnx|HardSigmoid|22|X:T|Y:T|alpha:f=0.20000000298023224 beta:f=0.5|T=#45|f
ai.onnx|HardSwish|14|X:T|Y:T||T=#66|f
ai.onnx|HardSwish|22|X:T|Y:T||T=#45|f
ai.onnx|Hardmax|1|input:T|output:T|axis:i=1|T=#66|
ai.onnx|Hardmax|11|input:T|output:T|axis:i=1|T=#66|
ai.onnx|Hardmax|13|input:T|output:T|axis:i=-1|T=#45|
ai.onnx|Identity|1|input:T|output:T||T=#60|
ai.onnx|Identity|13|input:T|output:T||T=#30|
ai.onnx|Identity|14|input:V|output:V||V=#22|
ai.onnx|Identity|16|input:V|output:V||V=#16|
ai.onnx|Identity|19|input:V|output:V||V=#15|
ai.onnx|Identity|21|input:V|output:V||V=#14|
ai.onnx|Identity|23|input:V|output:V||V=#13|
ai.onnx|Identity|24|input:V|output:V||V=#12|
ai.onnx|Identity|25|input:V|output:V||V=#11|
ai.onnx|If|1|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#60 B=#59|
ai.onnx|If|11|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#60 B=#59|
ai.onnx|If|13|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#23 B=#59|
ai.onnx|If|16|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#9 B=#59|
ai.onnx|If|19|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#8 B=#59|
ai.onnx|If|21|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#7 B=#59|
ai.onnx|If|23|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#6 B=#59|
ai.onnx|If|24|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#5 B=#59|
ai.onnx|If|25|cond:B|outputs+1:V|else_branch!:g then_branch!:g|V=#4 B=#59|
ai.onnx|ImageDecoder|20|encoded_stream:T1|image:T2|pixel_format:s=RGB|T1=#102 T2=#102|
ai.onnx|InstanceNormalization|1|input:T scale:T B:T|output:T|consumed_inputs:is epsilon:f=9.999999747378752e-06|T=#66|
ai.onnx|InstanceNormalization|6|input:T scale:T B:T|output:T|epsilon:f=9.999999747378752e-06|T=#66|
ai.onnx|InstanceNormalization|22|input:T scale:T B:T|output:T|epsilon:f=9.999999747378752e-06|T=#45|
ai.onnx|IsInf|10|X:T1|Y:T2|detect_negative:i=1 detect_positive:i=1|T1=#65 T2=#59|
ai.onnx|IsInf|20|X:T1|Y:T2|detect_negative:i=1 detect_positive:i=1|T1=#46 T2=#59|
ai.onnx|IsNaN|9|X:T1|Y:T2||T1=#66 T2=#59|
ai.onnx|IsNaN|13|X:T1|Y:T2||T1=#45 T2=#59|
ai.onnx|IsNaN|20|X:T1|Y:T2||T1=#46 T2=#59|
ai.onnx|LRN|1|X:T|Y:T|alpha:f=9.999999747378752e-05 beta:f=0.75 bias:f=1.0 size!:i|T=#66|
ai.onnx|LRN|13|X:T|Y:T|alpha:f=9.999999747378752e-05 beta:f=0.75 bias:f=1.0 size!:i|T=#45|
ai.onnx|LSTM|1|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T initial_c?:T P?:T|Y?:T Y_h?:T Y_c?:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=forward hidden_size:i input_forget:i=0 output_sequence:i=0|T=#66 T1=#93|
ai.onnx|LSTM|7|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T initial_c?:T P?:T|Y?:T Y_h?:T Y_c?:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=forward hidden_size:i input_forget:i=0|T=#66 T1=#93|
ai.onnx|LSTM|14|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T initial_c?:T P?:T|Y?:T Y_h?:T Y_c?:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=forward hidden_size:i input_forget:i=0 layout:i=0|T=#66 T1=#93|
ai.onnx|LSTM|22|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T initial_c?:T P?:T|Y?:T Y_h?:T Y_c?:T|activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s=forward hidden_size:i input_forget:i=0 layout:i=0|T=#45 T1=#93|
ai.onnx|LayerNormalization|17|X:T Scale:T B?:T|Y:T Mean?:U InvStdDev?:U|axis:i=-1 epsilon:f=9.999999747378752e-06 stash_type:i=1|T=#45 U=#54|c
ai.onnx|LeakyRelu|1|X:T|Y:T|alpha:f=0.009999999776482582 consumed_inputs:is|T=#66|
ai.onnx|LeakyRelu|6|X:T|Y:T|alpha:f=0.009999999776482582|T=#66|
ai.onnx|LeakyRelu|16|X:T|Y:T|alpha:f=0.009999999776482582|T=#45|f
ai.onnx|Less|1|A:T B:T|C:T1|axis:i broadcast:i=0|T=#66 T1=#59|
ai.onnx|Less|7|A:T B:T|C:T1||T=#66 T1=#59|
ai.onnx|Less|9|A:T B:T|C:T1||T=#68 T1=#59|
ai.onnx|Less|13|A:T B:T|C:T1||T=#49 T1=#59|
ai.onnx|LessOrEqual|12|A:T B:T|C:T1||T=#68 T1=#59|f
ai.onnx|LessOrEqual|16|A:T B:T|C:T1||T=#49 T1=#59|f
ai.onnx|LinearAttention|27|query:T key:T value:T past_state?:S decay?:T beta?:T|output:T present_state:S|chunk_size:i=64 kv_num_heads!:i q_num_heads!:i scale:f=0.0 update_rule:s=gated_delta|T=#55 S=#55|c
ai.onnx|Log|1|input:T|output:T|consumed_inputs:is|T=#66|
ai.onnx|Log|6|input:T|output:T||T=#66|
ai.onnx|Log|13|input:T|output:T||T=#45|
ai.onnx|LogSoftmax|1|input:T|output:T|axis:i=1|T=#66|
ai.onnx|LogSoftmax|11|input:T|output:T|axis:i=1|T=#66|
ai.onnx|LogSoftmax|13|input:T|output:T|axis:i=-1|T=#45|c
ai.onnx|Loop|1|M?:I cond?:B v_initial+1:V|v_final_and_scan_outputs+1:V|body!:g|V=#60 I=#97 B=#59|
ai.onnx|Loop|11|M?:I cond?:B v_initial+0:V|v_final_and_scan_outputs+1:V|body!:g|V=#60 I=#97 B=#59|
ai.onnx|Loop|13|M?:I cond?:B v_initial+0:V|v_final_and_scan_outputs+1:V|body!:g|V=#23 I=#97 B=#59|
ai.onnx|Loop|16|M?:I cond?:B v_initial+0:V|v_final_and_scan_outputs+1:V|body!:g|V=#9 I=#97 B=#59|
ai.onnx|Loop|19|M?:I cond?:B v_initial+0:V|v_final_and_scan_outputs+1:V|body!:g|V=#8 I=#97 B=#59|
ai.onnx|Loop|21|M?:I cond?:B v_initial+0:V|v_final_and_scan_outputs+1:V|body!:g|V=#7 I=#97 B=#59|
ai.onnx|Loop|23|M?:I cond?:B v_initial+0:V|v_final_and_scan_outputs+1:V|body!:g|V=#6 I=#97 B=#59|
ai.onnx|Loop|24|M?:I cond?:B v_initial+0:V|v_final_and_scan_outputs+1:V|body!:g|V=#5 I=#97 B=#59|
ai.onnx|Loop|25|M?:I cond?:B v_initial+0:V|v_final_and_scan_outputs+1:V|body!:g|V=#4 I=#97 B=#59|
ai.onnx|LpNormalization|1|input:T|output:T|axis:i=-1 p:i=2|T=#66|
ai.onnx|LpNormalization|22|input:T|output:T|axis:i=-1 p:i=2|T=#45|
ai.onnx|LpPool|1|X:T|Y:T|auto_pad:s=NOTSET kernel_shape:is p:f=2.0 pads:is strides:is|T=#66|
ai.onnx|LpPool|2|X:T|Y:T|auto_pad:s=NOTSET kernel_shape!:is p:i=2 pads:is strides:is|T=#66|
ai.onnx|LpPool|11|X:T|Y:T|auto_pad:s=NOTSET kernel_shape!:is p:i=2 pads:is strides:is|T=#66|
ai.onnx|LpPool|18|X:T|Y:T|auto_pad:s=NOTSET ceil_mode:i=0 dilations:is kernel_shape!:is p:i=2 pads:is strides:is|T=#66|
ai.onnx|LpPool|22|X:T|Y:T|auto_pad:s=NOTSET ceil_mode:i=0 dilations:is kernel_shape!:is p:i=2 pads:is strides:is|T=#45|
ai.onnx|MatMul|1|A:T B:T|Y:T||T=#66|
ai.onnx|MatMul|9|A:T B:T|Y:T||T=#71|
ai.onnx|MatMul|13|A:T B:T|Y:T||T=#52|
ai.onnx|MatMulInteger|10|A:T1 B:T2 a_zero_point?:T1 b_zero_point?:T2|Y:T3||T1=#99 T2=#99 T3=#93|
ai.onnx|Max|1|data_0*1:T|max:T|consumed_inputs:is|T=#66|
ai.onnx|Max|6|data_0*1:T|max:T||T=#66|
ai.onnx|Max|8|data_0*1:T|max:T||T=#66|
ai.onnx|Max|12|data_0*1:T|max:T||T=#68|
ai.onnx|Max|13|data_0*1:T|max:T||T=#49|
ai.onnx|MaxPool|1|X:T|Y:T|auto_pad:s=NOTSET kernel_shape!:is pads:is strides:is|T=#66|
ai.onnx|MaxPool|8|X:T|Y:T Indices?:I|auto_pad:s=NOTSET kernel_shape!:is pads:is storage_order:i=0 strides:is|T=#66 I=#97|
ai.onnx|MaxPool|10|X:T|Y:T Indices?:I|auto_pad:s=NOTSET ceil_mode:i=0 dilations:is kernel_shape!:is pads:is storage_order:i=0 strides:is|T=#66 I=#97|
ai.onnx|MaxPool|11|X:T|Y:T Indices?:I|auto_pad:s=NOTSET ceil_mode:i=0 dilations:is kernel_shape!:is pads:is storage_order:i=0 strides:is|T=#66 I=#97|
ai.onnx|MaxPool|12|X:T|Y:T Indices?:I|auto_pad:s=NOTSET ceil_mode:i=0 dilations:is kernel_shape!:is pads:is storage_order:i=0 strides:is|T=#72 I=#97|
ai.onnx|MaxPool|22|X:T|Y:T Indices?:I|auto_pad:s=NOTSET ceil_mode:i=0 dilations:is kernel_shape!:is pads:is storage_order:i=0 strides:is|T=#53 I=#97|
ai.onnx|MaxRoiPool|1|X:T rois:T|Y:T|pooled_shape!:is spatial_scale:f=1.0|T=#66|
ai.onnx|MaxRoiPool|22|X:T rois:T|Y:T|pooled_shape!:is spatial_scale:f=1.0|T=#45|
ai.onnx|MaxUnpool|9|X:T1 I:T2 output_shape?:T2|output:T1|kernel_shape!:is pads:is strides:is|T1=#66 T2=#97|
ai.onnx|MaxUnpool|11|X:T1 I:T2 output_shape?:T2|output:T1|kernel_shape!:is pads:is strides:is|T1=#66 T2=#97|
ai.onnx|MaxUnpool|22|X:T1 I:T2 output_shape?:T2|output:T1|kernel_shape!:is pads:is strides:is|T1=#45 T2=#97|
ai.onnx|Mean|1|data_0*1:T|mean:T|consumed_inputs:is|T=#66|
ai.onnx|Mean|6|data_0*1:T|mean:T||T=#66|
ai.onnx|Mean|8|data_0*1:T|mean:T||T=#66|
ai.onnx|Mean|13|data_0*1:T|mean:T||T=#45|
ai.onnx|MeanVarianceNormalization|9|X:T|Y:T|axes:is=0,2,3|T=#66|f
ai.onnx|MeanVarianceNormalization|13|X:T|Y:T|axes:is=0,2,3|T=#45|f
ai.onnx|MelWeightMatrix|17|num_mel_bins:T1 dft_length:T1 sample_rate:T1 lower_edge_hertz:T2 upper_edge_hertz:T2|output:T3|output_datatype:i=1|T1=#94 T2=#45 T3=#49|
ai.onnx|Min|1|data_0*1:T|min:T|consumed_inputs:is|T=#66|
ai.onnx|Min|6|data_0*1:T|min:T||T=#66|
ai.onnx|Min|8|data_0*1:T|min:T||T=#66|
ai.onnx|Min|12|data_0*1:T|min:T||T=#68|
ai.onnx|Min|13|data_0*1:T|min:T||T=#49|
ai.onnx|Mish|18|X:T|Y:T||T=#66|f
ai.onnx|Mish|22|X:T|Y:T||T=#45|f
ai.onnx|Mod|10|A:T B:T|C:T|fmod:i=0|T=#68|
ai.onnx|Mod|13|A:T B:T|C:T|fmod:i=0|T=#49|
ai.onnx|Mod|28|A:T B:T|C:T|fmod:i=0|T=#49|
ai.onnx|Mul|1|A:T B:T|C:T|axis:i broadcast:i=0 consumed_inputs:is|T=#66|
ai.onnx|Mul|6|A:T B:T|C:T|axis:i broadcast:i=0|T=#71|
ai.onnx|Mul|7|A:T B:T|C:T||T=#71|
ai.onnx|Mul|13|A:T B:T|C:T||T=#52|
ai.onnx|Mul|14|A:T B:T|C:T||T=#49|
ai.onnx|Multinomial|7|input:T1|output:T2|dtype:i=6 sample_size:i=1 seed:f|T1=#66 T2=#94|
ai.onnx|Multinomial|22|input:T1|output:T2|dtype:i=6 sample_size:i=1 seed:f|T1=#45 T2=#94|
ai.onnx|Neg|1|X:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|Neg|6|X:T|Y:T||T=#67|
ai.onnx|Neg|13|X:T|Y:T||T=#48|
ai.onnx|NegativeLogLikelihoodLoss|12|input:T target:Tind weight?:T|loss:T|ignore_index:i reduction:s=mean|T=#66 Tind=#94|c
ai.onnx|NegativeLogLikelihoodLoss|13|input:T target:Tind weight?:T|loss:T|ignore_index:i reduction:s=mean|T=#66 Tind=#94|c
ai.onnx|NegativeLogLikelihoodLoss|22|input:T target:Tind weight?:T|loss:T|ignore_index:i reduction:s=mean|T=#45 Tind=#94|c
ai.onnx|NonMaxSuppression|10|boxes:tensor(float) scores:tensor(float) max_output_boxes_per_class?:tensor(int64) iou_threshold?:tensor(float) score_threshold?:tensor(float)|selected_indices:tensor(int64)|center_point_box:i=0||
ai.onnx|NonMaxSuppression|11|boxes:tensor(float) scores:tensor(float) max_output_boxes_per_class?:tensor(int64) iou_threshold?:tensor(float) score_threshold?:tensor(float)|selected_indices:tensor(int64)|center_point_box:i=0||
ai.onnx|NonZero|9|X:T|Y:tensor(int64)||T=#60|
ai.onnx|NonZero|13|X:T|Y:tensor(int64)||T=#30|
ai.onnx|Not|1|X:T|Y:T||T=#59|
ai.onnx|OneHot|9|indices:T1 depth:T2 values:T3|output:T3|axis:i=-1|T1=#68 T2=#68 T3=#60|
ai.onnx|OneHot|11|indices:T1 depth:T2 values:T3|output:T3|axis:i=-1|T1=#68 T2=#68 T3=#60|
ai.onnx|OneHot|28|indices:T1 depth:T2 values:T3|output:T3|axis:i=-1|T1=#68 T2=#68 T3=#30|
ai.onnx|Optional|15|input?:V|output:O|type:tp|V=#23 O=#10|
ai.onnx|Optional|28|input?:V|output:O|type:tp|V=#19 O=#2|
ai.onnx|OptionalGetElement|15|input:O|output:V||O=#10 V=#23|
ai.onnx|OptionalGetElement|18|input:O|output:V||O=#17 V=#23|
ai.onnx|OptionalGetElement|28|input:O|output:V||O=#3 V=#19|
ai.onnx|OptionalHasElement|15|input:O|output:B||O=#10 B=#59|
ai.onnx|OptionalHasElement|18|input?:O|output:B||O=#17 B=#59|
ai.onnx|OptionalHasElement|28|input?:O|output:B||O=#3 B=#59|
ai.onnx|Or|1|A:T B:T|C:T1|axis:i broadcast:i=0|T=#59 T1=#59|
ai.onnx|Or|7|A:T B:T|C:T1||T=#59 T1=#59|
ai.onnx|PRelu|1|X:T slope:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|PRelu|6|X:T slope:T|Y:T||T=#66|
ai.onnx|PRelu|7|X:T slope:T|Y:T||T=#66|
ai.onnx|PRelu|9|X:T slope:T|Y:T||T=#71|
ai.onnx|PRelu|16|X:T slope:T|Y:T||T=#52|f
ai.onnx|Pad|1|data:T|output:T|mode:s=constant paddings!:is value:f=0.0|T=#66|
ai.onnx|Pad|2|data:T|output:T|mode:s=constant pads!:is value:f=0.0|T=#66|
ai.onnx|Pad|11|data:T pads:tensor(int64) constant_value?:T|output:T|mode:s=constant|T=#68|
ai.onnx|Pad|13|data:T pads:tensor(int64) constant_value?:T|output:T|mode:s=constant|T=#30|
ai.onnx|Pad|18|data:T pads:tensor(int64) constant_value?:T axes?:Tind|output:T|mode:s=constant|T=#30 Tind=#94|
ai.onnx|Pad|19|data:T pads:tensor(int64) constant_value?:T axes?:Tind|output:T|mode:s=constant|T=#30 Tind=#94|
ai.onnx|Pad|21|data:T pads:tensor(int64) constant_value?:T axes?:Tind|output:T|mode:s=constant|T=#28 Tind=#94|
ai.onnx|Pad|23|data:T pads:tensor(int64) constant_value?:T axes?:Tind|output:T|mode:s=constant|T=#27 Tind=#94|
ai.onnx|Pad|24|data:T pads:tensor(int64) constant_value?:T axes?:Tind|output:T|mode:s=constant|T=#26 Tind=#94|
ai.onnx|Pad|25|data:T pads:tensor(int64) constant_value?:T axes?:Tind|output:T|mode:s=constant|T=#24 Tind=#94|
ai.onnx|Pow|1|X:T Y:T|Z:T|axis:i broadcast:i=0|T=#66|
ai.onnx|Pow|7|X:T Y:T|Z:T||T=#66|
ai.onnx|Pow|12|X:T Y:T1|Z:T||T=#69 T1=#68|
ai.onnx|Pow|13|X:T Y:T1|Z:T||T=#50 T1=#68|
ai.onnx|Pow|15|X:T Y:T1|Z:T||T=#50 T1=#49|
ai.onnx|QLinearConv|10|x:T1 x_scale:tensor(float) x_zero_point:T1 w:T2 w_scale:tensor(float) w_zero_point:T2 y_scale:tensor(float) y_zero_point:T3 B?:T4|y:T3|auto_pad:s=NOTSET dilations:is group:i=1 kernel_shape:is pads:is strides:is|T1=#99 T2=#99 T3=#99 T4=#93|
ai.onnx|QLinearMatMul|10|a:T1 a_scale:tensor(float) a_zero_point:T1 b:T2 b_scale:tensor(float) b_zero_point:T2 y_scale:tensor(float) y_zero_point:T3|y:T3||T1=#99 T2=#99 T3=#99|
ai.onnx|QLinearMatMul|21|a:T1 a_scale:TS a_zero_point:T1 b:T2 b_scale:TS b_zero_point:T2 y_scale:TS y_zero_point:T3|y:T3||TS=#55 T1=#91 T2=#91 T3=#91|
ai.onnx|QuantizeLinear|10|x:T1 y_scale:tensor(float) y_zero_point?:T2|y:T2||T1=#80 T2=#99|
ai.onnx|QuantizeLinear|13|x:T1 y_scale:tensor(float) y_zero_point?:T2|y:T2|axis:i=1|T1=#80 T2=#99|
ai.onnx|QuantizeLinear|19|x:T1 y_scale:T1 y_zero_point?:T2|y:T2|axis:i=1 saturate:i=1|T1=#58 T2=#91|
ai.onnx|QuantizeLinear|21|x:T1 y_scale:T1 y_zero_point?:T2|y:T2|axis:i=1 block_size:i=0 output_dtype:i=0 saturate:i=1|T1=#58 T2=#89|
ai.onnx|QuantizeLinear|23|x:T1 y_scale:T2 y_zero_point?:T3|y:T3|axis:i=1 block_size:i=0 output_dtype:i=0 precision:i=0 saturate:i=1|T1=#58 T2=#58 T3=#87|
ai.onnx|QuantizeLinear|24|x:T1 y_scale:T2 y_zero_point?:T3|y:T3|axis:i=1 block_size:i=0 output_dtype:i=0 precision:i=0 saturate:i=1|T1=#58 T2=#57 T3=#87|
ai.onnx|QuantizeLinear|25|x:T1 y_scale:T2 y_zero_point?:T3|y:T3|axis:i=1 block_size:i=0 output_dtype:i=0 precision:i=0 saturate:i=1|T1=#58 T2=#57 T3=#85|
ai.onnx|QuantizeLinear|28|x:T1 y_scale:T2 y_zero_point?:T3|y:T3|axis:i=1 block_size:i=0 output_dtype:i=0 precision:i=0 saturate:i=1|T1=#58 T2=#57 T3=#83|
ai.onnx|RMSNormalization|23|X:T scale:V|Y:V|axis:i=-1 epsilon:f=9.999999747378752e-06 stash_type:i=1|T=#45 V=#45|c
ai.onnx|RNN|1|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h?:T|activation_alpha:fs activation_beta:fs activations:ss=Tanh,Tanh clip:f direction:s=forward hidden_size:i output_sequence:i=0|T=#66 T1=#93|
ai.onnx|RNN|7|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h?:T|activation_alpha:fs activation_beta:fs activations:ss=Tanh,Tanh clip:f direction:s=forward hidden_size:i|T=#66 T1=#93|
ai.onnx|RNN|14|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h?:T|activation_alpha:fs activation_beta:fs activations:ss=Tanh,Tanh clip:f direction:s=forward hidden_size:i layout:i=0|T=#66 T1=#93|
ai.onnx|RNN|22|X:T W:T R:T B?:T sequence_lens?:T1 initial_h?:T|Y?:T Y_h?:T|activation_alpha:fs activation_beta:fs activations:ss=Tanh,Tanh clip:f direction:s=forward hidden_size:i layout:i=0|T=#45 T1=#93|
ai.onnx|RandomNormal|1||output:T|dtype:i=1 mean:f=0.0 scale:f=1.0 seed:f shape!:is|T=#66|
ai.onnx|RandomNormal|22||output:T|dtype:i=1 mean:f=0.0 scale:f=1.0 seed:f shape!:is|T=#45|
ai.onnx|RandomNormalLike|1|input:T1|output:T2|dtype:i mean:f=0.0 scale:f=1.0 seed:f|T1=#60 T2=#66|
ai.onnx|RandomNormalLike|22|input:T1|output:T2|dtype:i mean:f=0.0 scale:f=1.0 seed:f|T1=#30 T2=#45|
ai.onnx|RandomUniform|1||output:T|dtype:i=1 high:f=1.0 low:f=0.0 seed:f shape!:is|T=#66|
ai.onnx|RandomUniform|22||output:T|dtype:i=1 high:f=1.0 low:f=0.0 seed:f shape!:is|T=#45|
ai.onnx|RandomUniformLike|1|input:T1|output:T2|dtype:i high:f=1.0 low:f=0.0 seed:f|T1=#60 T2=#66|
ai.onnx|RandomUniformLike|22|input:T1|output:T2|dtype:i high:f=1.0 low:f=0.0 seed:f|T1=#30 T2=#45|
ai.onnx|Range|11|start:T limit:T delta:T|output:T||T=#73|f
ai.onnx|Range|27|start:T limit:T delta:T|output:T|stash_type:i=1|T=#47|c
ai.onnx|Reciprocal|1|X:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|Reciprocal|6|X:T|Y:T||T=#66|
ai.onnx|Reciprocal|13|X:T|Y:T||T=#45|
ai.onnx|ReduceL1|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceL1|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceL1|13|data:T|reduced:T|axes:is keepdims:i=1|T=#52|
ai.onnx|ReduceL1|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#52|f
ai.onnx|ReduceL2|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceL2|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceL2|13|data:T|reduced:T|axes:is keepdims:i=1|T=#52|
ai.onnx|ReduceL2|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#52|f
ai.onnx|ReduceLogSum|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceLogSum|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceLogSum|13|data:T|reduced:T|axes:is keepdims:i=1|T=#52|
ai.onnx|ReduceLogSum|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#52|f
ai.onnx|ReduceLogSum|28|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#45|f
ai.onnx|ReduceLogSumExp|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceLogSumExp|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceLogSumExp|13|data:T|reduced:T|axes:is keepdims:i=1|T=#52|
ai.onnx|ReduceLogSumExp|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#52|f
ai.onnx|ReduceLogSumExp|28|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#45|f
ai.onnx|ReduceMax|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceMax|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceMax|12|data:T|reduced:T|axes:is keepdims:i=1|T=#70|
ai.onnx|ReduceMax|13|data:T|reduced:T|axes:is keepdims:i=1|T=#51|
ai.onnx|ReduceMax|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#51|
ai.onnx|ReduceMax|20|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#44|
ai.onnx|ReduceMean|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceMean|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceMean|13|data:T|reduced:T|axes:is keepdims:i=1|T=#52|
ai.onnx|ReduceMean|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#52|
ai.onnx|ReduceMin|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceMin|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceMin|12|data:T|reduced:T|axes:is keepdims:i=1|T=#70|
ai.onnx|ReduceMin|13|data:T|reduced:T|axes:is keepdims:i=1|T=#51|
ai.onnx|ReduceMin|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#51|
ai.onnx|ReduceMin|20|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#44|
ai.onnx|ReduceProd|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceProd|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceProd|13|data:T|reduced:T|axes:is keepdims:i=1|T=#52|
ai.onnx|ReduceProd|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#52|
ai.onnx|ReduceSum|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceSum|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceSum|13|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#52|
ai.onnx|ReduceSumSquare|1|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceSumSquare|11|data:T|reduced:T|axes:is keepdims:i=1|T=#71|
ai.onnx|ReduceSumSquare|13|data:T|reduced:T|axes:is keepdims:i=1|T=#52|
ai.onnx|ReduceSumSquare|18|data:T axes?:tensor(int64)|reduced:T|keepdims:i=1 noop_with_empty_axes:i=0|T=#52|f
ai.onnx|RegexFullMatch|20|X:T1|Y:T2|pattern:s|T1=#100 T2=#59|
ai.onnx|Relu|1|X:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|Relu|6|X:T|Y:T||T=#66|
ai.onnx|Relu|13|X:T|Y:T||T=#45|
ai.onnx|Relu|14|X:T|Y:T||T=#48|f
ai.onnx|Reshape|1|data:T|reshaped:T|consumed_inputs:is shape:is|T=#66|
ai.onnx|Reshape|5|data:T shape:tensor(int64)|reshaped:T||T=#60|
ai.onnx|Reshape|13|data:T shape:tensor(int64)|reshaped:T||T=#30|
ai.onnx|Reshape|14|data:T shape:tensor(int64)|reshaped:T|allowzero:i=0|T=#30|
ai.onnx|Reshape|19|data:T shape:tensor(int64)|reshaped:T|allowzero:i=0|T=#29|
ai.onnx|Reshape|21|data:T shape:tensor(int64)|reshaped:T|allowzero:i=0|T=#28|
ai.onnx|Reshape|23|data:T shape:tensor(int64)|reshaped:T|allowzero:i=0|T=#27|
ai.onnx|Reshape|24|data:T shape:tensor(int64)|reshaped:T|allowzero:i=0|T=#26|
ai.onnx|Reshape|25|data:T shape:tensor(int64)|reshaped:T|allowzero:i=0|T=#24|
ai.onnx|Resize|10|X:T scales:tensor(float)|Y:T|mode:s=nearest|T=#60|
ai.onnx|Resize|11|X:T1 roi:T2 scales:tensor(float) sizes?:tensor(int64)|Y:T1|coordinate_transformation_mode:s=half_pixel cubic_coeff_a:f=-0.75 exclude_outside:i=0 extrapolation_value:f=0.0 mode:s=nearest nearest_mode:s=round_prefer_floor|T1=#60 T2=#66|
ai.onnx|Resize|13|X:T1 roi?:T2 scales?:tensor(float) sizes?:tensor(int64)|Y:T1|coordinate_transformation_mode:s=half_pixel cubic_coeff_a:f=-0.75 exclude_outside:i=0 extrapolation_value:f=0.0 mode:s=nearest nearest_mode:s=round_prefer_floor|T1=#30 T2=#66|
ai.onnx|Resize|18|X:T1 roi?:T2 scales?:tensor(float) sizes?:tensor(int64)|Y:T1|antialias:i=0 axes:is coordinate_transformation_mode:s=half_pixel cubic_coeff_a:f=-0.75 exclude_outside:i=0 extrapolation_value:f=0.0 keep_aspect_ratio_policy:s=stretch mode:s=nearest nearest_mode:s=round_prefer_floor|T1=#30 T2=#66|
ai.onnx|Resize|19|X:T1 roi?:T2 scales?:tensor(float) sizes?:tensor(int64)|Y:T1|antialias:i=0 axes:is coordinate_transformation_mode:s=half_pixel cubic_coeff_a:f=-0.75 exclude_outside:i=0 extrapolation_value:f=0.0 keep_aspect_ratio_policy:s=stretch mode:s=nearest nearest_mode:s=round_prefer_floor|T1=#30 T2=#66|
ai.onnx|ReverseSequence|10|input:T sequence_lens:tensor(int64)|Y:T|batch_axis:i=1 time_axis:i=0|T=#60|
ai.onnx|ReverseSequence|28|input:T sequence_lens:tensor(int64)|Y:T|batch_axis:i=1 time_axis:i=0|T=#30|
ai.onnx|RoiAlign|10|X:T1 rois:T1 batch_indices:T2|Y:T1|mode:s=avg output_height:i=1 output_width:i=1 sampling_ratio:i=0 spatial_scale:f=1.0|T1=#66 T2=#97|
ai.onnx|RoiAlign|16|X:T1 rois:T1 batch_indices:T2|Y:T1|coordinate_transformation_mode:s=half_pixel mode:s=avg output_height:i=1 output_width:i=1 sampling_ratio:i=0 spatial_scale:f=1.0|T1=#66 T2=#97|
ai.onnx|RoiAlign|22|X:T1 rois:T1 batch_indices:T2|Y:T1|coordinate_transformation_mode:s=half_pixel mode:s=avg output_height:i=1 output_width:i=1 sampling_ratio:i=0 spatial_scale:f=1.0|T1=#45 T2=#97|
ai.onnx|RotaryEmbedding|23|X:T cos_cache:T sin_cache:T position_ids?:M|Y:T|interleaved:i=0 num_heads:i rotary_embedding_dim:i=0|T=#55 M=#97|c
ai.onnx|Round|11|X:T|Y:T||T=#66|
ai.onnx|Round|22|X:T|Y:T||T=#45|
ai.onnx|STFT|17|signal:T1 frame_step:T2 window?:T1 frame_length?:T2|output:T1|onesided:i=1|T1=#45 T2=#94|
ai.onnx|Scan|8|sequence_lens?:I initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g directions:is num_scan_inputs!:i|I=#97 V=#60|
ai.onnx|Scan|9|initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g num_scan_inputs!:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is|V=#60|
ai.onnx|Scan|11|initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g num_scan_inputs!:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is|V=#60|
ai.onnx|Scan|16|initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g num_scan_inputs!:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is|V=#30|
ai.onnx|Scan|19|initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g num_scan_inputs!:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is|V=#29|
ai.onnx|Scan|21|initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g num_scan_inputs!:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is|V=#28|
ai.onnx|Scan|23|initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g num_scan_inputs!:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is|V=#27|
ai.onnx|Scan|24|initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g num_scan_inputs!:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is|V=#26|
ai.onnx|Scan|25|initial_state_and_scan_inputs+1:V|final_state_and_scan_outputs+1:V|body!:g num_scan_inputs!:i scan_input_axes:is scan_input_directions:is scan_output_axes:is scan_output_directions:is|V=#24|
ai.onnx|Scatter|9|data:T indices:Tind updates:T|output:T|axis:i=0|T=#60 Tind=#94|
ai.onnx|Scatter|11|data:T indices:Tind updates:T|output:T|axis:i=0|T=#60 Tind=#94|d
ai.onnx|ScatterElements|11|data:T indices:Tind updates:T|output:T|axis:i=0|T=#60 Tind=#94|
ai.onnx|ScatterElements|13|data:T indices:Tind updates:T|output:T|axis:i=0|T=#30 Tind=#94|
ai.onnx|ScatterElements|16|data:T indices:Tind updates:T|output:T|axis:i=0 reduction:s=none|T=#30 Tind=#94|
ai.onnx|ScatterElements|18|data:T indices:Tind updates:T|output:T|axis:i=0 reduction:s=none|T=#30 Tind=#94|
ai.onnx|ScatterND|11|data:T indices:tensor(int64) updates:T|output:T||T=#60|
ai.onnx|ScatterND|13|data:T indices:tensor(int64) updates:T|output:T||T=#30|
ai.onnx|ScatterND|16|data:T indices:tensor(int64) updates:T|output:T|reduction:s=none|T=#30|
ai.onnx|ScatterND|18|data:T indices:tensor(int64) updates:T|output:T|reduction:s=none|T=#30|
ai.onnx|Selu|1|X:T|Y:T|alpha:f=1.673200011253357 consumed_inputs:is gamma:f=1.0506999492645264|T=#66|
ai.onnx|Selu|6|X:T|Y:T|alpha:f=1.6732631921768188 gamma:f=1.0507010221481323|T=#66|f
ai.onnx|Selu|22|X:T|Y:T|alpha:f=1.6732631921768188 gamma:f=1.0507010221481323|T=#45|f
ai.onnx|SequenceAt|11|input_sequence:S position:I|tensor:T||S=#21 T=#60 I=#94|
ai.onnx|SequenceConstruct|11|inputs*1:T|output_sequence:S||T=#60 S=#21|
ai.onnx|SequenceEmpty|11||output:S|dtype:i|S=#21|
ai.onnx|SequenceErase|11|input_sequence:S position?:I|output_sequence:S||S=#21 I=#94|
ai.onnx|SequenceInsert|11|input_sequence:S tensor:T position?:I|output_sequence:S||T=#60 S=#21 I=#94|
ai.onnx|SequenceLength|11|input_sequence:S|length:I||S=#21 I=#97|
ai.onnx|SequenceMap|17|input_sequence:S additional_inputs+0:V|out_sequence+1:S|body!:g|S=#21 V=#23|c
ai.onnx|Shape|1|data:T|shape:T1||T=#60 T1=#97|
ai.onnx|Shape|13|data:T|shape:T1||T=#30 T1=#97|
ai.onnx|Shape|15|data:T|shape:T1|end:i start:i=0|T=#30 T1=#97|
ai.onnx|Shape|19|data:T|shape:T1|end:i start:i=0|T=#29 T1=#97|
ai.onnx|Shape|21|data:T|shape:T1|end:i start:i=0|T=#28 T1=#97|
ai.onnx|Shape|23|data:T|shape:T1|end:i start:i=0|T=#27 T1=#97|
ai.onnx|Shape|24|data:T|shape:T1|end:i start:i=0|T=#26 T1=#97|
ai.onnx|Shape|25|data:T|shape:T1|end:i start:i=0|T=#24 T1=#97|
ai.onnx|Shrink|9|input:T|output:T|bias:f=0.0 lambd:f=0.5|T=#68|f
ai.onnx|Sigmoid|1|X:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|Sigmoid|6|X:T|Y:T||T=#66|
ai.onnx|Sigmoid|13|X:T|Y:T||T=#45|
ai.onnx|Sign|9|input:T|output:T||T=#68|
ai.onnx|Sign|13|input:T|output:T||T=#49|
ai.onnx|Sin|7|input:T|output:T||T=#66|
ai.onnx|Sin|22|input:T|output:T||T=#45|
ai.onnx|Sinh|9|input:T|output:T||T=#66|
ai.onnx|Sinh|22|input:T|output:T||T=#45|
ai.onnx|Size|1|data:T|size:T1||T=#60 T1=#97|
ai.onnx|Size|13|data:T|size:T1||T=#30 T1=#97|
ai.onnx|Size|19|data:T|size:T1||T=#29 T1=#97|
ai.onnx|Size|21|data:T|size:T1||T=#28 T1=#97|
ai.onnx|Size|23|data:T|size:T1||T=#27 T1=#97|
ai.onnx|Size|24|data:T|size:T1||T=#26 T1=#97|
ai.onnx|Size|25|data:T|size:T1||T=#24 T1=#97|
ai.onnx|Slice|1|data:T|output:T|axes:is ends!:is starts!:is|T=#60|
ai.onnx|Slice|10|data:T starts:Tind ends:Tind axes?:Tind steps?:Tind|output:T||T=#60 Tind=#94|
ai.onnx|Slice|11|data:T starts:Tind ends:Tind axes?:Tind steps?:Tind|output:T||T=#60 Tind=#94|
ai.onnx|Slice|13|data:T starts:Tind ends:Tind axes?:Tind steps?:Tind|output:T||T=#30 Tind=#94|
ai.onnx|Softmax|1|input:T|output:T|axis:i=1|T=#66|
ai.onnx|Softmax|11|input:T|output:T|axis:i=1|T=#66|
ai.onnx|Softmax|13|input:T|output:T|axis:i=-1|T=#45|c
ai.onnx|SoftmaxCrossEntropyLoss|12|scores:T labels:Tind weights?:T|output:T log_prob?:T|ignore_index:i reduction:s=mean|T=#66 Tind=#94|c
ai.onnx|SoftmaxCrossEntropyLoss|13|scores:T labels:Tind weights?:T|output:T log_prob?:T|ignore_index:i reduction:s=mean|T=#45 Tind=#94|c
ai.onnx|Softplus|1|X:T|Y:T||T=#66|f
ai.onnx|Softplus|22|X:T|Y:T||T=#45|f
ai.onnx|Softsign|1|input:T|output:T||T=#66|f
ai.onnx|Softsign|22|input:T|output:T||T=#45|f
ai.onnx|SpaceToDepth|1|input:T|output:T|blocksize!:i|T=#60|
ai.onnx|SpaceToDepth|13|input:T|output:T|blocksize!:i|T=#30|
ai.onnx|SpaceToDepth|28|input:T|output:T|blocksize!:i mode:s=DCR|T=#30|c
ai.onnx|Split|1|input:T split?:T|outputs...*1:T|axis:i split:is|T=#66|
ai.onnx|Split|2|input:T|outputs*1:T|axis:i=0 split:is|T=#60|
ai.onnx|Split|11|input:T|outputs*1:T|axis:i=0 split:is|T=#60|
ai.onnx|Split|13|input:T split?:tensor(int64)|outputs*1:T|axis:i=0|T=#30|
ai.onnx|Split|18|input:T split?:tensor(int64)|outputs*1:T|axis:i=0 num_outputs:i|T=#30|
ai.onnx|SplitToSequence|11|input:T split?:I|output_sequence:S|axis:i=0 keepdims:i=1|T=#60 I=#94 S=#21|
ai.onnx|SplitToSequence|24|input:T split?:I|output_sequence:S|axis:i=0 keepdims:i=1|T=#30 I=#94 S=#20|
ai.onnx|Sqrt|1|X:T|Y:T|consumed_inputs:is|T=#66|
ai.onnx|Sqrt|6|X:T|Y:T||T=#66|
ai.onnx|Sqrt|13|X:T|Y:T||T=#45|
ai.onnx|Squeeze|1|data:T|squeezed:T|axes:is|T=#60|
ai.onnx|Squeeze|11|data:T|squeezed:T|axes:is|T=#60|
ai.onnx|Squeeze|13|data:T axes?:tensor(int64)|squeezed:T||T=#30|
ai.onnx|Squeeze|21|data:T axes?:tensor(int64)|squeezed:T||T=#28|
ai.onnx|Squeeze|23|data:T axes?:tensor(int64)|squeezed:T||T=#27|
ai.onnx|Squeeze|24|data:T axes?:tensor(int64)|squeezed:T||T=#26|
ai.onnx|Squeeze|25|data:T axes?:tensor(int64)|squeezed:T||T=#24|
ai.onnx|StringConcat|20|X:T Y:T|Z:T||T=#100|
ai.onnx|StringNormalizer|10|X:tensor(string)|Y:tensor(string)|case_change_action:s=NONE is_case_sensitive:i=0 locale:s stopwords:ss||
ai.onnx|StringSplit|20|X:T1|Y:T2 Z:T3|delimiter:s maxsplit:i|T1=#100 T2=#100 T3=#97|
ai.onnx|Sub|1|A:T B:T|C:T|axis:i broadcast:i=0 consumed_inputs:is|T=#66|
ai.onnx|Sub|6|A:T B:T|C:T|axis:i broadcast:i=0|T=#71|
ai.onnx|Sub|7|A:T B:T|C:T||T=#71|
ai.onnx|Sub|13|A:T B:T|C:T||T=#52|
ai.onnx|Sub|14|A:T B:T|C:T||T=#49|
ai.onnx|Sum|1|data_0*1:T|sum:T|consumed_inputs:is|T=#66|
ai.onnx|Sum|6|data_0*1:T|sum:T||T=#66|
ai.onnx|Sum|8|data_0*1:T|sum:T||T=#66|
ai.onnx|Sum|13|data_0*1:T|sum:T||T=#45|
ai.onnx|SwiGLU|28|A:T B:T|Y:T|alpha:f=1.0|T=#45|f
ai.onnx|Swish|24|X:T|Y:T|alpha:f=1.0|T=#45|f
ai.onnx|Tan|7|input:T|output:T||T=#66|
ai.onnx|Tan|22|input:T|output:T||T=#45|
ai.onnx|Tanh|1|input:T|output:T|consumed_inputs:is|T=#66|
ai.onnx|Tanh|6|input:T|output:T||T=#66|
ai.onnx|Tanh|13|input:T|output:T||T=#45|
ai.onnx|TensorScatter|24|past_cache:T update:T write_indices?:tensor(int64)|present_cache:T|axis:i=-2 mode:s=linear|T=#26|
ai.onnx|TfIdfVectorizer|9|X:T|Y:T1|max_gram_length!:i max_skip_count!:i min_gram_length!:i mode!:s ngram_counts!:is ngram_indexes!:is pool_int64s:is pool_strings:ss weights:fs|T=#95 T1=#79|
ai.onnx|ThresholdedRelu|10|X:T|Y:T|alpha:f=1.0|T=#66|f
ai.onnx|ThresholdedRelu|22|X:T|Y:T|alpha:f=1.0|T=#45|f
ai.onnx|Tile|1|input:T tiles:T axis:T|output:T||T=#66 T1=#97|
ai.onnx|Tile|6|input:T repeats:T1|output:T||T=#60 T1=#97|
ai.onnx|Tile|13|input:T repeats:T1|output:T||T=#30 T1=#97|
ai.onnx|TopK|1|X:T|Values:T Indices:I|axis:i=-1 k!:i|T=#66 I=#97|
ai.onnx|TopK|10|X:T K:tensor(int64)|Values:T Indices:I|axis:i=-1|T=#66 I=#97|
ai.onnx|TopK|11|X:T K:tensor(int64)|Values:T Indices:I|axis:i=-1 largest:i=1 sorted:i=1|T=#68 I=#97|
ai.onnx|TopK|24|X:T K:tensor(int64)|Values:T Indices:I|axis:i=-1 largest:i=1 sorted:i=1|T=#49 I=#97|
ai.onnx|Transpose|1|data:T|transposed:T|perm:is|T=#60|
ai.onnx|Transpose|13|data:T|transposed:T|perm:is|T=#30|
ai.onnx|Transpose|21|data:T|transposed:T|perm:is|T=#28|
ai.onnx|Transpose|23|data:T|transposed:T|perm:is|T=#27|
ai.onnx|Transpose|24|data:T|transposed:T|perm:is|T=#26|
ai.onnx|Transpose|25|data:T|transposed:T|perm:is|T=#24|
ai.onnx|Trilu|14|input:T k?:tensor(int64)|output:T|upper:i=1|T=#30|
ai.onnx|Unique|11|X:T|Y:T indices?:tensor(int64) inverse_indices?:tensor(int64) counts?:tensor(int64)|axis:i sorted:i=1|T=#60|
ai.onnx|Unique|28|X:T|Y:T indices?:tensor(int64) inverse_indices?:tensor(int64) counts?:tensor(int64)|axis:i sorted:i=1|T=#30|
ai.onnx|Unsqueeze|1|data:T|expanded:T|axes!:is|T=#60|
ai.onnx|Unsqueeze|11|data:T|expanded:T|axes!:is|T=#60|
ai.onnx|Unsqueeze|13|data:T axes:tensor(int64)|expanded:T||T=#30|
ai.onnx|Unsqueeze|21|data:T axes:tensor(int64)|expanded:T||T=#28|
ai.onnx|Unsqueeze|23|data:T axes:tensor(int64)|expanded:T||T=#27|
ai.onnx|Unsqueeze|24|data:T axes:tensor(int64)|expanded:T||T=#26|
ai.onnx|Unsqueeze|25|data:T axes:tensor(int64)|expanded:T||T=#24|
ai.onnx|Upsample|1|X:T|Y:T|height_scale!:f mode:s=nearest width_scale!:f|T=#63|
ai.onnx|Upsample|7|X:T|Y:T|mode:s=nearest scales!:fs|T=#60|
ai.onnx|Upsample|9|X:T scales:tensor(float)|Y:T|mode:s=nearest|T=#60|
ai.onnx|Upsample|10|X:T scales:tensor(float)|Y:T|mode:s=nearest|T=#60|d
ai.onnx|Where|9|condition:B X:T Y:T|output:T||B=#59 T=#60|
ai.onnx|Where|16|condition:B X:T Y:T|output:T||B=#59 T=#30|
ai.onnx|Xor|1|A:T B:T|C:T1|axis:i broadcast:i=0|T=#59 T1=#59|
ai.onnx|Xor|7|A:T B:T|C:T1||T=#59 T1=#59|
ai.onnx.ml|ArrayFeatureExtractor|1|X:T Y:tensor(int64)|Z:T||T=#76|
ai.onnx.ml|Binarizer|1|X:T|Y:T|threshold:f=0.0|T=#75|
ai.onnx.ml|CastMap|1|X:T1|Y:T2|cast_to:s=TO_FLOAT map_form:s=DENSE max_map:i=1|T1=#1 T2=#81|
ai.onnx.ml|CategoryMapper|1|X:T1|Y:T2|cats_int64s:is cats_strings:ss default_int64:i=-1 default_string:s=_Unused|T1=#98 T2=#98|
ai.onnx.ml|DictVectorizer|1|X:T1|Y:T2|int64_vocabulary:is string_vocabulary:ss|T1=#0 T2=#78|
ai.onnx.ml|FeatureVectorizer|1|X*1:T1|Y:tensor(float)|inputdimensions:is|T1=#75|
ai.onnx.ml|Imputer|1|X:T|Y:T|imputed_value_floats:fs imputed_value_int64s:is replaced_value_float:f=0.0 replaced_value_int64:i=0|T=#75|
ai.onnx.ml|LabelEncoder|1|X:T1|Y:T2|classes_strings:ss default_int64:i=-1 default_string:s=_Unused|T1=#98 T2=#98|
ai.onnx.ml|LabelEncoder|2|X:T1|Y:T2|default_float:f=-0.0 default_int64:i=-1 default_string:s=_Unused keys_floats:fs keys_int64s:is keys_strings:ss values_floats:fs values_int64s:is values_strings:ss|T1=#81 T2=#81|
ai.onnx.ml|LabelEncoder|4|X:T1|Y:T2|default_float:f=-0.0 default_int64:i=-1 default_string:s=_Unused default_tensor:t keys_floats:fs keys_int64s:is keys_strings:ss keys_tensor:t values_floats:fs values_int64s:is values_strings:ss values_tensor:t|T1=#74 T2=#74|
ai.onnx.ml|LinearClassifier|1|X:T1|Y:T2 Z:tensor(float)|classlabels_ints:is classlabels_strings:ss coefficients!:fs intercepts:fs multi_class:i=0 post_transform:s=NONE|T1=#75 T2=#98|
ai.onnx.ml|LinearRegressor|1|X:T|Y:tensor(float)|coefficients:fs intercepts:fs post_transform:s=NONE targets:i=1|T=#75|
ai.onnx.ml|Normalizer|1|X:T|Y:tensor(float)|norm:s=MAX|T=#75|
ai.onnx.ml|OneHotEncoder|1|X:T|Y:tensor(float)|cats_int64s:is cats_strings:ss zeros:i=1|T=#76|
ai.onnx.ml|SVMClassifier|1|X:T1|Y:T2 Z:tensor(float)|classlabels_ints:is classlabels_strings:ss coefficients:fs kernel_params:fs kernel_type:s=LINEAR post_transform:s=NONE prob_a:fs prob_b:fs rho:fs support_vectors:fs vectors_per_class:is|T1=#75 T2=#98|
ai.onnx.ml|SVMRegressor|1|X:T|Y:tensor(float)|coefficients:fs kernel_params:fs kernel_type:s=LINEAR n_supports:i=0 one_class:i=0 post_transform:s=NONE rho:fs support_vectors:fs|T=#75|
ai.onnx.ml|Scaler|1|X:T|Y:tensor(float)|offset:fs scale:fs|T=#75|
ai.onnx.ml|TreeEnsemble|5|X:T|Y:T|aggregate_function:i=1 leaf_targetids!:is leaf_weights!:t membership_values:t n_targets:i nodes_falseleafs!:is nodes_falsenodeids!:is nodes_featureids!:is nodes_hitrates:t nodes_missing_value_tracks_true:is nodes_modes!:t nodes_splits!:t nodes_trueleafs!:is nodes_truenodeids!:is post_transform:i=0 tree_roots!:is|T=#66|
ai.onnx.ml|TreeEnsembleClassifier|1|X:T1|Y:T2 Z:tensor(float)|base_values:fs class_ids:is class_nodeids:is class_treeids:is class_weights:fs classlabels_int64s:is classlabels_strings:ss nodes_falsenodeids:is nodes_featureids:is nodes_hitrates:fs nodes_missing_value_tracks_true:is nodes_modes:ss nodes_nodeids:is nodes_treeids:is nodes_truenodeids:is nodes_values:fs post_transform:s=NONE|T1=#75 T2=#98|
ai.onnx.ml|TreeEnsembleClassifier|3|X:T1|Y:T2 Z:tensor(float)|base_values:fs base_values_as_tensor:t class_ids:is class_nodeids:is class_treeids:is class_weights:fs class_weights_as_tensor:t classlabels_int64s:is classlabels_strings:ss nodes_falsenodeids:is nodes_featureids:is nodes_hitrates:fs nodes_hitrates_as_tensor:t nodes_missing_value_tracks_true:is nodes_modes:ss nodes_nodeids:is nodes_treeids:is nodes_truenodeids:is nodes_values:fs nodes_values_as_tensor:t post_transform:s=NONE|T1=#75 T2=#98|
ai.onnx.ml|TreeEnsembleClassifier|5|X:T1|Y:T2 Z:tensor(float)|base_values:fs base_values_as_tensor:t class_ids:is class_nodeids:is class_treeids:is class_weights:fs class_weights_as_tensor:t classlabels_int64s:is classlabels_strings:ss nodes_falsenodeids:is nodes_featureids:is nodes_hitrates:fs nodes_hitrates_as_tensor:t nodes_missing_value_tracks_true:is nodes_modes:ss nodes_nodeids:is nodes_treeids:is nodes_truenodeids:is nodes_values:fs nodes_values_as_tensor:t post_transform:s=NONE|T1=#75 T2=#98|d
ai.onnx.ml|TreeEnsembleRegressor|1|X:T|Y:tensor(float)|aggregate_function:s=SUM base_values:fs n_targets:i nodes_falsenodeids:is nodes_featureids:is nodes_hitrates:fs nodes_missing_value_tracks_true:is nodes_modes:ss nodes_nodeids:is nodes_treeids:is nodes_truenodeids:is nodes_values:fs post_transform:s=NONE target_ids:is target_nodeids:is target_treeids:is target_weights:fs|T=#75|
ai.onnx.ml|TreeEnsembleRegressor|3|X:T|Y:tensor(float)|aggregate_function:s=SUM base_values:fs base_values_as_tensor:t n_targets:i nodes_falsenodeids:is nodes_featureids:is nodes_hitrates:fs nodes_hitrates_as_tensor:t nodes_missing_value_tracks_true:is nodes_modes:ss nodes_nodeids:is nodes_treeids:is nodes_truenodeids:is nodes_values:fs nodes_values_as_tensor:t post_transform:s=NONE target_ids:is target_nodeids:is target_treeids:is target_weights:fs target_weights_as_tensor:t|T=#75|
ai.onnx.ml|TreeEnsembleRegressor|5|X:T|Y:tensor(float)|aggregate_function:s=SUM base_values:fs base_values_as_tensor:t n_targets:i nodes_falsenodeids:is nodes_featureids:is nodes_hitrates:fs nodes_hitrates_as_tensor:t nodes_missing_value_tracks_true:is nodes_modes:ss nodes_nodeids:is nodes_treeids:is nodes_truenodeids:is nodes_values:fs nodes_values_as_tensor:t post_transform:s=NONE target_ids:is target_nodeids:is target_treeids:is target_weights:fs target_weights_as_tensor:t|T=#75|d
ai.onnx.ml|ZipMap|1|X:tensor(float)|Z:T|classlabels_int64s:is classlabels_strings:ss|T=#18|
ai.onnx.preview|FlexAttention|1|Q:T1 K:T1 V:T1|Y:T1|prob_mod:g scale:f score_mod:g softmax_precision:i|T1=#45|c
ai.onnx.preview.training|Adagrad|1|R:T1 T:T2 inputs+1:T3|outputs+1:T3|decay_factor:f=0.0 epsilon:f=9.999999974752427e-07 norm_coefficient:f=0.0|T1=#65 T2=#97 T3=#65|
ai.onnx.preview.training|Adam|1|R:T1 T:T2 inputs+1:T3|outputs+1:T3|alpha:f=0.8999999761581421 beta:f=0.9990000128746033 epsilon:f=9.999999974752427e-07 norm_coefficient:f=0.0 norm_coefficient_post:f=0.0|T1=#65 T2=#97 T3=#65|
ai.onnx.preview.training|Gradient|1|Inputs+1:T1|Outputs+1:T2|xs!:ss y!:s zs:ss|T1=#60 T2=#66|
ai.onnx.preview.training|Momentum|1|R:T1 T:T2 inputs+1:T3|outputs+1:T3|alpha!:f beta!:f mode!:s norm_coefficient!:f|T1=#65 T2=#97 T3=#65|
"""#
}
