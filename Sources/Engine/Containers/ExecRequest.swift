import Containers
import Core

/// What `exec` was asked to do.
package struct ExecRequest: Sendable {
    package var container: String
    package var arguments: [String]
    /// Where its input comes from and its output goes to.
    package var streams = CallerStreams.standard
    package var interactive = false
    package var terminal = false
    package var detached = false
    package var environment: [String] = []
    package var workingDirectory: String?
    package var user: String?
    package var privileged = false
    /// What leaves its terminal while it goes on; nil is nothing.
    package private(set) var detachKeys: DetachKeys?

    /// - Parameter text: as the user writes them: `ctrl-p,ctrl-q`.
    package mutating func setDetachKeys(_ text: String) throws(OperationError) {
        detachKeys = try DetachKeys(parsing: text)
    }

    package init(container: String, arguments: [String]) {
        self.container = container
        self.arguments = arguments
    }
}
