import Core
import Linux
import Testing

@testable import Containers

/// Which devices a container may open, as the instructions decide that it loads into the kernel.
@Suite struct DeviceAccessTests {
    private enum Access: UInt64 {
        case make = 1, read = 2, write = 4, both = 6
    }

    /// Runs instructions as the kernel does (Documentation/bpf/standardization/instruction-set.rst).
    private func decide(_ access: DeviceAccess, _ wanted: Access, block: Bool = false, _ major: UInt64, _ minor: UInt64)
        throws -> Bool
    {
        let context = [wanted.rawValue << 16 | (block ? 1 : 2), major, minor]
        var registers = [UInt64](repeating: 0, count: 11)
        var at = 0
        let program = access.program
        while true {
            let word = try #require(program.indices.contains(at) ? program[at] : nil)
            let (target, source) = (Int(word >> 8 & 0xf), Int(word >> 12 & 0xf))
            let offset = Int(Int16(truncatingIfNeeded: word >> 16))
            let value = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: word >> 32)))
            switch word & 0xff {
            case 0x61: registers[target] = context[offset / 4]
            case 0xbf: registers[target] = registers[source]
            case 0xb7: registers[target] = value
            case 0x57: registers[target] &= value
            case 0x77: registers[target] >>= value
            case 0x56:
                if UInt32(truncatingIfNeeded: registers[target]) != UInt32(truncatingIfNeeded: value) { at += offset }
            case 0x95: return registers[0] == 1
            default: Issue.record("instruction \(word & 0xff)")
            }
            at += 1
        }
    }

    private func rule(_ major: UInt32, _ minor: UInt32, block: Bool = false, reads: Bool = true, writes: Bool = true)
        -> DeviceRule
    {
        DeviceRule(DeviceNumber(isBlock: block, major: major, minor: minor), reads: reads, writes: writes)
    }

    @Test func standardDevicesAndTerminalsOnly() throws {
        let access = DeviceAccess([])
        for (major, minor): (UInt64, UInt64) in [(1, 3), (1, 5), (1, 9), (5, 0), (5, 2), (136, 0), (136, 77)] {
            #expect(try decide(access, .both, major, minor), "\(major):\(minor)")
            #expect(try !decide(access, .both, block: true, major, minor), "\(major):\(minor)")
        }
        // The host's console, memory, disk, TUN.
        for (major, minor): (UInt64, UInt64) in [(5, 1), (1, 1), (1, 11), (10, 200), (137, 0)] {
            #expect(try !decide(access, .read, major, minor), "\(major):\(minor)")
        }
        #expect(try !decide(access, .read, block: true, 7, 0))
    }

    @Test func everyNodeMayBeMade() throws {
        #expect(try decide(DeviceAccess([]), .make, block: true, 7, 0))
    }

    @Test func readingIsNotWriting() throws {
        let access = DeviceAccess([rule(7, 0, block: true, writes: false), rule(10, 229, reads: false)])
        #expect(try decide(access, .read, block: true, 7, 0))
        for wanted: Access in [.write, .both] { #expect(try !decide(access, wanted, block: true, 7, 0)) }
        #expect(try !decide(access, .read, 7, 0) && !decide(access, .read, block: true, 7, 1))
        #expect(try decide(access, .write, 10, 229) && !decide(access, .read, 10, 229))
    }

    @Test func whatIsNamedTwiceHasBoth() throws {
        let access = DeviceAccess([rule(10, 229, writes: false), rule(10, 229, reads: false)])
        #expect(try decide(access, .both, 10, 229))
    }

    @Test func listOfVersion1() {
        let list = DeviceAccess([rule(7, 0, block: true, writes: false)]).list
        #expect(list.prefix(3) == ["c *:* m", "b *:* m", "c 1:3 rwm"])
        #expect(list.suffix(2) == ["c 136:* rwm", "b 7:0 rm"])
    }

    @Test func numbersAreTakenApartAsTheKernelPutsThemTogether() throws {
        var status = try #require(Files.status("/dev/null"))
        #expect(DeviceNumber(status) == DeviceNumber(isBlock: false, major: 1, minor: 3))
        status.st_rdev = UInt(makedev(0xde123, 0x89abc_def))
        #expect(DeviceNumber(status) == DeviceNumber(isBlock: false, major: 0xde123, minor: 0x89abc_def))
        #expect(Files.status("/etc").flatMap(DeviceNumber.init) == nil)
    }

    @Test func whatHoldsADeviceCgroupNecessary() throws {
        func needs(_ capabilities: [String], _ devices: [String] = [], privileged: Bool = false) throws -> Bool {
            var definition = ContainerDefinition(
                id: .random(), name: try #require(Name("box")), created: .now(), image: "", imageID: nil, layers: [],
                arguments: [], environment: [], workingDirectory: "/", user: "", hostname: "", networkMode: .none)
            definition.capabilities = capabilities
            definition.devices = try devices.map { try DeviceMapping(parsing: $0) }
            definition.privileged = privileged
            return definition.needsDeviceCgroup
        }
        #expect(try !needs(["CHOWN", "MKNOD"], ["/dev/fuse", "/dev/kvm:rw"]))
        #expect(try needs(["SYS_ADMIN"]) && needs([], ["/dev/fuse:r"]) && needs([], ["/dev/fuse:wm"]))
        #expect(try needs(["DAC_READ_SEARCH"], ["/dev/fuse"]) && needs(["DAC_READ_SEARCH", "MKNOD"]))
        #expect(try !needs(["DAC_READ_SEARCH"]) && !needs(["SYS_ADMIN"], privileged: true))
    }

    @Test func version2BeforeVersion1() throws {
        let id = ContainerID.random()
        let plan = try CgroupHost(unified: "/sys/fs/cgroup", unifiedControllers: [], version1: [])
            .plan(for: id, limits: ResourceLimits(), limitsDevices: true)
        #expect(plan.devices == "/sys/fs/cgroup/mydocker/\(id)" && plan.directories == [plan.devices])
        let without = try CgroupHost(unified: "/sys/fs/cgroup", unifiedControllers: [], version1: [])
            .plan(for: id, limits: ResourceLimits())
        #expect(without.devices == nil)
    }

    /// `*` is every number, `a` both kinds.
    @Test func rulesByNumber() throws {
        let texts = ["c 42:* r", "b *:7 rw", "a 200:1 w"]
        let rules = try texts.map { try #require(DeviceCgroupRule($0)) }.flatMap(DeviceRule.rules)
        let access = DeviceAccess(rules)
        #expect(try decide(access, .read, 42, 5) && !decide(access, .write, 42, 5))
        #expect(try !decide(access, .read, 43, 5) && !decide(access, .read, block: true, 42, 5))
        #expect(try decide(access, .both, block: true, 99, 7) && !decide(access, .read, block: true, 99, 8))
        #expect(try decide(access, .write, 200, 1) && decide(access, .write, block: true, 200, 1))
        #expect(try !decide(access, .read, 200, 1))
        #expect(access.list.suffix(4) == ["c 42:* rm", "b *:7 rwm", "c 200:1 wm", "b 200:1 wm"])
    }
}

/// makedev(3), which is a macro.
private func makedev(_ major: UInt64, _ minor: UInt64) -> UInt64 {
    (major & 0xfff) << 8 | (major & 0xffff_f000) << 32 | minor & 0xff | (minor & 0xffff_ff00) << 12
}
