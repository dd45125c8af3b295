import Core
import Glibc
import Synchronization

/// A thread of this process. It gets no signals: those are for the one that knows what to do about them, and what it writes to
/// somebody who is gone is an error and not its end.
package final class WorkerThread {
    private var thread = pthread_t()
    private var isJoined = false

    /// - Parameter body: runs at once; `join` waits for its end.
    package init(_ body: @escaping @Sendable () -> Void) throws(OperationError) {
        let box = Unmanaged.passRetained(Body(body))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let failure = pthread_create(
            &thread, nil,
            { pointer in
                pointer.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard failure == 0 else {
            box.release()
            throw OperationError("start thread", errno: failure)
        }
    }

    deinit { join() }

    package func join() {
        if isJoined { return }
        isJoined = true
        pthread_join(thread, nil)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

extension WorkerThread {
    /// What `body` gives or throws, in a thread of its own.
    package static func result<Value: Sendable>(
        _ body: @escaping @Sendable () throws(OperationError) -> Value
    ) throws(OperationError) -> Value {
        let kept = Kept<Value>()
        let thread = try WorkerThread { kept.set { () throws(OperationError) in try body() } }
        thread.join()
        guard let result = kept.take() else { throw OperationError("run thread", errno: ECHILD) }
        return try result.get()
    }

    /// Runs `body` once for each number below `count`, at most `limit` at a time.
    /// - Throws: the first error, when all have ended; after it none begins any more.
    package static func each(
        below count: Int, limit: Int, cancelling cancellation: Cancellation,
        _ body: @escaping @Sendable (Int) throws(OperationError) -> Void
    ) throws(OperationError) {
        let queue = WorkQueue(count: count, cancellation: cancellation)
        var threads: [WorkerThread] = []
        for _ in 0..<min(count, limit) { threads.append(try WorkerThread { queue.work(body) }) }
        for thread in threads { thread.join() }
        if let failure = queue.failure { throw failure }
    }
}

private final class Kept<Value: Sendable>: Sendable {
    private let outcome = Mutex<Result<Value, OperationError>?>(nil)

    func set(_ body: () throws(OperationError) -> Value) {
        let result: Result<Value, OperationError>
        do throws(OperationError) { result = .success(try body()) } catch { result = .failure(error) }
        outcome.withLock { $0 = result }
    }

    func take() -> Result<Value, OperationError>? { outcome.withLock { $0 } }
}

/// That what several threads are at is not wanted any more.
package final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isCancelled: Bool { flag.load(ordering: .relaxed) }
    package func cancel() { flag.store(true, ordering: .relaxed) }
}

/// Numbers that are handed out one after the other, until something fails.
private final class WorkQueue: Sendable {
    private struct State {
        var next = 0
        var failure: OperationError?
    }

    private let count: Int
    private let cancellation: Cancellation
    private let state = Mutex(State())

    init(count: Int, cancellation: Cancellation) {
        self.count = count
        self.cancellation = cancellation
    }

    var failure: OperationError? { state.withLock { $0.failure } }

    func work(_ body: (Int) throws(OperationError) -> Void) {
        while let number = take() {
            do throws(OperationError) {
                try body(number)
            } catch {
                fail(error)
            }
        }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < count, state.failure == nil, !cancellation.isCancelled else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    private func fail(_ error: OperationError) {
        state.withLock { state in if state.failure == nil { state.failure = error } }
        cancellation.cancel()
    }
}
