import Core

/// Whose a packet becomes that is masqueraded where it leaves by a link.
enum MasqueradedSource {
    /// As the kernel chooses (inet_select_addr; RFC 6724, section 5, rules 2 and 8).
    /// - Parameters:
    ///   - addresses: of the link, in the kernel's order.
    ///   - hop: the next router, or the destination itself.
    /// - Returns: nil: the link has none that would do, and the packet is dropped.
    static func choose(among addresses: [Subnet], toward hop: IPAddress, to destination: IPAddress) -> IPAddress? {
        if destination.family == .ipv4 {
            return (addresses.first { $0.contains(hop) } ?? addresses.first)?.address
        }
        let candidates = addresses.map(\.address).filter { $0.isMappedOrOfLink == destination.isMappedOrOfLink }
        // Of equal ones the first, which `max` would not give.
        return candidates.reduce(nil) { best, next in
            guard let best else { return next }
            return next.sharedBits(with: destination) > best.sharedBits(with: destination) ? next : best
        }
    }
}

extension IPAddress {
    /// How many bits both begin with.
    fileprivate func sharedBits(with other: IPAddress) -> Int { (number ^ other.number).leadingZeroBitCount }
}
