import Glibc

/// Waits for the end of a process.
package final class ProcessWatch: EventSource {
    private let number: Int32
    package private(set) var hasEnded = false
    /// Called once, before other parts get to know what came together with the end.
    package var onEnd: () -> Void = {}

    /// - Parameter process: stays open for as long as this value is used.
    package init(_ process: borrowing ProcessDescriptor) { number = process.descriptor.number }

    package func watch(_ requests: inout [pollfd]) {
        requests.append(pollfd(fd: hasEnded ? -1 : number, events: Int16(POLLIN), revents: 0))
    }

    package func advance(_ events: ArraySlice<pollfd>) {
        hasEnded = true
        onEnd()
    }
}
