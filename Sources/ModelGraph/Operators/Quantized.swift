import TensorCore

/// x / scale rounded to even, plus zero point, saturated. Operands: input, scale, zero point?. Source: ONNX
/// QuantizeLinear.
package struct QuantizeLinear: Operator {
  package static let operatorName = "QuantizeLinear"
  package var axis: Int
  /// Elements along `axis` that share a scale; 0 for one scale a tensor or an index of the axis.
  package var blockSize: Int
  package var saturates: Bool
  /// The result's element type; nil: the zero point's, or uint8.
  package var outputType: DType?
  /// The element type of the division; nil: the scale's.
  package var precision: DType?
  package init(
    axis: Int = 1, blockSize: Int = 0, saturates: Bool = true, outputType: DType? = nil, precision: DType? = nil
  ) {
    self.axis = axis
    self.blockSize = blockSize
    self.saturates = saturates
    self.outputType = outputType
    self.precision = precision
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type: DType
    if inputs.has(2) { type = try inputs.dtype(2) } else { type = outputType ?? .uint8 }
    return [.tensor(type, try inputs.shape(0))]
  }
}

/// (x − zero point) · scale. Operands: input, scale, zero point?. Source: ONNX DequantizeLinear.
package struct DequantizeLinear: Operator {
  package static let operatorName = "DequantizeLinear"
  package var axis: Int
  package var blockSize: Int
  /// nil: the scale's type.
  package var outputType: DType?
  package init(axis: Int = 1, blockSize: Int = 0, outputType: DType? = nil) {
    self.axis = axis
    self.blockSize = blockSize
    self.outputType = outputType
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    if let outputType { return [.tensor(outputType, try inputs.shape(0))] }
    return [.tensor(try inputs.dtype(1), try inputs.shape(0))]
  }
}

/// uint8 quantisation with scale and zero point from the input's range. Results: output, scale, zero point.
/// Source: ONNX DynamicQuantizeLinear.
package struct DynamicQuantizeLinear: Operator {
  package static let operatorName = "DynamicQuantizeLinear"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    return [.tensor(.uint8, try inputs.shape(0)), .tensor(.float32, []), .tensor(.uint8, [])]
  }
}

/// Integer matrix product in int32. Operands: a, b, zero point of a?, of b?. Source: ONNX MatMulInteger.
package struct IntegerMatMul: Operator {
  package static let operatorName = "IntegerMatMul"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard let a = try inputs.shape(0), let b = try inputs.shape(1) else { return [.tensor(.int32, nil)] }
    return [.tensor(.int32, try MatMul.outputShape(a, b))]
  }
}

/// Integer convolution in int32. Operands: input, weights, zero point of the input?, of the weights?.
/// Source: ONNX ConvInteger.
package struct IntegerConvolution: Operator {
  package static let operatorName = "IntegerConvolution"
  package var geometry: WindowGeometry
  package var groups: Int
  package init(geometry: WindowGeometry = WindowGeometry(), groups: Int = 1) {
    self.geometry = geometry
    self.groups = groups
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let plain = Convolution(geometry: geometry, groups: groups)
    let types = try plain.inferTypes(TypeInputs(Array(inputs.operands.prefix(2))))
    return [.tensor(.int32, types.first?.shape ?? nil)]
  }
}

/// Quantised matrix product. Operands: a, its scale, its zero point, b, its scale, its zero point, the result's scale
/// and zero point. Source: ONNX QLinearMatMul.
package struct QuantizedMatMul: Operator {
  package static let operatorName = "QuantizedMatMul"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(7)
    guard let a = try inputs.shape(0), let b = try inputs.shape(3) else { return [.tensor(type, nil)] }
    return [.tensor(type, try MatMul.outputShape(a, b))]
  }
}

/// Quantised convolution. Operands: input, its scale, its zero point, weights, their scale, their zero point, the
/// result's scale and zero point, bias (int32)?. Source: ONNX QLinearConv.
package struct QuantizedConvolution: Operator {
  package static let operatorName = "QuantizedConvolution"
  package var geometry: WindowGeometry
  package var groups: Int
  package init(geometry: WindowGeometry = WindowGeometry(), groups: Int = 1) {
    self.geometry = geometry
    self.groups = groups
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(7)
    let plain = Convolution(geometry: geometry, groups: groups)
    let types = try plain.inferTypes(TypeInputs([try inputs.operand(0), try inputs.operand(3)]))
    return [.tensor(type, types.first?.shape ?? nil)]
  }
}

/// The same bits as another type of equal or different width. Source: ONNX BitCast.
package struct BitCast: Operator {
  package static let operatorName = "BitCast"
  package var to: DType
  package init(to: DType) { self.to = to }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let from = try inputs.dtype(0)
    guard from.bitWidth == to.bitWidth else {
      throw InferenceError("\(from.rawValue) and \(to.rawValue) differ in width", input: 0)
    }
    return [.tensor(to, try inputs.shape(0))]
  }
}
