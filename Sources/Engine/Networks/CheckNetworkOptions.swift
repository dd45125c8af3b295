import Core

extension NetworkRequest {
    /// Options that do not go together, or cannot be had yet.
    func checkOptions() throws(OperationError) {
        for address in gateways + auxiliary.values where address.family == .ipv6 && !hasIPv6 {
            throw OperationError("\(address) needs --ipv6", kind: .invalid)
        }
        for range in ranges where range.family == .ipv6 {
            throw OperationError(
                "invalid ip-range \(range)", reason: "an address of IPv6 goes with one of IPv4",
                remedy: "give a range of these", kind: .unsupported)
        }
        if options.gatewayMode == .isolated, !isInternal {
            throw invalid("gateway mode 'isolated' can only be used for an internal network", "add --internal")
        }
        if isInternal, options.gatewayMode == .unprotected || !options.trustedInterfaces.isEmpty {
            throw invalid(
                "an internal network has no way in: gateway mode nat-unprotected and trusted interfaces are one")
        }
        if options.membersMeet { return }
        if firewall == FirewallBackend.none {
            throw invalid("members of a network are kept apart by its firewall, and it has none")
        }
        if !options.hasHostAddress {
            throw invalid("members of a network that do not meet reach this host alone, and it has no address there")
        }
    }

    private func invalid(_ sentence: String, _ remedy: String? = nil) -> OperationError {
        OperationError("conflicting options: \(sentence)", remedy: remedy, kind: .invalid)
    }
}
