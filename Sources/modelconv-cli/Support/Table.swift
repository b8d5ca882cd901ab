/// Text in columns, as wide as their contents.
struct Table {
  enum Alignment { case left, right }
  private let columns: [(title: String, alignment: Alignment)]
  private var rows: [[String]] = []

  init(_ columns: [(String, Alignment)]) { self.columns = columns.map { (title: $0.0, alignment: $0.1) } }

  mutating func add(_ cells: [String]) { rows.append(cells) }

  /// Title row, rule and rows; the last column is not padded.
  var lines: [String] {
    var widths = columns.map { $0.title.count }
    for r in rows { for (i, c) in r.enumerated() where i < widths.count { widths[i] = max(widths[i], c.count) } }
    func render(_ cells: [String]) -> String {
      var s = ""
      for (i, c) in cells.enumerated() where i < columns.count {
        let space = String(repeating: " ", count: widths[i] - c.count)
        let isLast = i == columns.count - 1
        s += columns[i].alignment == .right ? space + c : c + (isLast ? "" : space)
        if !isLast { s += "  " }
      }
      while s.last == " " { s.removeLast() }
      return s
    }
    return [render(columns.map(\.title)), render(widths.map { String(repeating: "-", count: $0) })] + rows.map(render)
  }
}

/// Numbers for people.
enum Format {
  /// `1,234,567`.
  static func grouped(_ n: Int) -> String {
    let digits = Array(String(n.magnitude))
    var s = n < 0 ? "-" : ""
    for (i, d) in digits.enumerated() {
      if i > 0, (digits.count - i) % 3 == 0 { s += "," }
      s.append(d)
    }
    return s
  }

  /// `1.58 G`, `36.9 M`, `512`: three significant digits.
  static func short(_ n: Int) -> String {
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] where Double(n) >= size * 0.9995 {
      return "\(digits(Double(n) / size)) \(unit)"
    }
    return String(n)
  }

  static func bytes(_ n: Int) -> String {
    for (unit, size) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where Double(n) >= size * 0.9995 {
      return "\(digits(Double(n) / size)) \(unit)"
    }
    return "\(n) bytes"
  }

  private static func digits(_ x: Double) -> String { fixed(x, x < 9.995 ? 2 : x < 99.95 ? 1 : 0) }

  /// `x` with `places` decimals.
  static func fixed(_ x: Double, _ places: Int) -> String {
    guard x.isFinite, abs(x) < 1e15 else { return number(x) }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let rounded = (abs(x) * scale).rounded(.toNearestOrEven)
    let whole = Int((rounded / scale).rounded(.towardZero))
    let sign = x < 0 && rounded > 0 ? "-" : ""
    guard places > 0 else { return sign + String(whole) }
    let fraction = String(Int(rounded - Double(whole) * scale))
    return "\(sign)\(whole).\(String(repeating: "0", count: max(0, places - fraction.count)))\(fraction)"
  }

  /// Four significant digits, in scientific form where that is shorter.
  static func number(_ x: Double) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    if x == 0 { return "0" }
    if x == x.rounded(), abs(x) < 1e6 { return String(Int(x)) }
    var exponent = 0
    var m = abs(x)
    while m >= 10 { (m, exponent) = (m / 10, exponent + 1) }
    while m < 1 { (m, exponent) = (m * 10, exponent - 1) }
    let sign = x < 0 ? "-" : ""
    if exponent >= -3, exponent < 5 { return sign + fixed(abs(x), max(0, 3 - exponent)) }
    let mantissa = fixed(m, 3)
    return mantissa == "10.000" ? "\(sign)1.000e\(exponent + 1)" : "\(sign)\(mantissa)e\(exponent)"
  }
}
