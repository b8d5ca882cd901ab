import Diagnostics
import ModelGraph
import Pictures
import TensorCore

extension ImageDecoder: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    guard x.dtype == .uint8 else { throw context.error("run.unsupported-type", "its bytes are \(x.dtype.rawValue)") }
    let picture: Picture
    do throws(Diagnostic) {
      picture = try Picture.decode(try x.contiguous().bytes())
    } catch {
      throw .error(error.code, "layer '\(context.name)': the picture \(error.message)", help: error.help)
    }
    let (n, source) = (picture.channels, picture.pixels)
    var out: [UInt8] = []
    out.reserveCapacity(picture.width * picture.height * (format == .Grayscale ? 1 : 3))
    for i in stride(from: 0, to: source.count, by: n) {
      let (r, g, b) = n == 1 ? (source[i], source[i], source[i]) : (source[i], source[i + 1], source[i + 2])
      switch format {
      case .RGB: out += [r, g, b]
      case .BGR: out += [b, g, r]
      case .Grayscale:
        // ITU-R 601 luma in 16-bit fixed point, rounded.
        let (red, green, blue) = (UInt32(r) * 19595, UInt32(g) * 38470, UInt32(b) * 7471)
        out.append(n == 1 ? r : UInt8((red + green + blue + 0x8000) >> 16))
      }
    }
    let channels = format == .Grayscale ? 1 : 3
    return [.tensor(try Tensor(out, shape: [picture.height, picture.width, channels]))]
  }
}
