import Foundation
import Testing

/// A program of `Tests/Attacks`, static, so that it runs in any container, and as any user.
enum AttackProgram {
    static func build(_ name: String) -> String {
        let scratch = ProcessInfo.processInfo.environment["MYDOCKER_SANDBOX_SCRATCH"] ?? "/nowhere"
        let source = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("../Attacks/\(name).c").path
        let flags = "-static -O1 -o \(scratch)/\(name) \(source)"
        let outcome = Host.shell("umask 022; cc \(flags) || clang \(flags)")
        #expect(outcome.code == 0, "\(outcome.error)")
        return "\(scratch)/\(name)"
    }
}

/// `Tests/Attacks/frames.c`: what a hostile program in a container puts on its link, and what it hears there.
enum Frames {
    static let path = AttackProgram.build("frames")

    /// Flags that put it into a container.
    static var flags: [String] { ["-v", "\(path):/frames:ro"] }
}

extension Box {
    /// Its MAC as `inspect` has it.
    var mac: String {
        mydocker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}", name).word
    }

    /// The host's end of its link.
    var link: String { String(id.prefix(5)) }

    /// Sends from inside, which must be possible.
    func attack(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        let outcome = Host.run(
            [Host.mydocker, "exec", name, "/frames"] + words, sourceLocation: sourceLocation)
        #expect(outcome.code == 0, "\(words): \(outcome.error)", sourceLocation: sourceLocation)
    }

    /// The MAC that a neighbour of the container's has in its table.
    func neighbour(_ address: String) -> String? {
        let entry = place.run(["ip", "neigh", "show", address, "dev", "eth0"]).word.split(separator: " ")
        return entry.firstIndex(of: "lladdr").map { String(entry[$0 + 1]) }
    }
}

/// A network with an attacker on it, a victim that serves UDP at 7000, which is published, and a neighbour that listens.
struct AttackedNetwork {
    let name: String
    let gateway: String
    let attacker: Box
    let victim: Box
    let neighbour: Box

    private init(_ name: String, _ number: Int, _ flags: [String]) throws {
        self.name = name
        gateway = "10.79.\(number).1"
        attacker = try Box("\(name)-attacker", on: name, Frames.flags + flags)
        victim = try Box("\(name)-victim", on: name, Frames.flags + ["-p", "20790:7000/udp"])
        neighbour = try Box("\(name)-neighbour", on: name, Frames.flags, command: ["/frames", "sniff"])
        Host.wait { mydocker("logs", "\(name)-neighbour").text.contains("ready") }
    }

    /// - Parameters:
    ///   - number: of the subnet, 10.79.NUMBER.0/24.
    ///   - flags: of the attacker's `run`.
    static func with(
        _ name: String, _ number: Int, _ flags: [String] = [], sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (AttackedNetwork) throws -> Void
    ) throws {
        try Ledger.expectUnchanged(sourceLocation: sourceLocation) {
            let network = try TestNetwork(name, "10.79.\(number).0/24", sourceLocation: sourceLocation)
            defer {
                Host.run(
                    [Host.mydocker, "rm", "-f"] + ["attacker", "victim", "neighbour"].map { "\(name)-\($0)" })
                network.remove(sourceLocation: sourceLocation)
            }
            try body(try AttackedNetwork(name, number, flags))
        }
    }

    var bridgeMAC: String { Host.read("/sys/class/net/\(name)/address") }

    /// The ports that the bridge has for each MAC, its own aside.
    var forwarding: [String: Set<String>] {
        var table: [String: Set<String>] = [:]
        for line in Host.run(["bridge", "fdb", "show", "br", name]).lines where !line.contains("permanent") {
            let words = line.split(separator: " ").map(String.init)
            if let place = words.firstIndex(of: "dev") { table[words[0], default: []].insert(words[place + 1]) }
        }
        return table
    }

    /// The MAC of a container as this host knows it.
    func hostNeighbour(_ address: String) -> String? {
        let entry = Host.run(["ip", "neigh", "show", address, "dev", name]).word.split(separator: " ")
        return entry.firstIndex(of: "lladdr").map { String(entry[$0 + 1]) }
    }

    /// What the neighbour has heard.
    var heard: [String] { mydocker("logs", "\(name)-neighbour").lines }

    /// Returns when the neighbour has heard everything that was sent until now: the last of it is the attacker's own.
    func settle(_ mark: String) {
        attacker.attack("udp", attacker.mac, "ff:ff:ff:ff:ff:ff", attacker.address, "10.79.255.255", "9", mark)
        Host.wait { heard.contains { $0.contains(mark) } }
    }
}
