import CLinux
import Core

/// The words that this process was started with.
package enum CommandWords {
    /// What was typed. To be read before `ProcessTitle` writes over it.
    package static var all: [String] { (0..<clinux_argument_count()).map { String(kernel: clinux_argument($0)) } }
}

/// What `ps` and /proc/PID/cmdline show, which every user may read: never the words themselves, as values of `-e` and
/// labels are among them. Copies of the process (fork, clone) begin with the same title.
package enum ProcessTitle {
    /// Cut to the room that the words took.
    package static func set(_ title: String) { clinux_set_title(title) }
}
