import Core
import Netlink
import Testing

@testable import Networking

struct DockerUserChainTests {
    private func found(_ handle: UInt64, _ comment: String? = nil, bare: Bool = false) -> FoundRule {
        FoundRule(handle: handle, comment: comment, isBareReturn: bare)
    }
    private var own: [FoundRule] { (10..<15).map { found($0, "mydocker: br0") } }

    private func network() throws -> NetworkDefinition { try NetworkDefinition.example("br0") }

    @Test func rulesStandInFrontOfWhatEndsTheChain() throws {
        let change = try #require(
            try DockerUserChain.change(network(), [found(1), found(2, bare: true), found(3, bare: true)]))
        #expect(change.gone.isEmpty && change.next == 2)
        let atEnd = try #require(try DockerUserChain.change(network(), [found(1, "mydocker: br1")]))
        #expect(atEnd.gone.isEmpty && atEnd.next == nil)
    }

    @Test func whatIsWholeStays() throws {
        #expect(try DockerUserChain.change(network(), own) == nil)
        #expect(try DockerUserChain.change(network(), [found(1)] + own + [found(2, bare: true)]) == nil)
    }

    /// Whoever appends a rule wants it to be asked, also where the chain has no return at its end.
    @Test func whatOthersAppendIsAskedFirst() throws {
        let behind = try #require(try DockerUserChain.change(network(), own + [found(20, "theirs")]))
        #expect(behind.gone == [10, 11, 12, 13, 14] && behind.next == nil)
        #expect(try DockerUserChain.change(network(), own + [found(20, "mydocker: br1")]) == nil)
    }

    @Test func whatIsNotAskedOrNotWholeIsMadeAnew() throws {
        let unasked = try #require(try DockerUserChain.change(network(), [found(1, bare: true)] + own))
        #expect(unasked.gone == [10, 11, 12, 13, 14] && unasked.next == 1)
        let part = try #require(try DockerUserChain.change(network(), Array(own.dropFirst())))
        #expect(part.gone == [11, 12, 13, 14] && part.next == nil)
        let more = try #require(try DockerUserChain.change(network(), own + [found(20, "mydocker: br0")]))
        #expect(more.gone == [10, 11, 12, 13, 14, 20])
    }

    /// A network never opens what Docker has closed for it.
    @Test func theirBridgesAreTheirsToOpen() throws {
        let rules = try DockerUserChain.rules(for: network())
        let first = rules.firstIndex { $0.input == "br0" && $0.output == nil }
        for name in ["docker+", "br-+"] {
            let back = rules.firstIndex { $0.input == "br0" && $0.output == name && $0.verdict == .goBack }
            #expect(back != nil && back! < first!)
        }
        #expect(rules.allSatisfy { $0.input == "br0" || $0.output == "br0" })
        #expect(rules.allSatisfy { $0.comment == "mydocker: br0" })
    }
}
