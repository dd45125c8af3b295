import CLinux
import Glibc

package enum Polling {
    /// Milliseconds without an event after which a process counts as idle.
    private static let patience: Int32 = 50

    /// Waits for one of `requests`. A process that may wait for days gives its memory back meanwhile; a busy
    /// one does not come to that.
    /// - Parameter milliseconds: negative waits for ever.
    package static func wait(for requests: inout [pollfd], milliseconds: Int32, givingMemoryBack: Bool) {
        guard givingMemoryBack, milliseconds < 0 || milliseconds > 20 * patience else {
            wait(for: &requests, milliseconds: milliseconds)
            return
        }
        guard wait(for: &requests, milliseconds: patience) else { return }
        _ = clinux_poll_idle(&requests, requests.count, milliseconds < 0 ? -1 : milliseconds - patience)
    }

    /// - Parameters:
    ///   - events: of poll(2).
    ///   - milliseconds: negative waits for ever.
    /// - Returns: whether it was ready in time.
    package static func wait(
        for descriptor: borrowing Descriptor, _ events: Int32, milliseconds: Int32
    ) -> Bool {
        let deadline = milliseconds < 0 ? nil : Deadline(milliseconds: Int64(milliseconds))
        var request = pollfd(fd: descriptor.number, events: Int16(events), revents: 0)
        while true {
            let result = poll(&request, 1, deadline?.millisecondsLeft ?? -1)
            if result >= 0 || errno != EINTR { return result > 0 }
        }
    }

    /// - Returns: whether nothing happened in all that time.
    @discardableResult
    package static func wait(for requests: inout [pollfd], milliseconds: Int32 = -1) -> Bool {
        poll(&requests, nfds_t(requests.count), milliseconds) == 0
    }
}
