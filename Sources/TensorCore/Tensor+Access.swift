import ByteSource
import Diagnostics

extension Tensor {
  /// The row-major bytes for the duration of `body`; a copy is made only for a view that is not contiguous.
  ///
  /// The address may be misaligned for the element type (weights inside a caffemodel usually are).
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws(Diagnostic) -> R) throws(Diagnostic) -> R {
    let t = try contiguous()
    return try t.bytes().withUnsafeBytes(body)
  }

  /// The row-major bytes of a contiguous tensor as a slice; no copy unless the view is not contiguous.
  package func bytes() throws(Diagnostic) -> ByteSlice {
    let t = try contiguous()
    return try t.storage.bytes().checkedSlice(t.byteOffset, t.byteCount)
  }

  /// The strings of a string tensor in row-major order.
  package func strings() throws(Diagnostic) -> [ByteString] {
    guard dtype == .string else { throw .error("tensor.not-strings", "a \(dtype.rawValue) tensor has no strings") }
    let t = try contiguous()
    guard let all = t.storage.strings else { throw .error("tensor.not-strings", "the storage has no strings") }
    return Array(all[t.byteOffset..<t.byteOffset + t.count])
  }

  /// All elements as Swift values of exactly the tensor's type.
  package func values<T: TensorElement>(_: T.Type) throws(Diagnostic) -> [T] {
    guard T.dtype == dtype else {
      throw .error("tensor.type", "the tensor has \(dtype.rawValue) elements, not \(T.dtype.rawValue)")
    }
    let n = count
    return try withBytes { (b) throws(Diagnostic) in
      // A Bool whose byte is neither 0 nor 1 is undefined in Swift.
      if T.self == Bool.self, let v = b.map({ $0 != 0 }) as? [T] { return v }
      return [T](unsafeUninitializedCapacity: n) { out, used in
        // SAFETY: b holds exactly n elements of T's size; T is plain bits.
        UnsafeMutableRawBufferPointer(out).copyMemory(from: b)
        used = n
      }
    }
  }

  /// All elements as Double, from any numeric type (complex gives the real part; 64-bit integers round).
  package func doubles() throws(Diagnostic) -> [Double] {
    switch dtype {
    case .float64: return try values(Double.self)
    case .int64: return try values(Int64.self).map(Double.init)
    case .uint64: return try values(UInt64.self).map(Double.init)
    case .int32: return try values(Int32.self).map(Double.init)
    case .uint32: return try values(UInt32.self).map(Double.init)
    case .complex128: return try pairs(Double.self).map { $0.0 }
    default: return try floats().map(Double.init)
    }
  }

  /// All elements as Float, from any numeric type; wider types round.
  package func floats() throws(Diagnostic) -> [Float] {
    switch dtype {
    case .float32: return try values(Float.self)
    case .float64: return try values(Double.self).map(Float.init)
    case .float16: return try values(Float16.self).map(Float.init)
    case .bfloat16: return try raw(UInt16.self).map(SmallFloat.decodeBFloat16)
    case .int8: return try values(Int8.self).map(Float.init)
    case .int16: return try values(Int16.self).map(Float.init)
    case .int32: return try values(Int32.self).map(Float.init)
    case .int64: return try values(Int64.self).map(Float.init)
    case .uint8: return try values(UInt8.self).map(Float.init)
    case .uint16: return try values(UInt16.self).map(Float.init)
    case .uint32: return try values(UInt32.self).map(Float.init)
    case .uint64: return try values(UInt64.self).map(Float.init)
    case .bool: return try raw(UInt8.self).map { $0 == 0 ? 0 : 1 }
    case .complex64: return try pairs(Float.self).map { $0.0 }
    case .complex128: return try pairs(Double.self).map { Float($0.0) }
    case .float8e8m0: return try raw(UInt8.self).map(SmallFloat.decodeE8M0)
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz:
      guard let l = SmallFloat.layout(dtype) else { return [] }
      return try raw(UInt8.self).map { SmallFloat.decode($0, l) }
    case .float4e2m1, .float6e2m3, .float6e3m2:
      guard let l = SmallFloat.layout(dtype) else { return [] }
      return try unpackedCodes().map { SmallFloat.decode($0, l) }
    case .int4: return try unpackedCodes().map { Float(Int8(bitPattern: $0 << 4) >> 4) }
    case .int2: return try unpackedCodes().map { Float(Int8(bitPattern: $0 << 6) >> 6) }
    case .uint4, .uint2: return try unpackedCodes().map(Float.init)
    case .string: throw .error("tensor.type", "strings are not numbers")
    }
  }

  /// All elements as Int64, from integer and bool types.
  package func ints() throws(Diagnostic) -> [Int64] {
    switch dtype {
    case .int64: return try values(Int64.self)
    case .int32: return try values(Int32.self).map(Int64.init)
    case .int16: return try values(Int16.self).map(Int64.init)
    case .int8: return try values(Int8.self).map(Int64.init)
    case .uint8: return try values(UInt8.self).map(Int64.init)
    case .uint16: return try values(UInt16.self).map(Int64.init)
    case .uint32: return try values(UInt32.self).map(Int64.init)
    case .uint64: return try values(UInt64.self).map { Int64(clamping: $0) }
    case .bool: return try raw(UInt8.self).map { $0 == 0 ? 0 : 1 }
    case .int4: return try unpackedCodes().map { Int64(Int8(bitPattern: $0 << 4) >> 4) }
    case .int2: return try unpackedCodes().map { Int64(Int8(bitPattern: $0 << 6) >> 6) }
    case .uint4, .uint2: return try unpackedCodes().map(Int64.init)
    default: throw .error("tensor.type", "a \(dtype.rawValue) tensor has no integers")
    }
  }

  /// A tensor of sub-byte elements from their codes, one a byte; bits above the element's are left out.
  ///
  /// - Throws: `tensor.shape` where there are not as many codes as elements; what making a tensor throws.
  package init(codes: [UInt8], dtype: DType, shape: [Int]) throws(Diagnostic) {
    guard dtype.isSubByte, Tensor.count(of: shape) == codes.count else {
      throw .error("tensor.shape", "\(codes.count) codes are no \(dtype.rawValue) tensor of shape \(shape)")
    }
    let width = dtype.bitWidth
    let mask = UInt8(truncatingIfNeeded: (1 << width) - 1)
    self = try Tensor.make(dtype: dtype, shape: shape) { (buffer) throws(Diagnostic) in
      for i in buffer.indices { buffer[i] = 0 }
      for (i, c) in codes.enumerated() {
        let (byte, shift) = (i * width / 8, i * width % 8)
        let bits = UInt16(c & mask) << UInt16(shift)
        buffer[byte] |= UInt8(truncatingIfNeeded: bits)
        // A 6-bit element may end in the byte behind.
        if shift + width > 8, byte + 1 < buffer.count { buffer[byte + 1] |= UInt8(truncatingIfNeeded: bits >> 8) }
      }
    }
  }

  /// The codes of sub-byte elements, one a byte, not sign-extended.
  package func unpackedCodes() throws(Diagnostic) -> [UInt8] {
    let width = dtype.bitWidth
    guard dtype.isSubByte else { return try raw(UInt8.self) }
    let mask = UInt16((1 << width) - 1)
    let n = count
    return try withBytes { (b) throws(Diagnostic) in
      (0..<n).map { i in
        let (byte, shift) = ((i * width) / 8, UInt16((i * width) % 8))
        // A 6-bit element may end in the byte behind.
        let pair = UInt16(b[byte]) | (byte + 1 < b.count ? UInt16(b[byte + 1]) << 8 : 0)
        return UInt8(truncatingIfNeeded: (pair >> shift) & mask)
      }
    }
  }

  /// Elements as plain bits of equal width, whatever the type means.
  package func raw<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(Diagnostic) -> [T] {
    let n = count
    guard MemoryLayout<T>.size == dtype.byteWidth else {
      throw .error("tensor.type", "\(dtype.rawValue) elements do not have \(MemoryLayout<T>.size) bytes")
    }
    return try withBytes { (b) throws(Diagnostic) in
      [T](unsafeUninitializedCapacity: n) { out, used in
        // SAFETY: b holds exactly n elements of T's size.
        UnsafeMutableRawBufferPointer(out).copyMemory(from: b)
        used = n
      }
    }
  }

  private func pairs<T: TensorElement>(_: T.Type) throws(Diagnostic) -> [(T, T)] {
    let n = count
    return try withBytes { (b) throws(Diagnostic) in
      (0..<n).map { i in
        // SAFETY: a complex element is two T; b holds n of them.
        (
          b.loadUnaligned(fromByteOffset: i * 2 * MemoryLayout<T>.size, as: T.self),
          b.loadUnaligned(fromByteOffset: (i * 2 + 1) * MemoryLayout<T>.size, as: T.self)
        )
      }
    }
  }
}
