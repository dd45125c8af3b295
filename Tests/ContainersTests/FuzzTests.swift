import Core
import Foundation
import Fuzzing
import Linux
import Testing

@testable import Containers

/// See `Fuzz` for what is expected of a parser.
@Suite struct FuzzTests {
    @Test func logs() throws {
        let directory = try LogTestDirectory()
        var writer = try LogWriter(path: directory.log)
        writer.write("plain \"quoted\" \\ \u{1}\n")
        writer.write(.stderr, [0xff, 0x00, 0x0a])
        writer.write("é\nno end")
        writer.finish()
        Fuzz.bytes([try directory.contents()], cost: 2) { bytes in
            for line in bytes.split(separator: LogFormat.newline) {
                var line = Array(line)
                line.withUnsafeMutableBytes { memory in
                    guard let record = LogRecord(decoding: memory) else { return }
                    if record.time.count != LogFormat.timeLength || record.bytes.count > memory.count {
                        Issue.record("\(bytes)")
                    }
                }
            }
        }
    }

    /// The reader of whole files shows every record that can be decoded, forwards as well as from the end.
    @Test func logFiles() throws {
        let directory = try LogTestDirectory()
        let examples = [(0..<40).map { logLine("line \($0)", $0 % 3 == 0 ? "stderr" : "stdout") }.joined()]
        try Fuzz.bytes(examples.map { Array($0.utf8) }, cost: 100) { bytes in
            try directory.setContents(bytes)
            let all = try readRecords(directory.log)
            var reader = try LogReader(path: directory.log)
            try reader.seek(toLast: 1_000_000)
            if try readRecords(&reader) != all { Issue.record("\(bytes)") }
        }
    }

    @Test func seccompProfiles() {
        let examples = [
            #"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":5,"valueTwo":6,"op":"SCMP_CMP_MASKED_EQ"}],"includes":{"caps":["CAP_BPF"],"minKernel":"4.8"},"excludes":{"arches":["amd64"]}}]}"#,
            #"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"syscalls":[{"name":"kill","action":"SCMP_ACT_TRACE","errnoRet":4095}]}"#,
        ].map { Array($0.utf8) }
        let container = SeccompSubject(host: .current, capabilities: .max)
        let hasLibrary = (try? SeccompCompiler.filter(of: SeccompDefault.profile, for: container, named: "")) != nil
        Fuzz.bytes(examples, cost: 20) { bytes in
            do throws(OperationError) {
                let rules = try SeccompParser(path: "p").rules(bytes)
                guard hasLibrary else { return }
                _ = try SeccompCompiler.filter(of: rules, for: container, named: "p")
            } catch {
                if error.description.isEmpty { Issue.record("\(bytes)") }
            }
        }
    }

    /// A kept filter is used whole or not at all.
    @Test func keptFilters() throws {
        let directory = try SeccompDirectory()
        let cache = SeccompCache(directory: directory.cache, identity: Array("identity".utf8))
        let filter = (0..<80).map { UInt8($0) }
        cache.keep(filter)
        let kept = [UInt8](try Data(contentsOf: URL(fileURLWithPath: cache.path)))
        try Fuzz.bytes([kept], cost: 40) { bytes in
            try Data(bytes).write(to: URL(fileURLWithPath: cache.path))
            if let found = cache.filter(), found != filter { Issue.record("\(bytes)") }
        }
    }

    @Test func users() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/var/www:\n"
        let group = "root:x:0:\nwww:x:33:web,root\n"
        let examples = [passwd, group, passwd + group].map { Array($0.utf8) }
        Fuzz.bytes(examples, cost: 2) { bytes in
            let users = UserDatabase(passwd: bytes, group: bytes)
            for name in ["", "web", "33", "web:www"] {
                do throws(OperationError) {
                    let user = try users.resolve(name)
                    if user.groups.first != user.gid || user.home.isEmpty { Issue.record("\(bytes)") }
                } catch {
                    if error.description.isEmpty { Issue.record("\(bytes)") }
                }
            }
        }
        let users = UserDatabase(passwd: Array(passwd.utf8), group: Array(group.utf8))
        Fuzz.texts(["root", "0:0", "web:www", "2147483647"]) { text in
            do throws(OperationError) { _ = try users.resolve(text) } catch {
                if error.description.isEmpty || error.description.contains("\n") && !text.contains("\n") {
                    Issue.record("\(text)")
                }
            }
        }
    }

    @Test func kernelVersions() {
        Fuzz.texts(["5.12", "6.1.0-18-amd64", "4.8-rc1"]) { text in
            for prefix in [false, true] {
                if let version = KernelVersion(text, prefix: prefix), version < KernelVersion(major: 0, minor: 0) {
                    Issue.record("\(text)")
                }
            }
        }
    }
}
