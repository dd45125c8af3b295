import Core
import Firewall
import Netlink

/// Networks beside firewalld: a bridge is put into the zone that may exchange anything, as Docker's are into one of Docker's.
/// Whether a network's own rules let something pass is another question. Nothing is asked where firewalld has no rules in nftables.
enum FirewalldZone {
    private static let chain = RuleChain.inet("firewalld", "filter_FORWARD")

    /// Its rules are there from when it starts to when it stops.
    static var isThere: Bool {
        // A kernel without nftables has no such chain.
        guard var tables = try? NFTablesSocket() else { return false }
        return (try? tables.has(chain)) == true
    }

    /// Of those of `networks` that have to get through; none where it does not run.
    static func devices(of networks: [NetworkDefinition]) -> Set<String> {
        // An internal one only where its members would not meet else: the zone opens this host's ports to them.
        let passing = networks.filter { network in
            !network.isInternal
                || network.options.membersMeet && network.families.contains(where: BridgeNetfilter.isOn)
        }
        return passing.isEmpty || !isThere ? [] : Set(passing.map(\.device))
    }

    /// Those that are in no zone.
    static func lacking(_ networks: [NetworkDefinition]) throws(OperationError) -> Set<String> {
        let devices = devices(of: networks)
        guard !devices.isEmpty else { return [] }
        let firewalld = try Firewalld()
        var lacking: Set<String> = []
        for device in devices where try firewalld.zone(of: device) == nil { lacking.insert(device) }
        return lacking
    }

    static func admit(_ networks: [NetworkDefinition]) throws(OperationError) {
        let devices = devices(of: networks)
        guard !devices.isEmpty else { return }
        let firewalld = try Firewalld()
        for device in devices { try firewalld.admit(device) }
    }

    static func dismiss(_ device: String) throws(OperationError) {
        // What cannot be asked keeps the name of an interface that is gone, as long as it runs.
        guard isThere, let firewalld = try? Firewalld() else { return }
        try firewalld.dismiss(device)
    }

    static func command(admitting device: String) -> ShellCommand {
        ShellCommand(["firewall-cmd", "--zone=\(Firewalld.zone)", "--add-interface=\(device)"])
    }
}
