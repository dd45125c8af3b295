import Core
import Foundation
import Synchronization
import Testing

@testable import IPAM

@Suite struct AddressPoolFileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: [8, 16, 20, 24, 29, 31])
    func reopenedAfterEveryStepItAgreesWithTheModel(prefix: Int) throws {
        var random = SeededGenerator(UInt64(prefix))
        let subnet = Subnet(IPAddress(ipv4: 0x0a64_6464), prefix).network
        let gateway = subnet.hosts.lowerBound
        let space = try AddressSpace(subnet, reserving: [gateway])
        let pool = try newPool(directory("pool"), space)
        var model = Model(subnet, gateway: gateway)
        for step in 0..<1000 {
            let someone = owner(.random(in: 0..<5, using: &random))
            if Int.random(in: 0..<10, using: &random) < (step / 250 % 2 == 0 ? 8 : 3) {
                let foretold = try? pool.next(besides: [])
                let given = try? pool.allocate(someone)
                #expect(foretold == given)
                #expect(given.map { Int($0.number) } == model.allocate(someone))
            } else if let used = model.owners.keys.sorted().randomElement(using: &random) {
                let released = try pool.release(IPAddress(ipv4: UInt32(used)), someone)
                #expect(released == model.release(used, someone))
            }
            if step % 50 == 0 { #expect(try pool.leases() == model.leases) }
        }
        #expect(try pool.leases() == model.leases)
    }

    /// What comes next is known, or that nothing does, however many are somebody else's.
    @Test(arguments: [22, 29]) func whatComesNextBesidesOthers(prefix: Int) throws {
        let space = try space("10.0.0.0/\(prefix)")
        let pool = try newPool(directory("pool"), space)
        let all = space.assignable.map(space.address)
        #expect(try pool.next(besides: Set(all.dropLast())) == all.last)
        #expect(throws: AddressPoolError.self) { _ = try pool.next(besides: Set(all)) }
        #expect(try pool.allocate(owner(1)) == all.first)
        #expect(throws: AddressPoolError.self) { _ = try pool.next(besides: Set(all)) }
    }

    @Test func missingFileIsAnError() throws {
        let space = try space("10.0.0.0/24")
        let pool = AddressPoolFile(directory("none"), space)
        #expect(!pool.exists)
        #expect(try pool.next(besides: []) == space.address(of: 0) && !pool.exists)
        let error = #expect(throws: AddressPoolError.self) { _ = try pool.allocate(owner(1)) }
        #expect(#expect(throws: AddressPoolError.self) { _ = try pool.leases() } == error)
        #expect(error?.operationError.errno == ENOENT)
        #expect(try directory.names == [])
    }

    @Test func leftoverOfAKilledRebuildIsNoDanger() throws {
        let path = directory("pool")
        let pool = try newPool(path, space("10.0.0.0/24"))
        let lease = AddressLease(try pool.allocate(owner(1)), owner(1))
        // A file that is not finished.
        try put([1, 2, 3], path + ".new")
        #expect(try pool.leases() == [lease])
        try pool.rebuild([])
        #expect(try pool.leases().isEmpty)
        // A second name of the pool itself, which must not be written to.
        #expect(link(path, path + ".new") == 0)
        let before = try bytes(of: path)
        let old = open(path, O_RDONLY)
        defer { close(old) }
        try pool.rebuild([lease])
        var read = [UInt8](repeating: 0, count: before.count)
        #expect(pread(old, &read, read.count, 0) == before.count)
        #expect(read == before)
        #expect(try pool.leases() == [lease])
        #expect(try directory.names == ["pool"])
    }

    @Test func rebuildTakesTheLeasesAndNamesThoseItCannot() throws {
        let path = directory("pool")
        let space = try space("10.0.0.0/23", gateway: "10.0.0.1")
        let good = try ["10.0.0.7", "10.0.1.9", "10.0.1.254"].enumerated().map {
            AddressLease(try address($1), owner($0))
        }
        let bad = try ["10.0.0.7", "10.0.0.1", "10.0.2.1", "10.0.1.255"].map { AddressLease(try address($0), owner(9)) }
        let twice = [good[0]]
        try put([0xff], path)
        let pool = AddressPoolFile(path, space)
        #expect(pool.exists)
        #expect(try pool.rebuild(good + bad + twice) == bad)
        #expect(try pool.leases() == good)
        // The turn goes on behind the highest.
        #expect(try pool.allocate(owner(5)) == address("10.0.0.2"))
        try pool.release(good[2].address, good[2].owner)
        try pool.rebuild([good[1]])
        #expect(try pool.allocate(owner(5)) == address("10.0.1.10"))
    }

    @Test func rebuildThatFailsLeavesTheOldFile() throws {
        let path = directory("pool")
        try FileManager.default.createDirectory(atPath: path + "/full", withIntermediateDirectories: true)
        #expect(throws: AddressPoolError.self) {
            try AddressPoolFile(path, space("10.0.0.0/24")).rebuild([])
        }
        #expect(try directory.names == ["pool"])
    }

    @Test func memoryIsThatOfTheLeases() throws {
        let path = directory("pool")
        let pool = try newPool(path, space("10.0.0.0/8", gateway: "10.0.0.1"))
        for _ in 0..<4000 { try pool.release(pool.allocate(owner(1)), owner(1)) }
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_size == (5 + 66_314) * 4096)
        #expect(status.st_blocks * 512 <= 7 * 4096)
    }

    @Test func B10_concurrentUsersNeverShareAnAddress() throws {
        let path = directory("pool")
        let space = try space("10.0.0.0/22", gateway: "10.0.0.1")
        let pool = try newPool(path, space)
        let given = Mutex<[IPAddress]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { worker in
            for _ in 0..<60 {
                let lock = open(path, O_RDONLY)
                defer { close(lock) }
                guard flock(lock, LOCK_EX) == 0, let address = try? pool.allocate(owner(worker)) else { return }
                given.withLock { $0.append(address) }
                // A reader without the lock never sees damage.
                _ = try? pool.leases()
            }
        }
        let addresses = given.withLock { $0 }
        #expect(addresses.count == 480)
        #expect(Set(addresses).count == 480)
    }

    @Test func B10_readersNeedNoLock() throws {
        let path = directory("pool")
        let space = try space("10.0.0.0/22", gateway: "10.0.0.1")
        let pool = try newPool(path, space)
        let kept = try pool.allocate(owner(7))
        let failures = Mutex(0)
        let isDone = Mutex(false)
        let reader = Thread {
            while !isDone.withLock({ $0 }) {
                let leases = try? pool.leases()
                if leases?.contains(AddressLease(kept, owner(7))) != true { failures.withLock { $0 += 1 } }
            }
        }
        reader.start()
        for _ in 0..<3000 { try pool.release(pool.allocate(owner(1)), owner(1)) }
        isDone.withLock { $0 = true }
        #expect(failures.withLock { $0 } == 0)
    }
}
