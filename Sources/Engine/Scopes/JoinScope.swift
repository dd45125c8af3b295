import Core
import Glibc
import Linux
import Records

extension Engine {
    /// Makes something in the scope that the environment names, if there is one: that does not end without it.
    /// - Parameter body: gets the labels of what it makes.
    /// - Throws: when the scope has ended: what is made for it would stay for ever.
    func inScope<Result>(
        _ body: (_ labels: [String: String]) throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        guard let scope else { return try body([:]) }
        let name = try Scope.name(scope)
        // Supervisors that are made meanwhile have the lock too, and keep it: the scope ends once they have ended.
        return try withExtendedLifetime(try join(name)) { _ throws(OperationError) in
            try body([Scope.label: name.text])
        }
    }

    private func join(_ name: Name) throws(OperationError) -> Descriptor {
        let members: Descriptor
        do throws(OperationError) {
            members = try Descriptor.open(layout.scopeMembers(name), O_RDONLY)
        } catch {
            throw error.errno == ENOENT ? ended(name) : error
        }
        // First this lock and then the mark: whoever ends the scope does it the other way round.
        try members.lock(named: layout.scopeMembers(name), exclusive: false)
        let isAnothers = FileLock.isReplaced(members, at: layout.scopeMembers(name))
        guard !isAnothers, FileLock.isHeld(layout.scopeLock(name)), !Files.exists(layout.scopeEnding(name)) else {
            throw ended(name)
        }
        return members
    }

    private func ended(_ name: Name) -> OperationError {
        OperationError(
            "scope \(name) has ended", remedy: "unset \(Scope.variable) to work outside of it", kind: .conflict)
    }
}
