/// What lives as long as the container's run and must be undone after it. It is written before each
/// of these things is made, so it may name some that do not exist yet.
package struct ContainerState: Equatable, Sendable {
    package enum Status: String, Sendable {
        case creating, running
        /// The program has ended, and begins again.
        case restarting
        /// It has ended for good, and there was no room to say so where it outlives a reboot.
        case ended
    }

    package var status: Status
    package var supervisor: Int32
    /// Clock ticks since boot when it began (proc(5)).
    package var supervisorStartTime: UInt64?
    /// The container's first process, in the host's numbers.
    package var pid: Int32?
    /// Clock ticks since boot when it began (proc(5)).
    package var pidStartTime: UInt64?
    package var started: Timestamp?
    package var endpoints: [Endpoint] = []
    /// Directories of cgroup file systems.
    package var cgroups: [String]
    /// Those above them that were made for it, or for another container that has them, too: they go when they are empty.
    package var cgroupParents: [String] = []
    /// How often its program began again.
    package var restartCount = 0
    /// How its program ended the last time.
    package var lastExit: ContainerExit?

    package init(status: Status, supervisor: Int32, cgroups: [String]) {
        self.status = status
        self.supervisor = supervisor
        self.cgroups = cgroups
    }
}

extension ContainerState: Record {
    package static var version: Int64 { 2 }

    /// The endpoint of a record of version 1 has its container's id.
    package mutating func adopt(_ id: ContainerID) {
        for index in endpoints.indices where endpoints[index].id == .unknown { endpoints[index].id = id }
    }

    package init(_ reader: RecordReader) throws(RecordError) {
        status = try reader.text("status", Status.init)
        supervisor = try reader.value("supervisor") { $0.int.flatMap { Int32(exactly: $0) } }
        supervisorStartTime = try reader.optional("supervisorStartTime") { $0.int.flatMap { UInt64(exactly: $0) } }
        pid = try reader.optional("pid") { $0.int.flatMap { Int32(exactly: $0) } }
        pidStartTime = try reader.optional("pidStartTime") { $0.int.flatMap { UInt64(exactly: $0) } }
        started = try reader.optional("started", \.int).map { Timestamp(nanoseconds: $0) }
        // Version 1 had room for one.
        endpoints = try reader.optionalObject("endpoint", Endpoint.init).map { [$0] } ?? []
        if endpoints.isEmpty { endpoints = try reader.optionalObjects("endpoints", Endpoint.init) }
        cgroups = try reader.strings("cgroups")
        cgroupParents = try reader.optional("cgroupParents", \.strings) ?? []
        restartCount = try reader.optional("restartCount") { $0.int.flatMap { Int(exactly: $0) } } ?? 0
        lastExit = try reader.optionalObject("lastExit", ContainerExit.init)
    }

    package var json: JSON {
        [
            "status": .string(status.rawValue), "supervisor": .number(supervisor),
            "supervisorStartTime": .optional(supervisorStartTime), "pid": .optional(pid),
            "pidStartTime": .optional(pidStartTime), "started": .optional(started?.nanoseconds),
            "endpoints": .array(endpoints.map(\.json)), "cgroups": .strings(cgroups),
            "cgroupParents": cgroupParents.isEmpty ? .null : .strings(cgroupParents),
            "restartCount": .number(restartCount), "lastExit": lastExit?.json ?? .null,
        ]
    }
}

/// How a container's run ended.
package struct ContainerExit: Equatable, Sendable {
    package var exitCode: Int32
    package var started: Timestamp?
    package var finished: Timestamp
    package var oomKilled: Bool
    /// Why it did not start, or nobody knows how it ended; empty otherwise.
    package var error: String
    /// How often its program began again.
    package var restartCount = 0
    /// The signal that ended its program; nil when it ended by itself, or nobody knows.
    package var signal: Int32?
    /// The most memory that it had, in bytes, when the kernel killed for lack of it.
    package var memoryPeak: Int64?
    /// How often it was refused a process because of its limit.
    package var refusedProcesses: Int64 = 0
    /// What its checks had come to; nil where there were none.
    package var health: ContainerHealth?

    package init(exitCode: Int32, started: Timestamp?, finished: Timestamp, oomKilled: Bool = false, error: String = "")
    {
        self.exitCode = exitCode
        self.started = started
        self.finished = finished
        self.oomKilled = oomKilled
        self.error = error
    }
}

extension ContainerExit: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        exitCode = try reader.value("exitCode") { $0.int.flatMap { Int32(exactly: $0) } }
        started = try reader.optional("started", \.int).map { Timestamp(nanoseconds: $0) }
        finished = Timestamp(nanoseconds: try reader.int("finished"))
        oomKilled = try reader.bool("oomKilled")
        error = try reader.string("error")
        signal = try reader.optional("signal") { $0.int.flatMap { Int32(exactly: $0) } }
        memoryPeak = try reader.optional("memoryPeak", \.int)
        refusedProcesses = try reader.optional("refusedProcesses", \.int) ?? 0
        restartCount = try reader.optional("restartCount") { $0.int.flatMap { Int(exactly: $0) } } ?? 0
        health = try reader.optionalObject("health", ContainerHealth.init)
    }

    package var json: JSON {
        [
            "exitCode": .number(exitCode), "started": .optional(started?.nanoseconds),
            "finished": .int(finished.nanoseconds), "oomKilled": .bool(oomKilled), "error": .string(error),
            "restartCount": .number(restartCount), "signal": .optional(signal), "memoryPeak": .optional(memoryPeak),
            "refusedProcesses": .int(refusedProcesses), "health": health?.json ?? .null,
        ]
    }
}
