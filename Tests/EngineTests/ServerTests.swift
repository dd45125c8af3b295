import Core
import TestSupport
import Testing

@testable import Engine

/// Name servers that are at a link of this host.
@Suite struct ServerTests {
    private func refusal(_ server: String, _ mode: NetworkMode) throws -> OperationError? {
        var definition = try Place().definition("box")
        definition.networkMode = mode
        definition.names.servers = [try #require(ServerAddress(server))]
        do throws(OperationError) {
            try definition.checkServers { ["eth0", "2"].contains($0) }
            return nil
        } catch {
            return error
        }
    }

    private func networks(_ names: String...) throws -> NetworkMode {
        .networks(try names.map { EndpointWish(network: try #require(Name($0))) })
    }

    @Test func whereALinkMeansSomething() throws {
        for server in ["fe80::53%eth0", "fe80::53%2"] {
            for mode in [try networks("front"), try networks("bridge", "front"), .host] {
                #expect(try refusal(server, mode) == nil, "\(server) \(mode)")
            }
            for mode in [try networks("bridge"), .none, .namespace("/run/netns/a")] {
                let error = try refusal(server, mode)
                #expect(error?.kind == .invalid && error?.remedy != nil, "\(server) \(mode)")
                #expect(error?.description.hasPrefix("DNS server \"\(server)\": it is at a link of this host") == true)
            }
        }
    }

    @Test func linksThatAreNotThere() throws {
        for mode in [try networks("front"), .host] {
            let error = try refusal("fe80::53%eth1", mode)
            #expect(error?.description == "DNS server \"fe80::53%eth1\": this host has no link \"eth1\"")
            #expect(error?.kind == .notFound)
        }
    }

    @Test func serversWithoutALink() throws {
        for server in ["10.0.0.1", "fd00::53", "fe80::53"] {
            for mode in [try networks("bridge"), try networks("front"), .host, .none] {
                #expect(try refusal(server, mode) == nil, "\(server) \(mode)")
            }
        }
    }
}
