import Core

/// What a network is asked to have of addresses of one family.
struct PoolRequest: Equatable {
    /// Host form or network form; nil: a free one is looked for.
    var subnet: Subnet?
    /// Nil: the host part of the subnet, or its first address.
    var gateway: IPAddress?
    /// Nil: all of the subnet.
    var range: AddressRange?
    var auxiliary: [String: IPAddress] = [:]
}

extension NetworkRequest {
    /// What of it is of one family. What goes together is told by the family, as there is one subnet of each. The sentences
    /// are Docker's.
    func pool(of family: AddressFamily) throws(OperationError) -> PoolRequest {
        let subnets = subnets.filter { $0.family == family }
        let gateways = gateways.filter { $0.family == family }
        let ranges = ranges.filter { $0.family == family }
        try checkCount(subnets)
        let place = subnets.first.map { " (\($0.network))" } ?? ""
        if gateways.count > 1 {
            throw invalid(
                "cannot configure multiple gateways (\(gateways[1]), \(gateways[0])) for the same subnet\(place)")
        }
        if ranges.count > 1 {
            throw invalid("cannot configure multiple ranges (\(ranges[1]), \(ranges[0])) on the same subnet\(place)")
        }
        let auxiliary = auxiliary.filter { $0.value.family == family }
        if subnets.isEmpty, !gateways.isEmpty || !ranges.isEmpty || !auxiliary.isEmpty {
            throw invalid("every ip-range or gateway must have a corresponding subnet", remedy: "name it by --subnet")
        }
        return PoolRequest(
            subnet: subnets.first, gateway: gateways.first, range: ranges.first, auxiliary: auxiliary)
    }

    private func checkCount(_ subnets: [Subnet]) throws(OperationError) {
        for (index, subnet) in subnets.enumerated() where subnets[..<index].contains(where: subnet.overlaps) {
            throw invalid("multiple overlapping subnet configuration is not supported")
        }
        if subnets.count > 1 {
            throw invalid(
                "\(driver) driver doesn't support multiple subnets", remedy: "give one --subnet of each address family")
        }
    }

    private func invalid(_ sentence: String, remedy: String? = nil) -> OperationError {
        OperationError(sentence, remedy: remedy, kind: .invalid)
    }
}

extension PoolRequest {
    /// - Parameter subnet: that was found or asked for; host bits name the gateway.
    /// - Returns: the gateway's address in the subnet.
    func gateway(in subnet: Subnet) throws(OperationError) -> Subnet {
        let first = subnet.hasHostBits ? subnet.address : subnet.hosts.lowerBound
        let address = gateway ?? first
        guard subnet.contains(address) else {
            throw OperationError(
                "invalid gateway \(address): parent subnet \(subnet.network) doesn't contain this address",
                kind: .invalid)
        }
        guard subnet.hosts.contains(address) else {
            throw OperationError(
                "invalid gateway \(address)", reason: "it is the network's own or the broadcast address",
                kind: .invalid)
        }
        try checkRange(in: subnet.network, gateway: address)
        try checkAuxiliary(in: subnet.network, gateway: address)
        return Subnet(address, subnet.prefixLength)
    }

    private func checkRange(in subnet: Subnet, gateway: IPAddress) throws(OperationError) {
        guard let range else { return }
        if range.first < subnet.first, range.last > subnet.last {
            throw OperationError(
                "invalid ip-range \(range): CIDR block is bigger than its parent subnet \(subnet)", kind: .invalid)
        }
        guard subnet.contains(range.first), subnet.contains(range.last) else {
            throw OperationError(
                "invalid ip-range \(range): parent subnet \(subnet) doesn't contain ip-range", kind: .invalid)
        }
        let first = max(range.first, subnet.hosts.lowerBound)
        let last = min(range.last, subnet.hosts.upperBound)
        let reserved = Set([gateway] + auxiliary.values).count { first <= $0 && $0 <= last }
        if first > last || last.number - first.number < UInt128(reserved) {
            throw OperationError("invalid ip-range \(range)", reason: "no address is left in it", kind: .invalid)
        }
    }

    private func checkAuxiliary(in subnet: Subnet, gateway: IPAddress) throws(OperationError) {
        for (name, address) in auxiliary.sorted(by: { $0.key < $1.key }) {
            guard subnet.contains(address) else {
                throw OperationError("no matching subnet for aux-address \(address)", kind: .invalid)
            }
            guard subnet.hosts.contains(address) else {
                throw OperationError(
                    "invalid aux-address \(address)", reason: "it is the network's own or the broadcast address",
                    kind: .invalid)
            }
            guard address != gateway, auxiliary.count(where: { $0.value == address }) == 1 else {
                throw OperationError(
                    "failed to allocate secondary ip address (\(name):\(address)): Address already in use",
                    kind: .conflict)
            }
        }
        guard auxiliary.count <= Self.mostAuxiliary else {
            throw OperationError(
                "\(auxiliary.count) auxiliary addresses", reason: "there may be \(Self.mostAuxiliary)", kind: .invalid)
        }
    }

    /// Beside the gateway (AddressSpace.maximumReserved).
    private static let mostAuxiliary = 63
}
