import Core
import Networking
import Testing

@testable import Engine

/// What `network create` makes of its addresses, before anything is looked up.
@Suite struct PoolRequestTests {
    private func request(
        _ subnets: [String], _ gateways: [String] = [], _ ranges: [String] = [], _ auxiliary: [String: String] = [:]
    )
        -> NetworkRequest
    {
        var request = NetworkRequest(name: "one")
        request.subnets = subnets.compactMap { Subnet($0) }
        request.gateways = gateways.compactMap { IPAddress($0) }
        request.ranges = ranges.compactMap { AddressRange($0) }
        request.auxiliary = auxiliary.compactMapValues { IPAddress($0) }
        return request
    }

    private func settle(_ request: NetworkRequest) throws -> Subnet {
        let pool = try request.pool(of: .ipv4)
        return try pool.gateway(in: pool.subnet ?? #require(Subnet("10.64.0.0/22")))
    }

    @Test func gateways() throws {
        #expect(try settle(request([])).description == "10.64.0.1/22")
        #expect(try settle(request(["10.9.1.0/24"])).description == "10.9.1.1/24")
        #expect(try settle(request(["10.9.1.7/24"])).description == "10.9.1.7/24")
        #expect(
            try settle(request(["10.9.1.7/24"], ["10.9.1.8"], ["10.9.1.64/26"], ["a": "10.9.1.9"])).description
                == "10.9.1.8/24")
        // One of the other family is another pool.
        #expect(try request(["10.9.1.0/24", "fd00::/64"]).pool(of: .ipv6).subnet == Subnet("fd00::/64"))
        #expect(try request(["10.9.1.0/24", "fd00::/64"], ["fd00::9"]).pool(of: .ipv4).gateway == nil)
    }

    @Test func whatDoesNotGoTogether() throws {
        for (request, text) in [
            (request(["10.9.1.0/24", "10.9.2.0/24"]), "bridge driver doesn't support multiple subnets"),
            (request(["10.9.1.0/24", "10.9.1.128/25"]), "multiple overlapping subnet configuration is not supported"),
            (
                request(["10.9.1.0/24"], ["10.9.1.1", "10.9.1.2"]),
                "cannot configure multiple gateways (10.9.1.2, 10.9.1.1) for the same subnet (10.9.1.0/24)"
            ),
            (
                request(["10.9.1.0/24"], [], ["10.9.1.0/25", "10.9.1.128/25"]),
                "cannot configure multiple ranges (10.9.1.128/25, 10.9.1.0/25) on the same subnet (10.9.1.0/24)"
            ),
            (request([], ["10.64.1.9"]), "every ip-range or gateway must have a corresponding subnet"),
            (request([], [], ["10.9.1.0/25"]), "every ip-range or gateway must have a corresponding subnet"),
            (request([], [], [], ["a": "10.9.1.2"]), "every ip-range or gateway must have a corresponding subnet"),
            (
                request(["10.9.1.0/24"], ["10.9.2.1"]),
                "invalid gateway 10.9.2.1: parent subnet 10.9.1.0/24 doesn't contain this address"
            ),
            (
                request(["10.9.1.0/24"], [], ["10.9.0.0/16"]),
                "invalid ip-range 10.9.0.0/16: CIDR block is bigger than its parent subnet 10.9.1.0/24"
            ),
            (
                request(["10.9.1.0/24"], [], ["10.9.2.0/25"]),
                "invalid ip-range 10.9.2.0/25: parent subnet 10.9.1.0/24 doesn't contain ip-range"
            ),
            (
                request(["10.9.1.0/24"], [], ["10.9.1.200-10.9.2.3"]),
                "invalid ip-range 10.9.1.200-10.9.2.3: parent subnet 10.9.1.0/24 doesn't contain ip-range"
            ),
            (
                request(["10.9.1.0/24"], [], ["10.9.1.0-10.9.1.1"]),
                "invalid ip-range 10.9.1.0/31: no address is left in it"
            ),
            (
                request(["10.9.1.0/24"], [], ["10.9.1.0-10.9.1.0"]),
                "invalid ip-range 10.9.1.0/32: no address is left in it"
            ),
            (
                request(["10.9.1.0/24"], [], ["10.9.1.255-10.9.1.255"]),
                "invalid ip-range 10.9.1.255/32: no address is left in it"
            ),
            (
                request(["10.9.1.0/24"], [], ["10.9.1.9-10.9.1.9"], ["a": "10.9.1.9"]),
                "invalid ip-range 10.9.1.9/32: no address is left in it"
            ),
            (request(["10.9.1.0/24"], [], [], ["a": "10.9.2.9"]), "no matching subnet for aux-address 10.9.2.9"),
            (
                request(["10.9.1.0/24"], [], [], ["a": "10.9.1.0"]),
                "invalid aux-address 10.9.1.0: it is the network's own or the broadcast address"
            ),
            (
                request(["10.9.1.0/24"], [], [], ["a": "10.9.1.1"]),
                "failed to allocate secondary ip address (a:10.9.1.1): Address already in use"
            ),
            (
                request(["10.9.1.0/24"], [], [], ["a": "10.9.1.3", "b": "10.9.1.3"]),
                "failed to allocate secondary ip address (a:10.9.1.3): Address already in use"
            ),
        ] {
            let error = #expect(throws: OperationError.self) { try settle(request) }
            #expect(error?.description == text)
        }
        let many = Dictionary(uniqueKeysWithValues: (2...65).map { ("a\($0)", "10.9.1.\($0)") })
        #expect(throws: OperationError.self) { try settle(request(["10.9.1.0/24"], [], [], many)) }
        let fewer = many.filter { $0.key != "a65" }
        #expect(try settle(request(["10.9.1.0/24"], [], [], fewer)).description == "10.9.1.1/24")
    }

    @Test func contradictions() throws {
        func complaint(_ isInternal: Bool = false, _ change: (inout NetworkRequest) -> Void) -> String? {
            var request = request(["10.9.1.0/24"])
            request.isInternal = isInternal
            change(&request)
            do throws(OperationError) { try request.checkOptions(of: BridgeDriver()) } catch {
                return error.description
            }
            return nil
        }
        #expect(
            complaint { $0.options.gatewayMode = .isolated }?.contains("can only be used for an internal network")
                == true)
        #expect(complaint(true) { $0.options.gatewayMode = .isolated } == nil)
        #expect(complaint(true) { $0.options.gatewayMode = .unprotected } != nil)
        #expect(complaint(true) { $0.options.gatewayMode = .routed } != nil)
        #expect(complaint { ($0.options.gatewayMode, $0.firewall) = (.routed, FirewallBackend.none) } != nil)
        #expect(complaint { $0.options.gatewayMode = .routed } == nil)
        #expect(complaint { $0.options.gatewayMode6 = .routed }?.contains("needs --ipv6") == true)
        #expect(complaint { ($0.options.gatewayMode6, $0.hasIPv6) = (.routed, true) } == nil)
        #expect(complaint { $0.options.mode = "unmanaged" } == nil)
        #expect(complaint { ($0.options.mode, $0.options.membersMeet) = ("unmanaged", false) } != nil)
        #expect(complaint { ($0.options.mode, $0.options.mtu) = ("unmanaged", 1400) } != nil)
        #expect(complaint(true) { $0.options.mode = "unmanaged" }?.contains("--internal and mode=unmanaged") == true)
        #expect(complaint { ($0.options.mode, $0.firewall) = ("unmanaged", FirewallBackend.nftables) } != nil)
        #expect(complaint(true) { $0.options.trustedInterfaces = ["eth0"] } != nil)
        #expect(complaint { ($0.options.membersMeet, $0.firewall) = (false, FirewallBackend.none) } != nil)
        #expect(complaint { ($0.options.membersMeet, $0.options.givesHostAddress) = (false, false) } != nil)
        #expect(complaint { $0.options.membersMeet = false } == nil)
        #expect(complaint(true) { $0.firewall = FirewallBackend.none }?.contains("are kept in by its firewall") == true)
        #expect(complaint(true) { $0.firewall = .nftables } == nil)
        #expect(complaint { $0.firewall = FirewallBackend.none } == nil)
        #expect(complaint { $0.gateways.append(IPAddress(ipv6: 0xfd << 120 | 1)) }?.contains("needs --ipv6") == true)
        #expect(
            complaint { request in
                request.hasIPv6 = true
                request.ranges = AddressRange("fd00::8-fd00::9").map { [$0] } ?? []
            }?.contains("goes with one of IPv4") == true)
    }
}
