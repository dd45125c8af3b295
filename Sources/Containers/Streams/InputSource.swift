import Core
import Glibc
import Linux

/// The caller's standard input. It is read without ever waiting for it, and without a change to the open file that the
/// caller shares with us, but for its offset in the end.
///
/// It never becomes the program's own: an open file of the host's is a way to its name, to its mode, and to writing it.
final class InputSource {
    enum Kind {
        /// Copied by tee(2), so that what the program does not want stays in there.
        case pipe
        /// A file or block device.
        case seekable
        case socket
        case other
    }

    /// To be polled.
    let number: Int32
    let kind: Kind
    /// Opened anew, because O_NONBLOCK on the caller's own would be the caller's too.
    private let reopened = DescriptorSet()
    /// Bytes read so far.
    private var count = 0
    private let start: off_t

    init(_ caller: Int32) {
        var number = caller
        start = lseek(caller, 0, SEEK_CUR)
        switch Files.kind(of: caller) {
        case S_IFREG, S_IFBLK: kind = start >= 0 ? .seekable : .other
        case S_IFSOCK: kind = .socket
        case S_IFIFO: kind = .pipe
        case S_IFCHR where Terminal.isSlave(caller):
            kind = .other
            let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
            if let own = try? Descriptor.open("/proc/self/fd/\(caller)", flags) { number = reopened.insert(own) }
        default: kind = .other
        }
        self.number = number
    }

    /// Whether what the program leaves can be left to whoever reads there next.
    static func canLeaveRest(of caller: Int32) -> Bool {
        let kind = Files.kind(of: caller)
        return kind == S_IFIFO || (kind == S_IFREG || kind == S_IFBLK) && lseek(caller, 0, SEEK_CUR) >= 0
    }

    /// - Returns: how many bytes, 0 at the end, or -errno.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let result: Int
        switch kind {
        case .seekable: result = pread(number, buffer.baseAddress, buffer.count, start + off_t(count))
        case .socket: return UnblockedTransfer.receive(number, into: buffer)
        case .pipe, .other: result = Glibc.read(number, buffer.baseAddress, buffer.count)
        }
        if result < 0 { return -Int(errno) }
        count += result
        return result
    }

    /// Puts the caller's offset behind what has been used of the file.
    func settle(unused: Int) {
        if kind == .seekable, count > unused { lseek(number, off_t(count - unused), SEEK_CUR) }
    }
}
