import Glibc

struct Failure: Error, CustomStringConvertible { let description: String }

// Glibc's module has neither.
@_silgen_name("unshare") private func unshare(_ namespaces: Int32) -> Int32
@_silgen_name("setns") private func setns(_ descriptor: Int32, _ namespace: Int32) -> Int32
private let newNetwork: Int32 = 0x4000_0000

/// The calling thread has a network namespace of its own while `body` runs, and so has every thread and process that
/// it starts.
func inFreshNetwork(_ body: () throws -> Void) throws {
    guard getenv("MYDOCKER_SANDBOX").map({ String(cString: $0) }) == "1" else {
        throw Failure(description: "run this in scripts/in-sandbox")
    }
    let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    guard home >= 0, unshare(newNetwork) == 0 else { throw Failure(description: "no new network namespace") }
    defer {
        if setns(home, newNetwork) != 0 { fatalError("cannot return to the network namespace") }
        close(home)
    }
    try body()
}

/// - Returns: the lines of its standard output.
@discardableResult
func run(_ arguments: [String]) throws -> [String] {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure(description: "pipe") }
    let child = try spawn(arguments, output: ends[1], closing: ends[0])
    close(ends[1])
    defer { close(ends[0]) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(ends[0], &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    guard status == 0 else { throw Failure(description: "\(arguments.joined(separator: " ")): status \(status)") }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}

func spawn(_ arguments: [String], output: Int32? = nil, closing other: Int32? = nil) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
    if let other { posix_spawn_file_actions_addclose(&actions, other) }
    let words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, arguments[0], &actions, nil, words, environ)
    guard result == 0 else { throw Failure(description: "\(arguments[0]): \(String(cString: strerror(result)))") }
    return child
}

func end(_ child: pid_t) {
    kill(child, SIGKILL)
    waitpid(child, nil, 0)
}

/// A thread in its maker's namespaces; what it threw is kept.
final class InThread: @unchecked Sendable {
    private var thread = pthread_t()
    private var failure: String?
    private let body: () throws -> Void

    init(_ body: @escaping () throws -> Void) {
        self.body = body
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let this = Unmanaged<InThread>.fromOpaque(argument).takeRetainedValue()
                do { try this.body() } catch { this.failure = "\(error)" }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }

    /// - Returns: what it failed of.
    func wait() -> String? {
        pthread_join(thread, nil)
        return failure
    }
}
