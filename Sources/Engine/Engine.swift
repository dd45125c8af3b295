import Containers
import Core
import Glibc
import Images
import Linux
import Networking
import Store

/// What mydocker can do. Each use case has a file of its own; this value only knows where things are.
package struct Engine: Sendable {
    let layout: Layout
    let containerStore: ContainerStore
    let networkStore: NetworkStore
    let imageStore: ImageStore
    let driver: BridgeDriver
    /// Gets what went wrong without stopping a command.
    let warn: @Sendable (String) -> Void

    package init(layout: Layout = .standard, warn: @escaping @Sendable (String) -> Void = Engine.warnOnStandardError) {
        self.layout = layout
        containerStore = ContainerStore(layout)
        networkStore = NetworkStore(layout)
        imageStore = ImageStore(root: layout.images)
        driver = BridgeDriver()
        self.warn = warn
    }

    /// What is shown of a warning.
    package static func warningLine(_ text: String) -> String {
        TerminalText.escaped("mydocker: warning: \(text.escapingForeignBytes)") + "\n"
    }

    /// One line on standard error, unless nobody takes it: a supervisor must not wait for whoever has stopped reading.
    package static let warnOnStandardError: @Sendable (String) -> Void = { text in
        var request = [pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)]
        if Polling.wait(for: &request, milliseconds: 100) { return }
        let line = Array(warningLine(text).utf8)
        line.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
    }
}
