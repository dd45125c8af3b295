import Core
import Glibc

/// The links of the network namespace that the process is in, as an address of fe80::/10 names them.
package enum LinkNumber {
    /// - Parameter link: its name or number (RFC 4007, section 11).
    /// - Returns: nil when there is no such link.
    package static func find(_ link: String) -> UInt32? {
        let named = link.withKernelString { if_nametoindex($0) }
        if named != 0 { return named }
        guard let number = Decimal.parse(link, in: 1...Int(Int32.max)).map({ UInt32($0) }) else { return nil }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        return if_indextoname(number, &name) == nil ? nil : number
    }
}
