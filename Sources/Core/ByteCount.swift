/// Amounts of memory as users write them.
package enum ByteCount {
    /// Reads `64m`, `1.5g`, `512`, `100KiB`: powers of `base` whatever the unit, Docker's way. Nil when it is none, is
    /// negative or does not fit.
    package static func parse(_ text: String, base: Int64 = 1024) -> Int64? {
        var digits = text.lowercased()
        if digits.hasSuffix("ib") { digits.removeLast(2) } else if digits.hasSuffix("b") { digits.removeLast() }
        var factor: Int64 = 1
        if let unit = digits.last, let index = Array("kmgtp").firstIndex(of: unit) {
            for _ in 0...index { factor *= base }
            digits.removeLast()
        }
        guard let first = digits.utf8.first, first.isDigit,
            digits.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }),
            let number = Double(digits)
        else { return nil }
        let bytes = number * Double(factor)
        return bytes < Double(Int64.max) ? Int64(bytes) : nil
    }

    /// `64MiB`, `1.5GiB`: the form that `parse` reads, cut to a tenth.
    package static func text(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (scale, unit): (Int64, Int) = (1, 0)
        while bytes / scale >= 1024, unit < units.count - 1 {
            scale *= 1024
            unit += 1
        }
        let tenth = scale == 1 ? 0 : bytes % scale / (scale / 16) * 10 / 16
        return "\(bytes / scale)" + (tenth == 0 ? "" : ".\(tenth)") + units[unit]
    }
}
