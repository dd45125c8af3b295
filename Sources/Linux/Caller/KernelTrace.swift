import Core
import Glibc

/// `--trace`: what is said to the kernel, and what the kernel says, as lines on standard error.
package enum KernelTrace {
    // Written before there is a second thread, and after that to end it.
    nonisolated(unsafe) private static var isOn = false
    /// Milliseconds that a reader may take; with one that does not go on it ends.
    private static let patience: Int32 = 1000

    package static func begin() { isOn = true }

    /// - Parameter lines: nothing is computed where nobody wants to know.
    @inline(__always)
    package static func write(_ lines: @autoclosure () -> [String]) {
        if isOn { show(lines()) }
    }

    private static func show(_ lines: [String]) {
        var rest = Array(lines.map { TerminalText.escaped($0) + "\n" }.joined().utf8)[...]
        while isOn, !rest.isEmpty {
            var request = [pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)]
            let isReady = !Polling.wait(for: &request, milliseconds: patience)
            let count = isReady ? rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) } : 0
            isOn = count > 0
            rest = rest.dropFirst(max(0, count))
        }
    }
}
