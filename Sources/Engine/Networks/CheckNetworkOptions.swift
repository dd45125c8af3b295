import Core
import Networking

extension NetworkRequest {
    /// Options that do not go together, or cannot be had yet.
    func checkOptions(of driver: any NetworkDriver) throws(OperationError) {
        for address in gateways + auxiliary.values where address.family == .ipv6 && !hasIPv6 {
            throw OperationError("\(address) needs --ipv6", kind: .invalid)
        }
        for range in ranges where range.family == .ipv6 {
            throw OperationError(
                "invalid ip-range \(range)", reason: "an address of IPv6 goes with one of IPv4",
                remedy: "give a range of these", kind: .unsupported)
        }
        if hasIPv6, driver.isBesideHost {
            throw OperationError(
                "IPv6 network", name, reason: "networks of driver \(self.driver) are of IPv4 only", kind: .unsupported)
        }
        if driver.isBesideHost, firewall.map({ $0 != .none }) ?? false {
            throw invalid(
                "a network of driver \(self.driver) has no firewall: it is beside this host, and not behind it")
        }
        if isConfigOnly { return }
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
