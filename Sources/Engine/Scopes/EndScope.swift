import Core
import Glibc
import Images
import Linux
import Records

extension Engine {
    /// Makes what every command needs that changes something, and ends the scopes that nobody else ends any more.
    func prepare() throws(OperationError) {
        try host.prepare()
        guard endsDeadScopes else { return }
        for text in (try? Files.names(in: layout.scopes)) ?? [] {
            guard let name = Name(text) else { continue }
            do throws(OperationError) { try endDeadScope(name) } catch { warn(error.description) }
        }
    }

    func endDeadScope(_ name: Name) throws(OperationError) {
        // One that is just beginning has its directory before it has its lock.
        let lock = try FileLock.holding(layout.scopesLock) { () throws(OperationError) in
            try FileLock.tryAcquire(layout.scopeLock(name), creating: true, until: Deadline(milliseconds: 0))
        }
        guard let lock else { return }
        // Whoever comes by has something else to do.
        try endScope(name, within: 1)
        lock.release()
    }

    /// Removes all that belongs to a scope, and the scope. To be called by whoever has its lock.
    /// - Parameter seconds: how long commands in it may go on.
    func endScope(_ name: Name, within seconds: Int64) throws(OperationError) {
        // From here on no command joins it.
        _ = try Descriptor.open(layout.scopeEnding(name), O_RDWR | O_CREAT)
        let engine = Engine(host, nil, endsDeadScopes: false)
        let end = Deadline(seconds: seconds)
        while true {
            let failures = engine.removeMembers(of: name)
            let members = try FileLock.tryAcquire(
                layout.scopeMembers(name), creating: true, until: Deadline(milliseconds: 100))
            if let members {
                let failures = engine.removeMembers(of: name)
                guard failures.isEmpty else { throw failures[0] }
                try forgetScope(name)
                return members.release()
            }
            try Interruption.check("end scope", name.text)
            if end.millisecondsLeft == 0 { throw failures.first ?? busy(name) }
        }
    }

    private func forgetScope(_ name: Name) throws(OperationError) {
        try FileLock.holding(layout.scopesLock) { () throws(OperationError) in
            try Files.removeTree(layout.scope(name))
            try FaultPoint.pass("remove", layout.scopes)
            // Unless there are others. Whoever waits for this lock sees that its file has gone, and takes another one.
            if Files.removeEmptyDirectory(layout.scopes) { try Files.remove(layout.scopesLock) }
        }
    }

    private func busy(_ name: Name) -> OperationError {
        OperationError(
            "end scope", name.text, reason: "a command in it does not end",
            remedy: "end it, and call any command again",
            kind: .timedOut)
    }

    /// Goes on past errors: what is left stays the scope's, for the next command.
    private func removeMembers(of name: Name) -> [OperationError] {
        var failures: [OperationError] = []
        func attempt(_ step: () throws(OperationError) -> Void) {
            do throws(OperationError) { try step() } catch { if error.kind != .notFound { failures.append(error) } }
        }
        attempt { () throws(OperationError) in
            let containers = try scopedContainers(name)
            _ = killAll(containers)
            for id in containers { attempt { () throws(OperationError) in try remove(id, force: true, volumes: true) } }
        }
        attempt { () throws(OperationError) in
            let volumes = try volumeStore.all()
            failures += volumes.failures
            for volume in volumes.definitions where volume.labels[Scope.label] == name.text {
                attempt { () throws(OperationError) in try removeVolume(volume.name.text, force: false) }
            }
        }
        attempt { () throws(OperationError) in
            let networks = try networkStore.all()
            failures += networks.failures
            for network in networks.definitions where network.labels[Scope.label] == name.text {
                attempt { () throws(OperationError) in try removeNetwork(network.id.hex) }
            }
        }
        attempt { () throws(OperationError) in
            try imageStore.keepUsed(of: name.text, by: user(of:))
            for image in try imageStore.names(in: name.text) {
                attempt { () throws(OperationError) in _ = try removeImage(image, force: true) }
            }
        }
        return failures
    }

    /// A record that cannot be read says of no scope that the container is its member.
    private func scopedContainers(_ name: Name) throws(OperationError) -> [String] {
        try containerStore.ids().filter { id in
            let definition = (try? containerStore.definition(id)) ?? nil
            return definition?.labels[Scope.label] == name.text
        }.map(\.hex)
    }
}
