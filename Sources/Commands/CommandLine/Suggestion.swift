/// What a misspelt word was probably meant to be.
package enum Suggestion {
    /// The candidate that differs least from `word`; nil when none differs little.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        let allowed = max(1, min(2, word.count / 3))
        let distances = candidates.map { (name: $0, distance: distance(word, $0)) }
        return distances.filter { $0.distance <= allowed }.min { $0.distance < $1.distance }?.name
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
    /// (optimal string alignment).
    package static func distance(_ left: String, _ right: String) -> Int {
        let a = Array(left.utf8)
        let b = Array(right.utf8)
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
