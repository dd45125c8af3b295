import CLinux
import Glibc

package enum Polling {
    /// Milliseconds without an event after which a process counts as idle.
    private static let patience: Int32 = 50

    /// Waits for one of `requests`. A process that may wait for days gives its memory back meanwhile; a busy
    /// one does not come to that.
    package static func wait(for requests: inout [pollfd], givingMemoryBack: Bool) {
        guard givingMemoryBack else {
            wait(for: &requests)
            return
        }
        if wait(for: &requests, milliseconds: patience) { _ = clinux_poll_idle(&requests, requests.count) }
    }

    /// - Returns: whether nothing happened in all that time.
    @discardableResult
    package static func wait(for requests: inout [pollfd], milliseconds: Int32 = -1) -> Bool {
        poll(&requests, nfds_t(requests.count), milliseconds) == 0
    }
}
