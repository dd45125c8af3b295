import Core
import Foundation
import Testing

@testable import Containers

/// Filters under a real kernel: a process sets one and tries calls.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")))
struct SeccompKernelTests {
    private static let script = """
        import ctypes, errno, os, struct, subprocess, sys, tempfile, threading
        libc = ctypes.CDLL(None, use_errno=True)
        code = open(sys.argv[1], 'rb').read()
        buffer = ctypes.create_string_buffer(code, len(code))
        program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(code) // 8, ctypes.addressof(buffer)))
        seccomp, x86 = {'x86_64': (317, True), 'aarch64': (277, False)}[os.uname().machine]
        assert libc.prctl(38, 1, 0, 0, 0) == 0
        assert libc.syscall(seccomp, 1, 0, program) == 0, ctypes.get_errno()

        def call(*arguments):
            ctypes.set_errno(0)
            result = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
            return errno.errorcode[ctypes.get_errno()] if result == -1 else 'ok'
        number = lambda a, b: a if x86 else b
        with tempfile.TemporaryDirectory() as directory:
            os.mkdir(directory + '/new')
        print('getpid', call(number(39, 172)))
        print('unshare', call(number(272, 97), 0x10000000))
        print('mount', call(number(165, 40), None, b'/nowhere', None, 0, None))
        print('clone3', call(435, None, 0))
        print('clone', call(number(56, 220), 0x10000000, 0, 0, 0, 0))
        print('keyctl', call(number(250, 219), 0, 0, 0))
        print('personality', call(number(135, 92), 0xffffffff))
        print('personality', call(number(135, 92), 0x0040000))
        print('vsock', call(number(41, 198), 40, 1, 0))
        print('vsock', call(number(41, 198), (1 << 32) + 40, 1, 0))
        print('unix', call(number(41, 198), 1, 1, 0))
        print('io_uring', call(425, 1, None))
        print('userfaultfd', call(number(323, 282), 0))
        print('fchmodat2', call(452, -1, b'/nowhere', 0, 0))
        print('newer', call(4000))
        thread = threading.Thread(target=lambda: print('thread', 'ok'))
        thread.start()
        thread.join()
        print('ls', 'ok' if b'etc' in subprocess.check_output(['/bin/ls', '/']) else 'empty')
        """

    @Test func defaultProfile() throws {
        let directory = try SeccompDirectory()
        let filter = try #require(
            try SeccompProfile.load("default", capabilities: Capabilities.defaults, cacheDirectory: directory.cache))
        let output = try run([Self.script, directory.write(filter, to: "filter")])
        #expect(
            output == """
                getpid ok
                unshare EPERM
                mount EPERM
                clone3 ENOSYS
                clone EPERM
                keyctl EPERM
                personality ok
                personality EPERM
                vsock EPERM
                vsock EPERM
                unix ok
                io_uring EPERM
                userfaultfd EPERM
                fchmodat2 ENOENT
                newer ENOSYS
                thread ok
                ls ok

                """)
    }

    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c"] + arguments
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: bytes, as: UTF8.self)
    }
}
