import Core

/// What `scope run` begins: containers, networks, volumes and images that a script makes belong to it, and go when the script has
/// ended.
///
/// Its directory is there as long as something may be left of it. Alive means, as everywhere, that a process holds its lock:
/// the command that runs the script, or that one's guardian. Whose command is part of it is told by the environment.
package enum Scope {
    package static let variable = "MYDOCKER_SCOPE"
    /// Of containers, networks and volumes.
    static let label = "mydocker.scope"

    /// What a container, network or volume is to have as its own labels: none that makes it a member.
    static func check(_ labels: [String: String]) throws(OperationError) {
        guard labels[label] == nil else {
            throw OperationError(
                "label", label, reason: "it says what goes with a scope, and is given by mydocker",
                remedy: "name another label", kind: .invalid)
        }
    }

    static func name(_ text: String) throws(OperationError) -> Name {
        guard let name = Name(text) else { throw Name.refusal(of: text, "Invalid scope") }
        return name
    }
}
