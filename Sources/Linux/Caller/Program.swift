import Core

/// What this process was called as: the name in front of its messages, and whose reading holds where the two differ.
package enum Program: String, Sendable {
    case mydocker, docker

    /// By the first word of the command line, so to be asked for before `ProcessTitle` writes over it.
    package static let current = Program(calledAs: CommandWords.all.first ?? "")

    /// - Parameter word: a name, or a path to a link of that name.
    package init(calledAs word: String) {
        self = word.split(separator: "/").last == "docker" ? .docker : .mydocker
    }

    package var name: String { rawValue }
}
