import CLinux
import Core
import Glibc

package struct TerminalSize: Equatable, Sendable {
    package var rows: UInt16
    package var columns: UInt16

    package init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }
}

package enum Terminal {
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// A terminal that can be opened anew: opening a multiplexer would make another one (pts(4)).
    package static func isSlave(_ descriptor: Int32) -> Bool {
        var status = stat()
        return isTerminal(descriptor) && fstat(descriptor, &status) == 0 && status.st_rdev != 5 << 8 | 2
    }

    /// How much can be shown: what is nobody's terminal, or does not say, has 80 columns and 24 rows.
    package static func room(of descriptor: Int32) -> (columns: Int, rows: Int) {
        let size = size(of: descriptor)
        let (columns, rows) = (Int(size?.columns ?? 0), Int(size?.rows ?? 0))
        return (columns == 0 ? 80 : max(columns, 20), rows == 0 ? 24 : rows)
    }

    /// Nil when `descriptor` is no terminal.
    package static func size(of descriptor: Int32) -> TerminalSize? {
        var rows: UInt16 = 0
        var columns: UInt16 = 0
        guard clinux_terminal_size(descriptor, &rows, &columns) == 0 else { return nil }
        return TerminalSize(rows: rows, columns: columns)
    }

    package static func setSize(_ size: TerminalSize, of descriptor: borrowing Descriptor) {
        _ = clinux_set_terminal_size(descriptor.number, size.rows, size.columns)
    }
}

/// A terminal in raw mode (cfmakeraw(3)) until this value goes.
package struct RawTerminal: ~Copyable {
    private let descriptor: Int32
    private var saved: termios

    /// Nil when `descriptor` is no terminal.
    package init?(_ descriptor: Int32) {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else { return nil }
        self.descriptor = descriptor
        saved = settings
        cfmakeraw(&settings)
        tcsetattr(descriptor, TCSANOW, &settings)
    }

    deinit {
        var settings = saved
        tcsetattr(descriptor, TCSANOW, &settings)
    }

    /// Another process restores it.
    package consuming func disown() { discard self }

    /// Does the same in another process, which need not have the descriptor, unless somebody has set the terminal otherwise by
    /// then: a shell that comes back to it.
    package var restoration: (() -> Void)? {
        guard let name = ttyname(descriptor) else { return nil }
        let path = String(kernel: name)
        return { [saved] in
            guard let terminal = try? Descriptor.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK) else { return }
            var settings = termios()
            var raw = saved
            cfmakeraw(&raw)
            guard tcgetattr(terminal.number, &settings) == 0, settings.c_lflag == raw.c_lflag,
                settings.c_iflag == raw.c_iflag, settings.c_oflag == raw.c_oflag
            else { return }
            // It is not in the foreground of that terminal.
            signal(SIGTTOU, SIG_IGN)
            settings = saved
            tcsetattr(terminal.number, TCSANOW, &settings)
        }
    }
}
