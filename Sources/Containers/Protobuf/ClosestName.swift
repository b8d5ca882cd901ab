/// The known name that a mistyped one most likely stands for: a few letters off, abbreviated, or a part of it.
/// Nil when none is near.
package func closestName(to word: String, among known: some Sequence<String>) -> String? {
  let typed = Array(word.lowercased().utf8)
  // A name that long is not a slip of the keyboard, and the distance costs the product of both lengths.
  guard !typed.isEmpty, typed.count <= 64 else { return nil }
  var best: (name: String, score: Int)?
  for name in known where name.utf8.count <= 128 {
    let candidate = Array(name.lowercased().utf8)
    let distance = editDistance(typed, candidate)
    let isNear = distance <= max(2, typed.count / 4)
    let isAbbreviation = typed.count >= 4 && typed.first == candidate.first && isSubsequence(typed, of: candidate)
    let isPart = typed.count >= 4 && name.lowercased().contains(word.lowercased())
    guard isNear && distance < typed.count || isAbbreviation || isPart else { continue }
    let score = isNear ? distance : distance + 100
    if score < best?.score ?? Int.max { best = (name, score) }
  }
  return best?.name
}

/// Insertions, deletions and substitutions that make `b` of `a`.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let substituted = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}

private func isSubsequence(_ a: [UInt8], of b: [UInt8]) -> Bool {
  var rest = a[...]
  for x in b where x == rest.first { rest = rest.dropFirst() }
  return rest.isEmpty
}
