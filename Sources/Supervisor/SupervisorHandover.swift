import Containers
import Core
import Glibc
import Lifecycle
import Linux

/// What a supervisor in the background knows, and has open, while its container's program runs and nobody wants anything of it.
struct SupervisorHandover {
    let run: RunHandover
    /// As `Restarts` reads it.
    let restarts: JSON
    let check: Check?
    /// The container's first process, and a pidfd of it.
    let pid: Int32
    let process: Int32
    /// The control socket.
    let control: Int32
    /// The master of the container's terminal; nil where it has none.
    let terminal: Int32?
    let output: Int32?
    let error: Int32?
    let input: Int32?
    let passesSignals: Bool
    /// Until when the program may run; nil is no limit.
    let limit: Deadline?

    /// Checks of the container's health.
    struct Check {
        let health: ContainerHealth
        let start: Timestamp
        /// When the next one is due.
        let next: Deadline
    }

    var descriptors: [Int32] {
        run.descriptors + [process, control] + [terminal, output, error, input].compactMap { $0 }
    }
}

extension SupervisorHandover: Record {
    init(_ reader: RecordReader) throws(RecordError) {
        run = try reader.object("run", RunHandover.init)
        restarts = try reader.value("restarts") { $0 }
        check = try reader.optionalObject("check", Check.init)
        pid = try reader.value("pid") { $0.int.flatMap { Int32(exactly: $0) } }
        process = try reader.value("process", \.descriptor)
        control = try reader.value("control", \.descriptor)
        terminal = try reader.optional("terminal", \.descriptor)
        output = try reader.optional("output", \.descriptor)
        error = try reader.optional("error", \.descriptor)
        input = try reader.optional("input", \.descriptor)
        passesSignals = try reader.bool("passesSignals")
        limit = try reader.optional("limit", \.int).map { Deadline(nanoseconds: $0) }
    }

    var json: JSON {
        [
            "run": run.json, "restarts": restarts, "check": check?.json ?? .null, "pid": .number(pid),
            "process": .number(process), "control": .number(control), "terminal": .optional(terminal),
            "output": .optional(output), "error": .optional(error), "input": .optional(input),
            "passesSignals": .bool(passesSignals), "limit": .optional(limit?.nanoseconds),
        ]
    }
}

extension SupervisorHandover.Check: Record {
    init(_ reader: RecordReader) throws(RecordError) {
        health = try reader.object("health", ContainerHealth.init)
        start = Timestamp(nanoseconds: try reader.int("start"))
        next = Deadline(nanoseconds: try reader.int("next"))
    }
    var json: JSON { ["health": health.json, "start": .int(start.nanoseconds), "next": .int(next.nanoseconds)] }
}
