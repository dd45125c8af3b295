import Core
import Glibc
import Linux

/// What holds all processes of one container still: its directory in the unified hierarchy or, on a host without one, in
/// that of the version 1 freezer. Whether they are held still is only known to the kernel.
///
/// The directory's lock of flock(2) is had by whoever changes that, for a moment, and by `commit` as long as it holds them
/// still: so what that one freezes and thaws is told from what somebody has paused.
package struct Freezer: Equatable, Sendable {
    private let directory: String
    private let file: String
    private let words: (thawed: String, frozen: String)

    /// - Parameter directories: all cgroups of the container.
    package init?(_ directories: [String]) {
        for directory in directories {
            if Files.exists(directory + "/cgroup.freeze") {
                self.init(unified: directory)
                return
            }
            if Files.exists(directory + "/freezer.state") {
                self.init(version1: directory)
                return
            }
        }
        return nil
    }

    private init(unified directory: String) {
        self.directory = directory
        file = directory + "/cgroup.freeze"
        words = ("0", "1")
    }

    private init(version1 directory: String) {
        self.directory = directory
        file = directory + "/freezer.state"
        words = ("THAWED", "FROZEN")
    }

    package static func == (left: Freezer, right: Freezer) -> Bool { left.file == right.file }

    /// Whether the processes of a container are held still, or about to be.
    package static func isFrozen(_ directories: [String]) -> Bool {
        for directory in directories {
            if let word = Files.line(directory + "/cgroup.freeze") { return word == "1" }
            if let word = Files.line(directory + "/freezer.state") { return word != "THAWED" }
        }
        return false
    }

    package var isFrozen: Bool { Self.isFrozen([directory]) }

    /// Holds every process still. The kernel stops them one by one, which is waited for.
    /// - Returns: false when they were held still already.
    /// - Throws: also when the directory goes meanwhile, with the last of them.
    package func freeze() throws(OperationError) -> Bool {
        guard try change(to: words.frozen) else { return false }
        try settle()
        return true
    }

    /// - Returns: false when nobody held them still.
    package func thaw() throws(OperationError) -> Bool { try change(to: words.thawed) }

    private func change(to word: String) throws(OperationError) -> Bool {
        let lock = try open()
        try lock.lock(named: directory)
        defer { withExtendedLifetime(lock) {} }
        guard isFrozen != (word == words.frozen) else { return false }
        try Files.set(file, to: word)
        return true
    }

    private func open() throws(OperationError) -> Descriptor {
        try Descriptor.open(directory, O_RDONLY | O_DIRECTORY, as: "open cgroup")
    }

    private func settle() throws(OperationError) {
        let deadline = Deadline(seconds: 5)
        while try !hasSettled() {
            guard deadline.millisecondsLeft > 0 else {
                try? Files.set(file, to: words.thawed)
                throw OperationError("pause container", directory, errno: ETIMEDOUT)
            }
            usleep(500)
        }
    }

    private func hasSettled() throws(OperationError) -> Bool {
        if words.frozen == "FROZEN" { return Files.line(file) == words.frozen }
        guard let events = Files.text(directory + "/cgroup.events") else {
            throw OperationError("pause container", directory, errno: ENOENT)
        }
        return events.split(separator: "\n").contains("frozen 1")
    }
}

// MARK: - Ends

extension Freezer {
    /// Lets processes that have got a signal act on it. Where `commit` holds them still, that is left to it.
    package static func letAct(_ directories: [String]) {
        guard isFrozen(directories), let freezer = Freezer(directories), let lock = try? freezer.open(),
            lock.lock(exclusive: true, until: Deadline(milliseconds: 100)) == 0
        else { return }
        try? Files.set(freezer.file, to: freezer.words.thawed)
    }

    /// Holds the processes of a directory still that are about to be killed; it is not waited for.
    static func holdForKill(_ directory: String) {
        guard let freezer = Freezer([directory]) else { return }
        try? Files.set(freezer.file, to: freezer.words.frozen)
    }

    /// Lets processes die that were killed: version 1 holds on to them, version 2 does not.
    package static func letDie(in directory: String) {
        let file = directory + "/freezer.state"
        if Files.exists(file) { try? Files.set(file, to: "THAWED") }
    }
}

// MARK: - Holding still for a while

extension Freezer {
    /// Somebody's right to hold the processes still. A copy of this process (fork) shares it.
    package struct Hold: ~Copyable {
        package let lock: Descriptor
        private let freezer: Freezer

        fileprivate init(_ freezer: Freezer, _ lock: consuming Descriptor) {
            self.freezer = freezer
            self.lock = lock
        }

        package func freeze() throws(OperationError) {
            try Files.set(freezer.file, to: freezer.words.frozen)
            try freezer.settle()
        }

        /// - Returns: whether that is done, or there is nothing left to be thawed.
        package func thaw() -> Bool {
            (try? Files.set(freezer.file, to: freezer.words.thawed)) != nil || !Files.exists(freezer.file)
        }

        /// Copies of this process have no right to it any more, either.
        package func release() { lock.unlock() }
    }

    /// Waits for whoever holds them still already.
    /// - Returns: nil when somebody has paused them, which is for that one to end.
    package func hold() throws(OperationError) -> Hold? {
        let lock = try open()
        try lock.lock(named: directory)
        return isFrozen ? nil : Hold(self, lock)
    }

    /// Whether somebody has paused them. What is only held still for a while is waited for.
    package static func isPaused(_ directories: [String]) -> Bool {
        while isFrozen(directories) {
            guard let freezer = Freezer(directories), let lock = try? freezer.open() else { return false }
            let failure = lock.lock(exclusive: false, until: Deadline(milliseconds: 20))
            // Else whoever has it thaws them.
            if failure != EWOULDBLOCK, freezer.isFrozen { return true }
        }
        return false
    }
}
