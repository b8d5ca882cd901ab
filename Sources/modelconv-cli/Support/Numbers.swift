import ArgumentParser

/// Lists of numbers as options take them: `256,256`, `2,1,0`.
enum Numbers {
  /// Whole numbers with commas.
  static func integers(_ text: String, _ option: String) throws -> [Int] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0.trimmingWhitespace()) }
    guard parts.allSatisfy({ $0 != nil }) else {
      throw ValidationError("\(option) \(text): write whole numbers with commas")
    }
    return parts.compactMap { $0 }
  }

  /// `H,W`, or one number for both.
  static func size(_ text: String, _ option: String) throws -> [Int] {
    let v = try integers(text, option)
    guard v.count == 1 || v.count == 2, v.allSatisfy({ $0 >= 1 && $0 <= 1 << 16 }) else {
      throw ValidationError("\(option) \(text): write height and width, \(option) 256,256")
    }
    return v.count == 1 ? [v[0], v[0]] : v
  }
}
