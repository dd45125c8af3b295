import Core
import Linux
import Testing

@Suite struct MountPointTests {
    @Test func linesOfTheKernel() throws {
        let shared = try #require(
            MountPoint(line: "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime shared:7 master:1 - ext3 /dev/root rw"))
        #expect(shared.point == "/mnt 2" && shared.isShared && shared.isSlave)
        let plain = try #require(MountPoint(line: "36 35 98:0 / / rw,noatime - ext3 shared:1 rw"))
        #expect(plain.point == "/" && !plain.isShared && !plain.isSlave)
        #expect(MountPoint(line: "") == nil && MountPoint(line: "36 35 98:0 / /") == nil)
    }
}
