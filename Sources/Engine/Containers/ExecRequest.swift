import Containers

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

    package init(container: String, arguments: [String]) {
        self.container = container
        self.arguments = arguments
    }
}
