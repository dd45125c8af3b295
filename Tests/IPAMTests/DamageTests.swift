import Core
import Foundation
import Testing

@testable import IPAM

@Suite struct DamageTests {
    let directory: TemporaryDirectory
    let path: String
    let space: AddressSpace

    init() throws {
        directory = try TemporaryDirectory()
        path = directory("pool")
        space = try IPAMTests.space("192.168.0.0/24", gateway: "192.168.0.1")
        let pool = try newPool(path, space)
        for number in 0..<100 { _ = try pool.allocate(owner(number)) }
    }

    /// Opening the file, or looking at all of it, must say that it is damaged, and leave it as it is.
    private func expectDamage(_ reason: String? = nil, _ location: SourceLocation = #_sourceLocation) throws {
        let before = try bytes(of: path)
        let error = #expect(throws: AddressPoolError.self, sourceLocation: location) {
            _ = try AddressPoolFile(path, space).leases()
        }
        let operation = error?.operationError
        #expect(operation?.subject == path, sourceLocation: location)
        #expect(operation?.remedy == AddressPoolFile.repairRemedy, sourceLocation: location)
        if let reason {
            #expect(operation?.cause == .reason("the file is damaged: " + reason), sourceLocation: location)
        }
        #expect(try bytes(of: path) == before, sourceLocation: location)
    }

    @Test func B02_damagedFileIsNotReplaced() throws {
        try put(Array(repeating: 0, count: 8192), path)
        try expectDamage("page 0: not an address pool")
        #expect(throws: AddressPoolError.self) { _ = try AddressPoolFile(path, space).allocate(owner(1)) }
        #expect(try bytes(of: path) == Array(repeating: 0, count: 8192))
    }

    @Test func B11_emptyFileIsDamage() throws {
        try put([], path)
        try expectDamage("it has 0 bytes instead of 8192")
    }

    @Test func textOfSomethingElseIsDamage() throws {
        try put(Array(#"{"192.168.0.0/24":"1000"}"#.utf8), path)
        try expectDamage()
        try put(Array(repeating: UInt8(ascii: "1"), count: 8192), path)
        try expectDamage("page 0: not an address pool")
    }

    @Test func everyTruncationIsFound() throws {
        for size in (0..<8192).reversed() {
            #expect(truncate(path, size) == 0)
            #expect(throws: AddressPoolError.self) { _ = try AddressPoolFile(path, space).open() }
        }
        #expect(truncate(path, 8193) == 0)
        try expectDamage("it has 8193 bytes instead of 8192")
    }

    @Test func everyChangedByteIsFound() throws {
        var random = SeededGenerator(5)
        let file = open(path, O_RDWR)
        defer { close(file) }
        let good = try bytes(of: path)
        for offset in good.indices {
            var bad = good[offset] ^ UInt8.random(in: 1...255, using: &random)
            #expect(pwrite(file, &bad, 1, offset) == 1)
            #expect(throws: AddressPoolError.self, "byte \(offset)") { _ = try AddressPoolFile(path, space).leases() }
            bad = good[offset]
            #expect(pwrite(file, &bad, 1, offset) == 1)
        }
        #expect(try AddressPoolFile(path, space).leases().count == 100)
    }

    @Test func damagedBlockGivesNoAddress() throws {
        var bytes = try bytes(of: path)
        bytes[4096 + 16] ^= 1
        try put(bytes, path)
        let pool = AddressPoolFile(path, space)
        #expect(throws: AddressPoolError.self) { _ = try pool.allocate(owner(1)) }
        #expect(throws: AddressPoolError.self) { try pool.reserve(address("192.168.0.200"), owner(1)) }
        #expect(throws: AddressPoolError.self) { try pool.release(address("192.168.0.2"), owner(0)) }
        try expectDamage("page 1: wrong checksum")
    }

    @Test func zeroedBlockIsNoEmptyBlock() throws {
        try put(Array(try bytes(of: path).prefix(4096)) + Array(repeating: 0, count: 4096), path)
        try expectDamage("page 1: wrong checksum")
    }

    @Test func exchangedBlocksAreFound() throws {
        let large = try IPAMTests.space("10.0.0.0/23")
        try FileManager.default.removeItem(atPath: path)
        let pool = try newPool(path, large)
        for number in 0..<400 { _ = try pool.allocate(owner(number)) }
        let bytes = try bytes(of: path)
        try put(Array(bytes[..<4096] + bytes[8192..<12288] + bytes[4096..<8192] + bytes[12288...]), path)
        let error = #expect(throws: AddressPoolError.self) { _ = try AddressPoolFile(path, large).leases() }
        #expect(error?.operationError.cause == .reason("the file is damaged: page 1: contradicts itself"))
    }

    @Test func neverWrittenBlockMayHoldAnything() throws {
        let large = try IPAMTests.space("10.0.0.0/23")
        try FileManager.default.removeItem(atPath: path)
        let pool = try newPool(path, large)
        let given = try pool.allocate(owner(1))
        var bytes = try bytes(of: path)
        for offset in 8192..<bytes.count { bytes[offset] = 0xff }
        try put(bytes, path)
        let damaged = AddressPoolFile(path, large)
        #expect(try damaged.leases() == [AddressLease(given, owner(1))])
        var seen: Set = [given]
        for _ in 0..<509 { #expect(seen.insert(try damaged.allocate(owner(2))).inserted) }
    }

    @Test func otherVersionIsNamed() throws {
        var bytes = try bytes(of: path)
        bytes[16] = 0
        try put(bytes, path)
        try expectDamage("page 0: unknown version 0")
    }

    @Test func aNewerVersionIsNoDamage() throws {
        var bytes = try bytes(of: path)
        bytes[16] = 2
        try put(bytes, path)
        let error = #expect(throws: AddressPoolError.self) { _ = try AddressPoolFile(path, space).open() }
        #expect(error == .unusable(RecordVersion.refusal(of: path)))
        #expect(try IPAMTests.bytes(of: path) == bytes)
    }

    @Test func poolOfAnotherNetworkIsNotUsed() throws {
        let others = [
            try IPAMTests.space("192.168.1.0/24", gateway: "192.168.1.1"),
            try IPAMTests.space("192.168.0.0/24", gateway: "192.168.0.2"),
            try IPAMTests.space("192.168.0.0/24"), try IPAMTests.space("192.168.0.0/25", gateway: "192.168.0.1"),
        ]
        for other in others {
            #expect(throws: AddressPoolError.self) { _ = try AddressPoolFile(path, other).open() }
        }
        let error = #expect(throws: AddressPoolError.self) { _ = try AddressPoolFile(path, others[3]).open() }
        #expect(
            error?.operationError.cause
                == .reason("the file is damaged: page 0: belongs to subnet 192.168.0.0/24, not to 192.168.0.0/25"))
    }

    @Test func directoryIsNoPool() throws {
        #expect(throws: AddressPoolError.self) { _ = try AddressPoolFile(directory.path, space).open() }
    }

    @Test func rebuildRepairs() throws {
        let leases = try AddressPoolFile(path, space).leases()
        try put([1], path)
        try expectDamage()
        #expect(try AddressPoolFile(path, space).rebuild(leases) == [])
        #expect(try AddressPoolFile(path, space).leases() == leases)
        #expect(try directory.names == ["pool"])
    }
}
