import Core
import Testing

@testable import Containers

@Suite struct CgroupParentTests {
    private let root = CgroupHost.root

    @Test(arguments: [
        ("batch", "batch"), ("/batch/jobs", "batch/jobs"), ("system.slice", "system.slice"), ("...", "..."),
        ("a b/é", "a b/é"), ("/", ""),
    ])
    func paths(text: String, path: String) throws {
        let parent = try CgroupParent(text)
        #expect(parent.path == path && parent.text == text)
    }

    @Test(arguments: [
        "", "//", "//a", "a//b", "a/", "..", "a/../b", "/..", ".", "a/./b", "mydocker", "a/mydocker/b", "a\nb", "a\0b",
        "a\u{7f}",
        String(repeating: "x", count: 256), String(repeating: "x/", count: 1500) + "x",
    ])
    func refuses(text: String) { #expect(throws: OperationError.self) { try CgroupParent(text) } }

    @Test func inEachHierarchy() throws {
        var limits = ResourceLimits()
        limits.memory = 64 << 20
        let (id, parent) = (ContainerID.random(), try CgroupParent("/batch/jobs"))
        let both = CgroupHost(
            unified: "\(root)/unified", unifiedControllers: [], version1: ["memory"], below: parent)
        let plan = try both.plan(for: id, limits: limits)
        #expect(plan.unified == "\(root)/unified/batch/jobs/mydocker/\(id.hex)")
        #expect(plan.version1 == ["\(root)/memory/batch/jobs/mydocker/\(id.hex)"])
        #expect(plan.directories.filter(both.isUnified) == [plan.unified])
        let alone = CgroupHost(unified: root, unifiedControllers: ["memory"], version1: [], below: parent)
        #expect(try alone.plan(for: id, limits: limits).directories == ["\(root)/batch/jobs/mydocker/\(id.hex)"])
        let top = CgroupHost(
            unified: root, unifiedControllers: ["memory"], version1: [], below: try CgroupParent("/"))
        #expect(try top.plan(for: id, limits: limits).directories == ["\(root)/mydocker/\(id.hex)"])
    }

    @Test func levelsFromTheRootDown() {
        let unified = CgroupParents.levels(above: "\(root)/a/b/mydocker/x", from: root)
        #expect(unified == ["", "/a", "/a/b", "/a/b/mydocker"].map { root + $0 })
        #expect(CgroupParents.levels(above: "\(root)/cpuset/mydocker/x", from: root + "/cpuset").count == 2)
        #expect(CgroupParents.levels(above: "/elsewhere/x", from: root).isEmpty)
        #expect(
            CgroupDirectories.isCpuset("\(root)/cpuset/a") && !CgroupDirectories.isCpuset("\(root)/memory/cpuset/a"))
    }
}
