/// Spans of time as Go writes them (time.Duration.String), and Docker with it: `1m30s`, `1.5s`, `500ms`.
package enum GoDuration {
    /// - Parameter nanoseconds: not negative.
    package static func text(nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        for (unit, scale) in [("ns", 1), ("µs", 1000), ("ms", 1_000_000)] as [(String, Int64)]
        where nanoseconds < scale * 1000 {
            return decimal(nanoseconds, scale) + unit
        }
        let minutes = nanoseconds / 60_000_000_000
        let seconds = decimal(nanoseconds % 60_000_000_000, 1_000_000_000) + "s"
        if minutes == 0 { return seconds }
        return (minutes < 60 ? "" : "\(minutes / 60)h") + "\(minutes % 60)m" + seconds
    }

    private static func decimal(_ number: Int64, _ scale: Int64) -> String {
        var fraction = String(String(scale + number % scale).dropFirst())
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(number / scale)" + (fraction.isEmpty ? "" : "." + fraction)
    }
}

// MARK: - Reading

extension GoDuration {
    /// Numbers with units, one behind the other, as Go's ParseDuration takes them: 0 needs no unit, and there may be a sign in front.
    package static func nanoseconds(_ text: String) -> Int64? {
        let hasSign = text.hasPrefix("+") || text.hasPrefix("-")
        let span = text.dropFirst(hasSign ? 1 : 0)
        guard let nanoseconds = span == "0" ? 0 : sum(span) else { return nil }
        return text.hasPrefix("-") ? -nanoseconds : nanoseconds
    }

    private static func sum(_ span: Substring) -> Int64? {
        var rest = span
        var total: Int64 = 0
        while !rest.isEmpty {
            let number = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
            let unit = rest.dropFirst(number.count).prefix { $0 != "." && !("0"..."9").contains($0) }
            guard let scale = nanoseconds(perUnit: unit), let part = scaled(number, by: scale) else { return nil }
            let (sum, overflows) = total.addingReportingOverflow(part)
            guard !overflows else { return nil }
            total = sum
            rest = rest.dropFirst(number.count + unit.count)
        }
        return span.isEmpty ? nil : total
    }

    private static func nanoseconds(perUnit unit: Substring) -> Int64? {
        switch unit {
        case "ns": 1
        case "us", "µs": 1000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }

    /// A decimal number, of `scale` nanoseconds.
    package static func scaled(_ number: Substring, by scale: Int64) -> Int64? {
        let halves = number.split(separator: ".", omittingEmptySubsequences: false)
        let decimals = halves.count == 2 ? halves[1] : "0"
        guard halves.count <= 2, number.utf8.contains(where: \.isDigit), halves[0].utf8.allSatisfy(\.isDigit),
            decimals.utf8.allSatisfy(\.isDigit), let fraction = Double("0.\(decimals)0"),
            let whole = Int64("0" + halves[0])
        else { return nil }
        let (product, overflows) = whole.multipliedReportingOverflow(by: scale)
        let (sum, overflowsToo) = product.addingReportingOverflow(Int64((fraction * Double(scale)).rounded()))
        return overflows || overflowsToo ? nil : sum
    }
}
