import Core
import Testing

@testable import Supervisor

@Suite struct SilentServersTests {
    private func servers() throws -> [ServerAddress] {
        try ["10.0.0.1", "fe80::53%up0", "fe80::53%up1"].map { try #require(ServerAddress($0)) }
    }

    @Test func silentOnesAreAskedLast() throws {
        let (all, silent) = (try servers(), SilentServers())
        func order() -> [ServerAddress] { silent.behindOthers(all) { $0 } }
        #expect(order() == all)
        silent.add(all[0])
        // The same address at another link is another one.
        #expect(order() == [all[1], all[2], all[0]])
        silent.add(all[1])
        #expect(order() == [all[2], all[0], all[1]])
        silent.add(all[2])
        #expect(order() == all, "nobody is left out")
        silent.remove(all[1])
        #expect(order() == [all[1], all[0], all[2]])
    }

    @Test func thatEnds() throws {
        let (all, silent) = (try servers(), SilentServers())
        silent.add(all[0], seconds: 0)
        #expect(silent.behindOthers(all) { $0 } == all)
    }
}
