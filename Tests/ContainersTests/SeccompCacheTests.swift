import Core
import Foundation
import Testing

@testable import Containers

@Suite struct SeccompCacheTests {
    private let directory: SeccompDirectory
    init() throws { directory = try SeccompDirectory() }

    private func load(_ profile: String = "default", _ capabilities: [String] = Capabilities.defaults) throws -> [UInt8]
    {
        try #require(try SeccompProfile.load(profile, capabilities: capabilities, cacheDirectory: directory.cache))
    }

    private func cache(_ profile: String, _ capabilities: [String]) throws -> SeccompCache {
        let container = SeccompSubject(host: .current, capabilities: Capabilities.mask(of: capabilities))
        return SeccompCache(
            directory: directory.cache, identity: try SeccompSource(profile).identity(for: container))
    }

    @Test func unconfinedIsNone() throws {
        #expect(try SeccompProfile.load("unconfined", capabilities: [], cacheDirectory: directory.cache) == nil)
        #expect(directory.kept.isEmpty)
    }

    @Test func keptFilterIsTakenAsItIs() throws {
        let filter = try load()
        #expect(try load() == filter)
        #expect(directory.kept.count == 1)
        // What no compiler made comes back: the file alone was asked.
        let marked = [UInt8](repeating: 6, count: 8)
        try cache("default", Capabilities.defaults).keep(marked)
        #expect(try load() == marked)
    }

    @Test func keptFilterIsOursAlone() throws {
        _ = try load()
        let path = try cache("default", Capabilities.defaults).path
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func damagedFileIsMadeAnew() throws {
        let filter = try load()
        let path = try cache("default", Capabilities.defaults).path
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var damages = [0, 8, 16, 24, 40, whole.count / 2, whole.count - 1].map { offset in
            var bytes = whole
            bytes[offset] ^= 0x40
            return bytes
        }
        damages += [
            Data(), whole.prefix(20), whole.dropLast(1), whole.dropLast(8), whole + [0], whole + Data(count: 8),
        ]
        damages.append(Data(count: 100_000))
        for damage in damages {
            try damage.write(to: URL(fileURLWithPath: path))
            #expect(try load() == filter)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
        }
    }

    @Test func anotherContainersFilterIsNotTaken() throws {
        let weak = try load("default", Capabilities.names)
        let strong = try load()
        #expect(weak != strong)
        // Even under the right name.
        let (from, to) = (
            try cache("default", Capabilities.names).path, try cache("default", Capabilities.defaults).path
        )
        try Data(contentsOf: URL(fileURLWithPath: from)).write(to: URL(fileURLWithPath: to))
        #expect(try load() == strong)
    }

    @Test func capabilitiesThatDoNotMatterShareAFilter() throws {
        _ = try load("default", ["SYS_ADMIN", "KILL"])
        _ = try load("default", ["CHOWN", "SYS_ADMIN"])
        #expect(directory.kept.count == 1)
    }

    @Test func changedProfileIsMadeAnew() throws {
        let deny = #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]}"#
        let path = try directory.write(deny)
        let first = try load(path)
        #expect(try load(path) == first)
        _ = try directory.write(deny.replacingOccurrences(of: "mkdir", with: "rmdir"))
        #expect(try load(path) != first)
        #expect(directory.kept.count == 2)
    }

    @Test func doesWithoutAPlaceToKeepIt() throws {
        let filter = try SeccompProfile.load("default", capabilities: [], cacheDirectory: "/proc/nowhere")
        #expect(filter?.isEmpty == false)
    }
}
