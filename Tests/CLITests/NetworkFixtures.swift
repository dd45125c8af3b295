import Foundation
import Testing

/// A network made with `network create`.
struct TestNetwork {
    let name: String
    let subnet: String
    let id: String

    /// Its definition.
    var record: String { "/var/lib/mydocker/networks/\(id).json" }
    /// The directory of its lock and its pool.
    var runtime: String { "/run/mydocker/networks/\(id)" }

    init(
        _ name: String, _ subnet: String, _ options: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try self.init(name, subnet, options, sourceLocation: sourceLocation)
    }

    init(
        _ name: String, _ subnet: String, _ options: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        self.name = name
        self.subnet = subnet
        let outcome = Host.run(
            [Host.mydocker, "network", "create", "--subnet", subnet] + options + [name], sourceLocation: sourceLocation)
        try #require(outcome.code == 0, "network create: \(outcome.error)", sourceLocation: sourceLocation)
        id = outcome.word
    }

    /// Must succeed: nothing may be on it any more.
    func remove(sourceLocation: SourceLocation = #_sourceLocation) {
        succeed("network", "remove", name, sourceLocation: sourceLocation)
    }
}

/// A container in the background.
struct Box {
    let name: String
    let id: String
    let pid: Int
    let address: String
    let supervisor: Int

    var place: Place { .process(pid) }

    /// - Parameters:
    ///   - network: the network's name.
    ///   - options: flags of `run`.
    ///   - command: what runs in it.
    init(
        _ name: String, on network: String, _ options: [String] = [], command: [String] = ["sleep", "1000"],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let started = Host.run(
            [Host.mydocker, "run", "-d", "--name", name, "--net", network] + options + command,
            sourceLocation: sourceLocation)
        try #require(started.code == 0, "run: \(started.error)", sourceLocation: sourceLocation)
        let format = "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        let words = mydocker("inspect", "-f", format, name).word.split(separator: " ")
        self.name = name
        id = started.word
        pid = try #require(words.first.flatMap { Int($0) }, sourceLocation: sourceLocation)
        address = words.count > 1 ? String(words[1]) : ""
        // The supervisor is the parent of the container's first process.
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let parent = status.split(separator: "\n").first { $0.hasPrefix("PPid:") }?.split(separator: "\t").last
        supervisor = try #require(parent.flatMap { Int($0) }, sourceLocation: sourceLocation)
    }

    /// Kills the supervisor, and returns when it and the container are gone.
    func killSupervisor() {
        kill(Int32(supervisor), SIGKILL)
        // A zombie is gone, too: whoever adopted it will reap it.
        Host.wait { [nil, "Z"].contains(Host.state(of: supervisor)) && [nil, "Z"].contains(Host.state(of: pid)) }
    }

    func remove(sourceLocation: SourceLocation = #_sourceLocation) {
        succeed("rm", "-f", name, sourceLocation: sourceLocation)
    }
}

extension Host {
    /// `R`, `S`, `Z`, …; nil when there is no such process.
    static func state(of pid: Int) -> Character? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].first { $0 != " " }
    }

    static func read(_ path: String) -> String {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static func write(_ text: String, to path: String, sourceLocation: SourceLocation = #_sourceLocation) {
        guard let file = FileHandle(forWritingAtPath: path) else {
            Issue.record("cannot open \(path)", sourceLocation: sourceLocation)
            return
        }
        file.write(Data(text.utf8))
        try? file.close()
    }

    static var links: [String] {
        run(["ip", "-br", "link"]).lines.compactMap { $0.split(separator: " ").first.map(String.init) }
    }
    static func hasLink(_ name: String) -> Bool { if_nametoindex(name) != 0 }

    /// The lines of `iptables-legacy -S`.
    static func rules(_ table: String, _ chain: String...) -> [String] {
        run(["iptables-legacy", "-w", "-t", table, "-S"] + chain).lines
    }

    /// Of both firewalls, each in the words of its own tool.
    static var rulesOfBoth: [String] { run(["iptables-legacy-save"]).lines + run(["nft", "list", "ruleset"]).lines }

    /// Where either firewall sends a port of TCP: `10.1.2.3:80`, of each rule and each element about it alone.
    static func destinations(ofPort port: Int) -> [String] {
        let rules = rulesOfBoth.joined(separator: "\n")
        let legacy = rules.matches(of: /--dport (\d+) .*--to-destination (\S+)/).map { ($0.1, "\($0.2)") }
        let elements = rules.matches(of: /tcp \. (\d+) (?:comment "[^"]*" )?: ([0-9.]+) \. (\d+)/)
            .map { ($0.1, "\($0.2):\($0.3)") }
        return (legacy + elements).filter { $0.0 == "\(port)" }.map(\.1)
    }

    /// Waits for the interfaces of containers that are gone: the kernel takes a network namespace down in its own time.
    static func settle(sourceLocation: SourceLocation = #_sourceLocation) {
        wait(sourceLocation: sourceLocation) {
            let ends = links.filter { $0.wholeMatch(of: /[0-9a-f]{5,15}@.*/) != nil }.count
            let running = (try? FileManager.default.contentsOfDirectory(atPath: "/run/mydocker/containers"))?.count ?? 0
            return ends <= running
        }
    }

    /// Returns when `condition` holds; the test fails when it does not in the end.
    static func wait(
        seconds: Double = 10, sourceLocation: SourceLocation = #_sourceLocation, until condition: () -> Bool
    ) {
        let end = Date(timeIntervalSinceNow: seconds)
        while !condition() {
            guard Date() < end else {
                Issue.record("waited \(seconds) s", sourceLocation: sourceLocation)
                return
            }
            usleep(5_000)
        }
    }

    /// Routing is on from here on, so that a ledger does not find it switched on by the first network.
    static func switchRoutingOn() {
        write("1", to: "/proc/sys/net/ipv4/ip_forward")
        write("1", to: "/proc/sys/net/ipv6/conf/all/forwarding")
    }
}

/// Another computer: a network namespace on a cable to this host, which is its router.
struct Outside {
    static let hostAddress = "10.200.0.1"
    static let address = "10.200.0.2"
    static let link = "cable0"
    private static let name = "mydocker-outside"

    let place = Place(namespace: "/run/netns/mydocker-outside")

    private init() {}

    /// - Parameters:
    ///   - mtu: of the cable.
    ///   - isUplink: this host's default route goes there.
    static func with<Result>(
        mtu: Int = 1500, isUplink: Bool = false, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (Outside) throws -> Result
    ) throws -> Result {
        let made = Host.shell(
            """
            set -e
            ip netns add \(name)
            ip link add \(link) mtu \(mtu) type veth peer name eth0 mtu \(mtu) netns \(name)
            ip address add \(hostAddress)/24 dev \(link)
            ip link set \(link) up
            ip netns exec \(name) ip -batch - <<END
            link set lo up
            address add \(address)/24 dev eth0
            link set eth0 up
            route add default via \(hostAddress)
            END
            \(isUplink ? "ip route add default via \(address)" : ":")
            """)
        defer {
            // Deleted here, because a namespace takes its time to die.
            Host.shell("ip link delete \(link); ip netns delete \(name)")
        }
        try #require(made.code == 0, "\(made.error)", sourceLocation: sourceLocation)
        return try body(Outside())
    }
}
