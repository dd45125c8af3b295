import Core
import Foundation

@testable import IPAM

/// Repeatable random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

struct Missing: Error {}

extension Optional {
    func orThrow() throws -> Wrapped {
        guard let self else { throw Missing() }
        return self
    }
}

func address(_ text: String) throws -> IPAddress { try IPAddress(text).orThrow() }
func subnet(_ text: String) throws -> Subnet { try Subnet(text).orThrow() }
func owner(_ number: Int) -> LeaseOwner { LeaseOwner(words: UInt64(bitPattern: Int64(number)), 7) }

func space(_ text: String, gateway: String? = nil) throws -> AddressSpace {
    try AddressSpace(subnet(text), reserving: gateway.map { [try address($0)] } ?? [])
}

// MARK: - Pages in memory

enum Change {
    case write(Int, Page)
    case discard(Int)
}

/// Pages in memory that remember what was done to them.
final class Memory {
    var pages: [Int: Page]
    var changes: [Change] = []
    var reads = 0

    init(_ pages: [Int: Page] = [:]) { self.pages = pages }

    func apply(_ change: Change) {
        switch change {
        case .write(let number, let page): pages[number] = page
        // Whatever is there afterwards must not matter.
        case .discard(let number): pages[number] = Page(words: Array(repeating: ~0, count: Page.wordCount))
        }
    }
}

struct MemoryPages: PoolPages {
    let memory: Memory

    func read(_ number: Int) throws(AddressPoolError) -> Page {
        memory.reads += 1
        return memory.pages[number] ?? Page()
    }
    func write(_ page: Page, _ number: Int) throws(AddressPoolError) { change(.write(number, page)) }
    func discard(_ number: Int) { change(.discard(number)) }
    func damaged(_ number: Int, _ damage: PageDamage) -> AddressPoolError {
        .unusable(OperationError("page \(number)", reason: damage.reason))
    }

    private func change(_ change: Change) {
        memory.apply(change)
        memory.changes.append(change)
    }
}

// MARK: - The model

/// What a pool is, said as simply as possible: a dictionary, and addresses tried one by one.
struct Model {
    let first: Int, last: Int, prefix: Int
    private var gateway: Int?
    var owners: [Int: LeaseOwner] = [:]
    var cursor: Int

    init(_ subnet: Subnet, gateway: IPAddress?) {
        prefix = subnet.prefixLength
        first = Int(subnet.first.number)
        last = first + Int(pow(2, Double(32 - prefix))) - 1
        cursor = first
        self.gateway = gateway.map { Int($0.number) }
    }

    func isGivable(_ number: Int) -> Bool {
        guard number >= first, number <= last, number != gateway else { return false }
        return prefix > 30 || (number != first && number != last)
    }

    var capacity: Int {
        let all = last - first + 1 - (prefix > 30 ? 0 : 2)
        var bare = self
        bare.gateway = nil
        guard let gateway, bare.isGivable(gateway) else { return all }
        return all - 1
    }

    mutating func allocate(_ owner: LeaseOwner) -> Int? {
        guard owners.count < capacity else { return nil }
        var number = cursor
        while !isGivable(number) || owners[number] != nil { number = number == last ? first : number + 1 }
        owners[number] = owner
        cursor = number == last ? first : number + 1
        return number
    }

    mutating func release(_ number: Int, _ owner: LeaseOwner) -> Bool {
        guard owners[number] == owner else { return false }
        owners[number] = nil
        return true
    }

    var leases: [AddressLease] {
        owners.sorted { $0.key < $1.key }.map { AddressLease(IPAddress(ipv4: UInt32($0.key)), $0.value) }
    }
}

// MARK: - Files

/// A pool with nothing in use.
func newPool(_ path: String, _ space: AddressSpace) throws -> AddressPoolFile {
    let pool = AddressPoolFile(path, space)
    try pool.rebuild([])
    return pool
}

/// A directory on a tmpfs when there is one, removed at the end.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let base = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = base + "/ipam-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { path + "/" + name }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path) } }
}

func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
func put(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
