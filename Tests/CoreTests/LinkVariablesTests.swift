import Core
import Testing

/// The examples are those of Docker's page on legacy container links.
@Suite struct LinkVariablesOfDocker {
    private func variables(_ alias: String, _ exposed: [String], _ environment: [String] = []) throws -> [String] {
        let address = try #require(IPAddress("172.17.0.5"))
        return LinkVariables(try #require(Name(alias)), at: address, exposed: exposed)
            .all(name: "/web2/\(alias)", environment: environment)
    }

    @Test func ofOnePort() throws {
        #expect(
            Set(try variables("db", ["5432/tcp"])) == [
                "DB_NAME=/web2/db", "DB_PORT=tcp://172.17.0.5:5432", "DB_PORT_5432_TCP=tcp://172.17.0.5:5432",
                "DB_PORT_5432_TCP_PROTO=tcp", "DB_PORT_5432_TCP_PORT=5432", "DB_PORT_5432_TCP_ADDR=172.17.0.5",
            ])
    }

    /// The port with the lowest number is the first one, TCP before UDP.
    @Test func ofSeveralPorts() throws {
        let found = try variables("my-db", ["90/tcp", "53/udp", "53/tcp"])
        #expect(found.first == "MY_DB_PORT=tcp://172.17.0.5:53")
        #expect(found.contains("MY_DB_PORT_53_UDP_PROTO=udp") && found.contains("MY_DB_PORT_90_TCP_PORT=90"))
        #expect(!found.contains { $0.contains("_START") || $0.contains("_END") })
    }

    @Test func threeInARowAreARange() throws {
        let found = try variables("db", ["80/tcp", "81/tcp", "82/tcp"])
        for line in ["80_TCP_START=tcp://172.17.0.5:80", "80_TCP_END=tcp://172.17.0.5:82", "80_TCP_PORT_END=82"] {
            #expect(found.contains("DB_PORT_\(line)"), "\(found)")
        }
    }

    @Test func theEnvironmentThatItWasGiven() throws {
        let found = try variables("db", [], ["PATH=/bin", "HOME=/", "USER=me", "EMPTY="])
        #expect(found == ["DB_NAME=/web2/db", "DB_ENV_USER=me", "DB_ENV_EMPTY="])
    }
}
