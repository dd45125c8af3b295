import Core
import Glibc
import Linux

/// There is one builder, `default`: this program. Scripts make others and remove them again: further names of it.
extension ImageStore {
    package static let defaultBuilder = "default"

    private func path(ofBuilder name: String) -> String { "\(layout.builders)/\(name)" }

    /// A letter first, then digits and `._-+`, too.
    package static func checkBuilder(_ name: String) throws(OperationError) {
        let isValid =
            (1...128).contains(name.utf8.count) && name.utf8.first?.isASCIILetter == true
            && name.utf8.allSatisfy { $0.isDigit || $0.isASCIILetter || "._-+".utf8.contains($0) }
        guard isValid else { throw OperationError("invalid builder name \(JSON.quoted(name))", kind: .invalid) }
    }

    /// All names, the builder's own first.
    package func builders() throws(OperationError) -> [String] {
        [Self.defaultBuilder] + (try Files.names(in: layout.builders).filter { $0 != Self.defaultBuilder }.sorted())
    }

    /// - Throws: when it has that name.
    package func addBuilder(_ name: String) throws(OperationError) {
        try Self.checkBuilder(name)
        guard name != Self.defaultBuilder else { throw Self.exists(name) }
        try layout.create()
        try Files.makeDirectory(layout.builders)
        do throws(OperationError) { try Files.create(path(ofBuilder: name), []) } catch {
            throw error.errno == EEXIST ? Self.exists(name) : error
        }
    }

    private static func exists(_ name: String) -> OperationError {
        OperationError("existing instance for \(JSON.quoted(name))", remedy: "choose another name", kind: .conflict)
    }

    package func removeBuilder(_ name: String) throws(OperationError) {
        try Self.checkBuilder(name)
        guard name != Self.defaultBuilder else {
            throw OperationError("context builder cannot be removed", kind: .invalid)
        }
        guard Files.exists(path(ofBuilder: name)) else { throw Self.noBuilder(name) }
        try Files.remove(path(ofBuilder: name))
    }

    package static func noBuilder(_ name: String) -> OperationError {
        OperationError("no builder \(JSON.quoted(name)) found", kind: .notFound)
    }
}
