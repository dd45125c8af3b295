import Core
import Netlink

/// A rule of one of our chains of nftables, or an element by which packets leave that chain.
struct NFTablesEntry {
    enum Origin {
        case kernel(UInt64)
        /// Behind a rule by which packets leave the chain: nothing of ours is put there.
        case behind(UInt64)
        /// Added by these changes, under this number.
        case new(UInt32)
        /// Of a map, whoever has added it; here behind the rules of the chain that asks the map.
        case element(PacketMap, PacketElement.Bounds)
    }

    let rule: RawRule
    let origin: Origin
}

/// A rule by which packets ask a map.
struct NFTablesLookup {
    let map: PacketMap
    /// In front of it.
    let place: PacketTableChange.RulePlace

    /// Nil of one that these changes add.
    var handle: UInt64? { if case .beforeHandle(let handle) = place { handle } else { nil } }
}

/// What is in a table of nftables, as it was read and with the changes since: a value.
struct NFTablesContents {
    private let name: FirewallTable
    private var entries: [String: [NFTablesEntry]] = [:]
    /// By chain, as they stand.
    private var lookups: [String: [NFTablesLookup]] = [:]
    /// Chains that do not ask each of their maps once and in order.
    private(set) var disordered: Set<String> = []
    /// By a map's keys.
    private var elements: [PacketMap: [PacketElement.Bounds: RawRule]] = [:]
    /// Ports that others have in maps of ours; some may have gone since.
    private var strangers: [PacketMap: [PacketElement.Key]] = [:]
    /// Those of our own that gave way to others; they are among the entries still.
    private var replaced: [PacketMap: [RawRule]] = [:]
    /// How many entries lead to a chain, and how many rules and elements that are none: of others, or not read.
    private var jumps: [String: Int] = [:]
    private var unknownJumps: [String: Int] = [:]

    /// - Parameter scope: nil where all was read.
    init(_ read: PacketTable, _ name: FirewallTable, _ scope: PacketTableScope?) {
        self.name = name
        for (chain, rules) in read.chains {
            let isRead = scope?.chains.contains(chain) ?? true
            unknownJumps[chain] = (read.uses[chain] ?? 0) - (isRead ? rules.count : 0)
            take(rules, of: chain, read.elements)
            if isRead, lookups(of: chain).map(\.map) != NFTablesMaps.maps(of: chain) { disordered.insert(chain) }
        }
        for (chain, count) in jumps { unknownJumps[chain, default: 0] -= count }
    }

    private mutating func take(
        _ rules: [PacketTable.Rule], of chain: String, _ found: [String: [PacketTable.Element]]
    ) {
        let maps = NFTablesMaps.maps(of: chain)
        var front: [NFTablesEntry] = []
        var behind: [NFTablesEntry] = []
        for rule in rules {
            if let map = maps.first(where: { $0.note == rule.note }) {
                lookups[chain, default: []].append(NFTablesLookup(map: map, place: .beforeHandle(rule.handle)))
            } else if lookups[chain] == nil {
                front.append(NFTablesEntry(rule: listed(rule, in: chain), origin: .kernel(rule.handle)))
            } else {
                behind.append(NFTablesEntry(rule: listed(rule, in: chain), origin: .behind(rule.handle)))
            }
        }
        let elements = maps.flatMap { map in
            (found[map.name] ?? []).inOrder.map {
                NFTablesEntry(rule: RawRule(noted: $0.note), origin: .element(map, $0.bounds))
            }
        }
        // Of an element and a rule that say the same the rule stays: its owner may know no elements.
        let all = front + behind + elements
        entries[chain] = all
        for entry in all { count(entry, 1) }
    }

    /// Former releases had rules where elements are. Those of endpoints stay: their supervisors run on, and take away rules alone.
    private func listed(_ rule: PacketTable.Rule, in chain: String) -> RawRule {
        var raw = RawRule(noted: rule.note)
        raw.isOutOfPlace = raw.decoded(name, chain).map { NetworkBranches.element($0) != nil } ?? false
        return raw
    }

    private mutating func count(_ entry: NFTablesEntry, _ number: Int) {
        if let chain = entry.rule.jump { jumps[chain, default: 0] += number }
        guard case .element(let map, let bounds) = entry.origin else { return }
        if number > 0 {
            if entry.rule.isOpaque, let key = ports(bounds, in: map) { strangers[map, default: []].append(key) }
            elements[map, default: [:]][bounds] = entry.rule
        } else if elements[map]?[bounds] == entry.rule {
            elements[map]?[bounds] = nil
        }
    }

    // MARK: Asking

    var chains: [String] { entries.keys.sorted() }
    var isEmpty: Bool { entries.values.allSatisfy(\.isEmpty) }
    func contains(_ chain: String) -> Bool { entries[chain] != nil }
    func entries(of chain: String) -> [NFTablesEntry] { entries[chain] ?? [] }
    func lookups(of chain: String) -> [NFTablesLookup] { lookups[chain] ?? [] }
    func references(to chain: String) -> Int { jumps[chain, default: 0] + max(0, unknownJumps[chain, default: 0]) }

    var hasUnknownJumpsToBranches: Bool {
        unknownJumps.contains { $0.value > 0 && NetworkBranches.isBranch($0.key) }
    }

    /// Where a rule goes: maps are asked behind all rules.
    func place(_ position: Int, in chain: String) -> PacketTableChange.RulePlace {
        for entry in entries(of: chain).dropFirst(position) {
            switch entry.origin {
            case .kernel(let handle): return .beforeHandle(handle)
            case .new(let number): return .beforeNew(number)
            case .element, .behind: continue
            }
        }
        return lookups(of: chain).first?.place ?? .atEnd
    }

    func hasGivenWay(_ entry: NFTablesEntry, in map: PacketMap) -> Bool {
        replaced[map]?.contains(entry.rule) ?? false
    }

    // MARK: Changes

    mutating func add(_ chain: String) { entries[chain] = [] }
    mutating func remove(_ chain: String) {
        for entry in entries(of: chain) { count(entry, -1) }
        (entries[chain], lookups[chain], unknownJumps[chain]) = (nil, nil, nil)
    }

    /// - Returns: elements that the kernel does not have beside one of that key, as far as it is known what to take away, and those of
    ///   others that would hide it.
    mutating func giveWay(
        to key: PacketElement.Key, in map: PacketMap
    ) -> [(key: PacketElement.Key, map: PacketMap)] {
        rivals(of: key, in: map).map { ($0, map) }
            + PublishingMaps.maps(before: map).flatMap { earlier in hiding(key, in: earlier).map { ($0, earlier) } }
    }

    /// All of ours for the same packets have gone before (`TableEditor.reclaim`).
    private mutating func hiding(_ key: PacketElement.Key, in map: PacketMap) -> [PacketElement.Key] {
        (strangers[map] ?? []).filter {
            $0.overlaps(key) && elements[map]?.removeValue(forKey: $0.bounds) != nil
        }
    }

    private mutating func rivals(of key: PacketElement.Key, in map: PacketMap) -> [PacketElement.Key] {
        guard map.isInterval else {
            guard let rival = elements[map]?.removeValue(forKey: key.bounds) else { return [] }
            replaced[map, default: []].append(rival)
            return [key]
        }
        var rivals: [PacketElement.Key] = []
        for (bounds, rule) in elements[map] ?? [:] {
            guard let rival = interval(bounds, rule, in: map), rival.overlaps(key) else { continue }
            elements[map]?[bounds] = nil
            replaced[map, default: []].append(rule)
            rivals.append(rival)
        }
        return rivals
    }

    /// Nil of a subnet of others, of which nobody says where it ends, and of ports whose transport or address is itself a range.
    private func interval(
        _ bounds: PacketElement.Bounds, _ rule: RawRule, in map: PacketMap
    ) -> PacketElement.Key? {
        map.key == .source ? rule.sourceSubnet.map(PacketElement.Key.subnet) : ports(bounds, in: map)
    }

    private func ports(_ bounds: PacketElement.Bounds, in map: PacketMap) -> PacketElement.Key? {
        switch map.key {
        case .port(let place), .range(let place):
            PacketElement.Key(ports: bounds, place == .address ? name.family : nil)
        case .input, .output, .source: nil
        }
    }

    mutating func set(_ lookups: [NFTablesLookup], of chain: String) { self.lookups[chain] = lookups }

    mutating func insert(_ entry: NFTablesEntry, into chain: String, at position: Int) {
        entries[chain]?.insert(entry, at: position)
        count(entry, 1)
    }

    /// - Precondition: the chain is there and has as many entries.
    mutating func remove(at position: Int, from chain: String) -> NFTablesEntry {
        let entry = entries[chain, default: []].remove(at: position)
        count(entry, -1)
        return entry
    }
}

extension [PacketTable.Element] {
    /// By their keys: the kernel has none.
    fileprivate var inOrder: [PacketTable.Element] {
        sorted { $0.bounds.first.lexicographicallyPrecedes($1.bounds.first) }
    }
}
