import Glibc

/// The caller's umask is a wish for the caller's own files. It must not decide who may enter a container, or read its
/// `/etc/hosts`: the modes in this program are what they say.
package enum Umask {
    // Written once, before there is a second thread.
    nonisolated(unsafe) package private(set) static var ofCaller: mode_t = 0o022

    /// To be called before any file is made.
    package static func fix() { ofCaller = umask(0o022) }
}
