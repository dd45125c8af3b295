import Core
import Glibc

/// A terminal that does not show what is typed, until this value goes. Signals wait meanwhile, as the end by one would leave it
/// like that.
package struct HiddenInput: ~Copyable {
    private let descriptor: Int32
    private let saved: termios
    private let mask: sigset_t

    /// Nil when `descriptor` is no terminal.
    package init?(_ descriptor: Int32) {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else { return nil }
        self.descriptor = descriptor
        saved = settings
        var ending = sigset_t()
        var before = sigset_t()
        sigemptyset(&ending)
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] { sigaddset(&ending, signal) }
        sigprocmask(SIG_BLOCK, &ending, &before)
        mask = before
        settings.c_lflag &= ~tcflag_t(ECHO)
        settings.c_lflag |= tcflag_t(ECHONL)
        tcsetattr(descriptor, TCSAFLUSH, &settings)
    }

    deinit {
        var settings = saved
        tcsetattr(descriptor, TCSAFLUSH, &settings)
        var before = mask
        sigprocmask(SIG_SETMASK, &before, nil)
    }

    /// A line, without its end.
    package func line() throws(OperationError) -> String {
        let terminal = try Descriptor.standard(descriptor)
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 4096 {
            try Interruption.check("read", "password")
            guard Polling.wait(for: terminal, Int32(POLLIN), milliseconds: 100) else { continue }
            guard read(terminal.number, &byte, 1) == 1, byte != 0x0a else { break }
            bytes.append(byte)
        }
        return String(kernel: bytes)
    }
}
