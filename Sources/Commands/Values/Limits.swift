import Core

/// Amounts that a container may use, as flags give them.
package enum LimitValue {
    /// Below this no program starts: Docker's bound.
    package static let minimumMemory: Int64 = 6 << 20

    /// 0 is no limit.
    package static func memory(_ text: String) throws(OperationError) -> Int64? {
        guard let bytes = ByteCount.parse(text) else { throw OperationError("use a number of bytes such as 64m or 1g") }
        guard bytes == 0 || bytes >= minimumMemory else {
            throw OperationError("Minimum memory limit allowed is 6MB")
        }
        return bytes == 0 ? nil : bytes
    }

    /// Bytes that an image may have unpacked.
    package static func imageSize(_ text: String) throws(OperationError) -> Int64 {
        guard let bytes = ByteCount.parse(text), bytes > 0 else {
            throw OperationError("use a number of bytes such as 64m or 1g")
        }
        return bytes
    }

    /// Memory and swap together; -1 is as much swap as there is.
    package static func memorySwap(_ text: String) throws(OperationError) -> Int64? {
        text == "-1" ? -1 : try memory(text)
    }

    /// 0 is none.
    package static func memoryReservation(_ text: String) throws(OperationError) -> Int64? {
        guard let bytes = ByteCount.parse(text) else { throw OperationError("use a number of bytes such as 64m or 1g") }
        guard bytes == 0 || bytes >= minimumMemory else {
            throw OperationError("Minimum memory reservation allowed is 6MB")
        }
        return bytes == 0 ? nil : bytes
    }

    /// -1 is what the kernel has.
    package static func swappiness(_ text: String) throws(OperationError) -> Int64? {
        let value = try SimpleValue.number(
            text, in: -1...100, else: "Invalid value: \(text), valid memory swappiness range is 0-100")
        return value < 0 ? nil : value
    }

    /// Microseconds. 0 is none, and -1 no limit.
    package static func cpuQuota(_ text: String) throws(OperationError) -> Int64? {
        let refusal = "CPU cfs quota can not be less than 1ms (i.e. 1000)"
        let value = try SimpleValue.number(text, in: -1...Int64(Int32.max), else: refusal)
        guard value <= 0 || value >= 1000 else { throw OperationError(refusal) }
        return value == 0 ? nil : value
    }

    /// Microseconds; 0 is the usual period.
    package static func cpuPeriod(_ text: String) throws(OperationError) -> Int64? {
        let refusal = "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"
        let value = try SimpleValue.number(text, in: 0...1_000_000, else: refusal)
        guard value == 0 || value >= 1000 else { throw OperationError(refusal) }
        return value == 0 ? nil : value
    }

    /// 0 is the usual weight.
    package static func blockWeight(_ text: String) throws(OperationError) -> Int64? {
        let refusal = "Range of blkio weight is from 10 to 1000"
        let value = try SimpleValue.number(text, in: 0...1000, else: refusal)
        guard value == 0 || value >= 10 else { throw OperationError(refusal) }
        return value == 0 ? nil : value
    }

    /// `1.5` CPUs are 1500 thousandths; 0 is no limit.
    package static func cpus(_ text: String) throws(OperationError) -> Int64? {
        guard let thousandths = fixedPoint(text, decimals: 3),
            thousandths == 0 || (10...1_000_000).contains(thousandths)
        else { throw OperationError("use a number of CPUs from 0.01 to 1000, such as 1.5") }
        return thousandths == 0 ? nil : thousandths
    }

    /// `20` percent of one CPU are 200 thousandths.
    package static func cpuPercent(_ text: String) throws(OperationError) -> Int64 {
        let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let tenths = fixedPoint(digits, decimals: 1), (10...1_000_000).contains(tenths) else {
            throw OperationError("use percent of one CPU, from 1 to 100000")
        }
        return tenths
    }

    /// 0 is the usual weight.
    package static func cpuShares(_ text: String) throws(OperationError) -> Int64? {
        if text == "0" { return nil }
        guard let shares = Decimal.parse(text, in: 2...262_144) else {
            throw OperationError("use a number from 2 to 262144")
        }
        return Int64(shares)
    }

    /// -1 and 0 are no limit.
    package static func pids(_ text: String) throws(OperationError) -> Int64? {
        if text == "-1" || text == "0" { return nil }
        guard let count = Decimal.parse(text, in: 1...4_194_304) else {
            throw OperationError("use a number of processes, or -1 for no limit")
        }
        return Int64(count)
    }

    /// Processors as cpuset(7) lists them: `0-2,4`.
    package static func cpuset(_ text: String) throws(OperationError) -> String { try list(text, of: "processors") }

    /// Nodes of memory, likewise.
    package static func memoryNodes(_ text: String) throws(OperationError) -> String {
        try list(text, of: "memory nodes")
    }

    private static func list(_ text: String, of what: String) throws(OperationError) -> String {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { Decimal.parse($0, in: 0...8191) }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else {
                throw OperationError("use a list of \(what) such as 0-2,4")
            }
        }
        return text
    }

    /// A decimal fraction times 10^`decimals`, exactly; nil when `text` is none or has more decimals.
    static func fixedPoint(_ text: String, decimals: Int) -> Int64? {
        let halves = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = halves.first, whole.utf8.count <= 9, whole.utf8.allSatisfy(\.isDigit) else { return nil }
        let fraction = halves.count == 2 ? halves[1] : ""
        guard fraction.utf8.count <= decimals, fraction.utf8.allSatisfy(\.isDigit), !(whole.isEmpty && fraction.isEmpty)
        else { return nil }
        return Int64(whole + fraction + String(repeating: "0", count: decimals - fraction.utf8.count))
    }
}
