import Core
import Glibc

extension NFTablesSocket {
    /// The chain's rules in their order; nil when there is no such chain.
    package mutating func rules(of chain: RuleChain) throws(OperationError) -> [FoundRule]? {
        // The kernel takes a chain that is not there for an empty one.
        guard try has(chain) else { return nil }
        var rules: [FoundRule] = []
        for message in try socket.dump({ $0.getRules(of: chain) }) { rules.append(try FoundRule(message)) }
        return rules
    }

    /// Takes rules away and puts others in their places, all at once.
    /// - Parameter next: the rule that the new ones stand in front of; nil is the end of the chain.
    package mutating func replace(
        _ handles: [UInt64], by rules: [InterfaceRule], in chain: RuleChain, before next: UInt64?
    ) throws(OperationError) {
        guard !handles.isEmpty || !rules.isEmpty else { return }
        var batch = RequestBatch(capacity: 16 << 10)
        batch.beginTransaction(chain.text)
        for handle in handles { batch.deleteRule(handle, of: chain) }
        for rule in rules { batch.add(rule, to: chain, before: next) }
        batch.endTransaction(chain.text)
        try socket.perform(batch)
    }

    package mutating func has(_ chain: RuleChain) throws(OperationError) -> Bool {
        var batch = RequestBatch(capacity: 256)
        batch.getChain(chain)
        do throws(OperationError) {
            try socket.perform(batch)
            return true
        } catch {
            // EINVAL: the kernel has no nftables (nfnetlink_rcv_msg).
            guard error.errno == ENOENT || error.errno == EINVAL else { throw error }
            return false
        }
    }
}

/// Rules that translate, as they were at one moment.
package struct FoundTranslations: Sendable {
    package struct Found: Equatable, Sendable {
        package let chain: RuleChain
        package let rule: TranslationRule
        fileprivate let handle: UInt64
    }

    package let rules: [Found]
    /// The kernel's count of changes then.
    fileprivate let generation: UInt32
}

extension NFTablesSocket {
    /// Those of chains that iptables-nft could have made, without a comment; of a chain that is not there none.
    package mutating func translations(in chains: [RuleChain]) throws(OperationError) -> FoundTranslations {
        var there: [RuleChain] = []
        for chain in chains where try has(chain) { there.append(chain) }
        // A kernel without nftables has none of them, and no count either.
        if there.isEmpty { return FoundTranslations(rules: [], generation: 0) }
        let generation = try generation()
        var found: [FoundTranslations.Found] = []
        for chain in there {
            for message in try socket.dump({ $0.getRules(of: chain) }) {
                let read = try ReadRule(message)
                guard read.comment == nil, let rule = TranslationRule(read.expressions) else { continue }
                found.append(.init(chain: chain, rule: rule, handle: read.handle))
            }
        }
        return FoundTranslations(rules: found, generation: generation)
    }

    /// All of them at once.
    /// - Throws: ERESTART when anybody has changed anything since they were found; nothing is taken away then.
    package mutating func remove(
        _ rules: [FoundTranslations.Found], of found: FoundTranslations
    ) throws(OperationError) {
        guard let first = rules.first else { return }
        var batch = RequestBatch(capacity: 1024 + 256 * rules.count)
        batch.beginTransaction(first.chain.table, generation: found.generation)
        for rule in rules { batch.deleteRule(rule.handle, of: rule.chain) }
        batch.endTransaction(first.chain.table)
        try socket.perform(batch)
    }
}
