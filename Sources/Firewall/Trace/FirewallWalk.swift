import Core
import Netlink

/// A packet's way by the rules of all firewalls of a host, as they were read.
package struct FirewallWalk: Sendable {
    /// A rule, or a policy, that has decided something.
    package struct Step: Equatable, Sendable {
        package let table: String
        package let chain: String
        package let text: String
        /// It decides whether, and to what, the packet is translated.
        package var isOfTranslation = false
        /// Whether it is of this program's making.
        package var isOurs: Bool {
            table.contains("mydocker-") || OwnChain.holdsOwnRules(chain) || text.contains(OwnChain.prefix)
        }
        /// Whether it stands in the chain that is left to users.
        package var isOfUsers: Bool { chain == OwnChain.user }
        /// Whether it stands in a chain that is asked behind those which keep internal networks apart (`NetworkBranches`).
        package var isBehindIsolation: Bool {
            OwnChain.holdsOwnRules(chain) && chain != IntentRules.isolate
                && !chain.hasPrefix(OwnChain.prefix + "APART-")
        }
        package var description: String { "\(table) \(chain): \(text)" }
    }

    package enum Verdict: Equatable, Sendable {
        case passes
        /// Nothing is said to the sender.
        case dropped(Step)
        case rejected(Step)
    }

    private enum Outcome { case accepted, dropped(Step), rejected(Step), returned }

    private struct Crossing: Hashable {
        let place: PacketHook.Place
        let isOfBridges: Bool
    }

    private typealias Base = (table: TraceableTable, chain: TraceableChain)

    private let tables: [TraceableTable]
    /// The chains that are asked at a place, in their order.
    private let bases: [Crossing: [Base]]
    package private(set) var steps: [Step] = []
    /// Rules of which it is not known whether they are for the packet.
    package private(set) var doubts: [String] = []
    /// Jumps to where the packet is, which are told once something is decided there.
    private var jumps: [Step] = []
    /// Connection tracking has not seen the packet yet: it comes after the tables raw (NF_IP_PRI_CONNTRACK).
    private var isBeforeTracking = false
    /// What the chains that are asked are for.
    private var isTranslating = false

    package init(_ tables: [TraceableTable]) {
        self.tables = tables
        var bases: [Crossing: [Base]] = [:]
        for table in tables {
            for chain in table.chains {
                guard let hook = chain.hook else { continue }
                bases[Crossing(place: hook.place, isOfBridges: table.isOfBridges), default: []].append((table, chain))
            }
        }
        self.bases = bases.mapValues(Self.inOrder)
    }

    /// Of the same priority those come first that were read first.
    private static func inOrder(_ bases: [Base]) -> [Base] {
        bases.enumerated().sorted { left, right in
            (left.element.chain.hook?.priority ?? 0, left.offset)
                < (right.element.chain.hook?.priority ?? 0, right.offset)
        }.map(\.element)
    }

    /// Takes the steps that were noted since the last time.
    package mutating func takeSteps() -> [Step] {
        defer { steps = [] }
        return steps
    }

    /// The same of doubts.
    package mutating func takeDoubts() -> [String] {
        defer { doubts = [] }
        return doubts
    }

    /// Whether there are rules of bridges' own.
    package var asksBridges: Bool {
        tables.contains { table in
            table.isOfBridges && table.chains.contains { $0.hook != nil && ($0.drops || !$0.rules.isEmpty) }
        }
    }

    /// Asks every chain of a place, in their order: of this host, or of the bridge that the packet is on.
    package mutating func pass(_ place: PacketHook.Place, _ packet: inout TracedPacket) -> Verdict {
        let isOnHost = packet.bridge == nil
        for (table, chain) in bases[Crossing(place: place, isOfBridges: !isOnHost)] ?? [] {
            if isOnHost, place == .prerouting, let priority = chain.hook?.priority, priority > -100 {
                packet.translateBack()
            }
            if chain.hook?.translates == true, !isUntranslated(packet, place) { continue }
            jumps = []
            isTranslating = chain.hook?.translates == true
            let isEarly = place == .prerouting || place == .output
            isBeforeTracking = isOnHost && isEarly && (chain.hook?.priority ?? 0) < -200
            switch walk(chain, table, &packet, depth: 0) {
            case .accepted: continue
            case .dropped(let step): return .dropped(step)
            case .rejected(let step): return .rejected(step)
            case .returned:
                guard chain.drops else { continue }
                let step = Step(table: table.name, chain: chain.name, text: "policy DROP")
                steps.append(step)
                return .dropped(step)
            }
        }
        return .passes
    }

    /// Whether a chain of a place drops or refuses the packet, whatever others do.
    package mutating func isStopped(_ packet: TracedPacket, by chain: String, of table: String) -> Bool {
        var packet = packet
        for found in tables where found.name == table {
            guard let base = found.chain(chain) else { continue }
            switch walk(base, found, &packet, depth: 0) {
            case .dropped, .rejected: return true
            case .accepted: return false
            case .returned: return base.drops
            }
        }
        return false
    }

    /// The first translation of a connection wins, and is all that others of its packets get. What is not tracked has none.
    private func isUntranslated(_ packet: TracedPacket, _ place: PacketHook.Place) -> Bool {
        if packet.isReply || packet.isTracked == false { return false }
        return place == .prerouting || place == .output ? !packet.hasNewDestination : !packet.hasNewSource
    }

    /// - Parameter depth: of jumps; the kernel has none deeper than 16.
    private mutating func walk(
        _ chain: TraceableChain, _ table: TraceableTable, _ packet: inout TracedPacket, depth: Int
    ) -> Outcome {
        for rule in chain.rules {
            let judged = rule.judge(packet)
            let untracks = isBeforeTracking && judged.effects.contains(.untracks(isSure: true))
            let step = Step(
                table: table.name, chain: chain.name, text: judged.text, isOfTranslation: isTranslating || untracks)
            take(judged, step, &packet)
            if judged.isMeant == .no || judged.action == .goesOn { continue }
            if case .unknown(let what) = judged.isMeant {
                doubt("\(step.description) (depends on \(what))")
                continue
            }
            switch judged.action {
            case .goesOn: continue
            case .goBack: return .returned
            case .unknown(let what): doubt("\(step.description) (\(what) is not followed)")
            case .jump(let name), .goTo(let name):
                guard depth < 16, let next = table.chain(name) else { continue }
                jumps.append(step)
                let outcome = walk(next, table, &packet, depth: depth + 1)
                guard case .returned = outcome else { return outcome }
                jumps.removeLast()
                if case .goTo = judged.action { return .returned }
            default: return decide(judged.action, step, &packet)
            }
        }
        return .returned
    }

    /// What becomes of the packet is told, and so is what may have.
    private mutating func take(_ judged: JudgedRule, _ step: Step, _ packet: inout TracedPacket) {
        if judged.effects.isEmpty { return }
        for effect in judged.effects { packet.take(effect, canBeUntracked: isBeforeTracking) }
        switch judged.isMeant {
        case .yes where judged.action == .goesOn: steps.append(step)
        case .unknown(let what): doubt("\(step.description) (depends on \(what))")
        default: break
        }
    }

    /// Each once: an answer meets the rules that the packet has met.
    private mutating func doubt(_ text: String) {
        if !doubts.contains(text) { doubts.append(text) }
    }

    private mutating func decide(_ action: TracedAction, _ step: Step, _ packet: inout TracedPacket) -> Outcome {
        steps += jumps + [step]
        jumps = []
        switch action {
        case .drop: return .dropped(step)
        case .reject: return .rejected(step)
        case .translateDestination(let address, let port):
            packet.destination = address ?? packet.destination
            packet.destinationPort = port ?? packet.destinationPort
            packet.hasNewDestination = true
        case .translateSource(let address):
            packet.source = address ?? packet.masqueradedSource ?? packet.source
            packet.hasNewSource = true
        default: break
        }
        return .accepted
    }
}
