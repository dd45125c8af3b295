import Core
import Glibc
import Lifecycle
import Linux
import Records

/// A process that stands for a container's supervisor: it lives, has the container's lock, and clears up after its program as a
/// supervisor does. It takes no requests. Ends with this value.
package final class StandIn: Sendable {
    package enum Part: String, Sendable {
        /// Makes the container, and comes to no end with that.
        case making
        /// Has a program, which ends with code 3 when it is asked to.
        case running
        /// Is between two rounds, until it hears that there is no other one; the last one had ended with code 5.
        case resting
    }

    package let supervisor: ProcessIdentity
    /// Of a container that runs.
    package let program: ProcessIdentity?
    /// The writing end of a pipe that all of them wait for.
    private let leash: Descriptor?

    /// Becomes the supervisor of a container and says so in its state, unless that is `state`.
    package init(_ part: Part, of id: ContainerID, _ place: Place, state given: ContainerState? = nil) throws {
        try Files.makeDirectory(place.layout.containerRuntime(id))
        let lock = try Descriptor.open(place.layout.containerLock(id), O_RDWR | O_CREAT, mode: 0o600)
        guard lock.tryLock(exclusive: true) == 0 else { throw OperationError("lock", id.short, errno: EWOULDBLOCK) }
        var pipe = try Descriptor.pipe()
        let arguments = [
            "sh", "-c", Self.script, part.rawValue, place.layout.containerRuntime(id), place.layout.exit(id),
        ]
        // Whoever looks for mydocker among the holders of the lock goes by the name of the file.
        let shell = place.directory.path + "/mydocker"
        if !Files.exists(shell) { try Files.create(shell, try Files.read("/bin/sh"), mode: 0o755) }
        var leash = try Descriptor.pipe()
        let pid = try Self.spawn(
            shell, arguments, descriptors: [(pipe.writeNumber, 1), (leash.readNumber, 6), (lock.number, 9)])
        pipe.closeWrite()
        self.leash = leash.takeWrite()
        supervisor = try wanted(ProcessIdentity(of: pid))
        let line = try Self.line(from: pipe.readNumber)
        program = part == .running ? ProcessIdentity(of: try wanted(Int32(line))) : nil
        let state = given ?? place.state(part, supervisor, program)
        try place.store.write(state, of: id)
    }

    /// Whether its program has not ended.
    package var runsProgram: Bool {
        guard let program, let handle = program.open() else { return false }
        return !handle.waitForEnd(milliseconds: 0)
    }

    /// The same of itself.
    package var isAlive: Bool {
        guard let handle = supervisor.open() else { return false }
        return !handle.waitForEnd(milliseconds: 0)
    }

    /// As the kernel may at any moment.
    package func kill() {
        if let handle = program?.open() { try? handle.send(SIGKILL) }
        guard let handle = supervisor.open() else { return }
        try? handle.send(SIGKILL)
        waitpid(supervisor.pid, nil, 0)
    }

    deinit { kill() }

    /// Descriptor 9 is the lock, 6 a pipe that ends with this value, and with the process of the test. What is written of the
    /// end is what a supervisor writes, in the same order.
    private static let script = """
        clear_up() {
          printf '%s\\n' "$1" >&9
          printf '{"version":1,"exitCode":%s,"started":null,"finished":%s000000000,"oomKilled":false,"error":""}\\n' \\
            "$1" "$(date +%s)" >"$exit.tmp"
          mv "$exit.tmp" "$exit"
          rm -rf "$run"
          exit 0
        }
        exec 2>/dev/null
        run=$1 exit=$2
        case $0 in
          running)
            sh -c 'trap "exit 3" TERM; trap "" USR1; echo $$; exec >&-; read end <&6' 9>&- &
            exec >&-
            wait $!
            clear_up $?
            ;;
          resting) trap 'clear_up 5' URG ;;
        esac
        echo ready
        exec >&-
        read end <&6
        """

    /// With no signal blocked or ignored: a thread of a test may have them so.
    private static func spawn(
        _ path: String, _ arguments: [String], descriptors: [(from: Int32, to: Int32)]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Out of the way of the numbers that they get.
        let high = descriptors.map { (from: fcntl($0.from, F_DUPFD_CLOEXEC, 64), to: $0.to) }
        defer { for (from, _) in high { close(from) } }
        for (from, to) in high { posix_spawn_file_actions_adddup2(&actions, from, to) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        var failure = posix_spawn(&pid, path, &actions, &attributes, &words, environ)
        // Another test's child has the file still that was written a moment ago.
        while failure == ETXTBSY {
            usleep(1000)
            failure = posix_spawn(&pid, path, &actions, &attributes, &words, environ)
        }
        guard failure == 0 else { throw OperationError("start", path, errno: failure) }
        return pid
    }

    private static func line(from number: Int32) throws -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(number, &byte, 1) == 1, byte != 0x0a { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Place {
    /// What a supervisor has on record that plays this part.
    package func state(
        _ part: StandIn.Part, _ supervisor: ProcessIdentity, _ program: ProcessIdentity?
    ) -> ContainerState {
        let status: ContainerState.Status =
            switch part {
            case .making: .creating
            case .running: .running
            case .resting: .restarting
            }
        var state = ContainerState(status: status, supervisor: supervisor.pid, cgroups: [])
        state.supervisorStartTime = supervisor.startTime
        state.pid = program?.pid
        state.pidStartTime = program?.startTime
        if part == .running { state.started = .now() }
        if part == .resting { state.lastExit = ContainerExit(exitCode: 5, started: nil, finished: .now()) }
        return state
    }
}
