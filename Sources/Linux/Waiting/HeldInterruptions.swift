import Core
import Glibc

/// Has the signals that ask a command to end wait as long as this value is there: who works meanwhile looks for them
/// (`Interruption.check`), and takes away what is not whole. One that comes too late for that ends the command afterwards.
///
/// What the caller wants to have no effect stays without (a signal that is blocked is not ignored any more: `sig_ignored` in
/// kernel/signal.c).
package struct HeldInterruptions: ~Copyable {
    private let before: sigset_t

    package init() {
        var (held, before) = (sigset_t(), sigset_t())
        sigemptyset(&held)
        for signal in Interruption.heeded { sigaddset(&held, signal) }
        sigprocmask(SIG_BLOCK, &held, &before)
        self.before = before
    }

    deinit {
        var mask = before
        sigprocmask(SIG_SETMASK, &mask, nil)
    }
}
