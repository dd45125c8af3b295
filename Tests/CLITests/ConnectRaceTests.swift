import Foundation
import Testing

extension CLI {
    /// `network connect` and `disconnect` beside commands that end the container, and against a program that has its own way
    /// with its interfaces.
    @Suite(.serialized) struct ConnectionRaces {
        init() { #expect(Host.hasDefaultImage) }

        private func withNetworks(_ subnets: [String], _ body: () throws -> Void) throws {
            try Ledger.expectUnchanged {
                let networks = try subnets.enumerated().map { try TestNetwork("crace\($0.offset)", $0.element) }
                defer { for network in networks { network.remove() } }
                defer { Host.run([Host.mydocker, "rm", "-f", "crace"]) }
                try body()
            }
        }

        private func connectBeside(_ command: [String], rounds: Int, _ afterwards: () -> Void) throws {
            for round in 0..<rounds {
                let other = try Background([Host.mydocker] + command)
                usleep(UInt32(round % 5) * 10_000)
                let connect = mydocker("network", "connect", "crace1", "crace")
                #expect(connect.code == 0, "\(connect.error)")
                #expect(other.end() == 0, "\(other.errorText)")
                afterwards()
            }
        }

        @Test func duringARestart() throws {
            try withNetworks(["10.201.144.0/24", "10.201.145.0/29"]) {
                succeed("run", "-d", "--name", "crace", "--net", "crace0", "sleep", "1000")
                try connectBeside(["restart", "-t", "0", "crace"], rounds: 20) {
                    #expect(
                        succeed("exec", "crace", "ip", "-o", "-4", "address").lines.filter {
                            $0.contains("10.201.145.")
                        }
                        .count == 1)
                    succeed("network", "disconnect", "crace1", "crace")
                }
                try CheckReport.expectClean()
            }
        }

        /// The network has room for five containers, and there is one.
        @Test func besideAStop() throws {
            try withNetworks(["10.201.144.0/24", "10.201.145.0/29"]) {
                succeed("run", "-d", "--name", "crace", "--net", "crace0", "sleep", "1000")
                try connectBeside(["stop", "-t", "0", "crace"], rounds: 20) {
                    succeed("network", "disconnect", "crace1", "crace")
                    succeed("start", "crace")
                }
                try CheckReport.expectClean()
            }
        }

        /// One end of a link is the host's, whatever the program has made of the other one.
        @Test func aRenamedInterfaceIsTakenAway() throws {
            try withNetworks(["10.201.144.0/24", "10.201.145.0/24"]) {
                succeed("run", "-d", "--name", "crace", "--net", "crace0", "--cap-add", "NET_ADMIN", "sleep", "1000")
                succeed("network", "connect", "crace1", "crace")
                succeed(
                    "exec", "crace", "sh", "-c", "ip link set eth1 down; ip link set eth1 name x; ip link set x up")
                succeed("network", "disconnect", "crace1", "crace")
                #expect(!succeed("exec", "crace", "ip", "link").text.contains("x@"))
                succeed("exec", "crace", "sh", "-c", "ip link set lo down; ip link set lo name eth1")
                #expect(mydocker("network", "connect", "crace1", "crace").code == 1)
                try CheckReport.expectClean()
            }
        }

        /// One of two that begin at the same moment has it.
        @Test func aMACAddressThatTwoWant() throws {
            try withNetworks(["10.201.144.0/24"]) {
                for _ in 0..<6 {
                    let runs = try (0..<2).map { _ in
                        try Background([
                            Host.mydocker, "run", "-d", "--net", "crace0", "--mac-address", "02:00:00:00:00:08",
                            "sleep",
                            "1000",
                        ])
                    }
                    #expect(runs.map { $0.end() }.sorted() == [0, 125])
                    for run in runs where !run.text.isEmpty { succeed("rm", "-f", String(run.text.dropLast())) }
                }
            }
        }

        @Test(arguments: [true, false]) func theNetworkNoneCanBeLeft(_ isRunning: Bool) throws {
            try withNetworks(["10.201.144.0/24"]) {
                succeed("run", "-d", "--name", "crace", "--net", "none", "sleep", "1000")
                if !isRunning { succeed("stop", "-t", "0", "crace") }
                #expect(mydocker("network", "connect", "crace0", "crace").code == 1)
                succeed("network", "disconnect", "none", "crace")
                succeed("network", "connect", "crace0", "crace")
                if !isRunning { succeed("start", "crace") }
                succeed("exec", "crace", "ping", "-c1", "-W2", "10.201.144.1")
                #expect(mydocker("network", "disconnect", "host", "crace").code == 1)
            }
        }

        /// The gateway's, another container's, and what an address that others may get brings along.
        @Test func aMACAddressIsOneContainers() throws {
            try withNetworks(["10.201.144.0/24", "10.201.145.0/24"]) {
                succeed(
                    "run", "-d", "--name", "crace", "--net", "crace0", "--mac-address", "02:00:00:00:00:07", "sleep",
                    "1000")
                for mac in ["02:42:0a:c9:90:01", "02:42:0a:c9:90:09", "02:00:00:00:00:07"] {
                    let outcome = mydocker("run", "--rm", "--net", "crace0", "--mac-address", mac, "true")
                    #expect(outcome.code == 125 && outcome.error.contains("MAC address \"\(mac)\""), "\(outcome.error)")
                }
                // Of its own address, and on another network.
                succeed(
                    "run", "--rm", "--net", "crace0", "--ip", "10.201.144.9", "--mac-address", "02:42:0a:c9:90:09",
                    "true")
                succeed("run", "--rm", "--net", "crace1", "--mac-address", "02:00:00:00:00:07", "true")
                succeed("exec", "crace", "ping", "-c1", "-W2", "10.201.144.1")
            }
        }
    }
}
