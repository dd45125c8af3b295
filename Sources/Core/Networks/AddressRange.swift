/// The addresses of a subnet that are given out where none is asked for (`--ip-range`).
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
    package let first: IPAddress
    package let last: IPAddress

    /// Reads `192.168.10.128/25`, host bits or not, and `192.168.10.128-192.168.10.200`, as Podman has it. Nil when it is neither,
    /// or ends before it begins.
    package init?(_ text: String) {
        if let block = Subnet(text) {
            (first, last) = (block.first, block.last)
            return
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { IPAddress(String($0)) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first.family == last.family, first <= last
        else { return nil }
        (self.first, self.last) = (first, last)
    }

    package var family: AddressFamily { first.family }

    package func contains(_ address: IPAddress) -> Bool {
        address.family == family && first <= address && address <= last
    }

    /// Of a block its subnet.
    package var description: String { block?.description ?? "\(first)-\(last)" }

    /// The subnet that it is all of; nil where it is none.
    private var block: Subnet? {
        let hostBits = first.number ^ last.number
        guard hostBits & (hostBits &+ 1) == 0, first.number & hostBits == 0 else { return nil }
        return Subnet(first, family.bits - (128 - hostBits.leadingZeroBitCount))
    }
}
