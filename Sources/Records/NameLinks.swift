import Core
import Glibc
import Linux

/// The names of one kind of thing: a symbolic link for each, to the id of the one that has it. So a name is taken and found in one
/// step, and by one of many.
package struct NameLinks: Sendable {
    private let directory: String

    init(_ directory: String) { self.directory = directory }

    private func path(_ name: Name) -> String { "\(directory)/\(name)" }

    /// - Returns: false when the name is taken.
    package func reserve(_ name: Name, for id: ContainerID) throws(OperationError) -> Bool {
        try Files.makeSymbolicLink(path(name), to: id.compact)
    }

    /// Links that were made before have all digits in them.
    package func owner(of name: Name) -> ContainerID? {
        Files.link(path(name)).flatMap { ContainerID.ofCompact($0) ?? ContainerID($0) }
    }

    package func release(_ name: Name, of id: ContainerID) throws(OperationError) {
        try holding { () throws(OperationError) in
            if owner(of: name) == id { try remove(name) }
        }
    }

    /// Every name with its owner, in no order.
    package func all() throws(OperationError) -> [(name: Name, owner: ContainerID)] {
        try Files.names(in: directory).compactMap { text in
            guard let name = Name(text), let owner = owner(of: name) else { return nil }
            return (name, owner)
        }
    }

    /// One at a time: between a look at a name and its removal nobody else may make room for another one of that name.
    func holding<Result>(_ body: () throws(OperationError) -> Result) throws(OperationError) -> Result {
        let names = try FileLock.acquireDirectory(directory)
        defer { withExtendedLifetime(names) {} }
        return try body()
    }

    /// The lock must be held.
    func remove(_ name: Name) throws(OperationError) { try Files.remove(path(name)) }
}
