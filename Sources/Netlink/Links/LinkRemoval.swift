import Core
import Glibc
import Linux

/// The removal of a link of this process's network namespace, for a command whose caller waits. Nobody finds the link after some 2 ms, by
/// its name or in a list; the kernel goes on for 20 to 40 ms, for RCU and for whoever still holds it, before it answers
/// (`unregister_netdevice_many_notify` and `netdev_run_todo` in net/core/dev.c). So a copy of the command asks for that, and stays until
/// there is an answer.
extension LinkInfo {
    /// Returns when nobody finds it any more. One that is gone already is no error.
    package func remove() throws(OperationError) {
        try FaultPoint.pass("delete link", name)
        let command = getpid()
        switch try Fork.fork() {
        case .parent(let process): try awaitRemoval(by: process)
        case .child: _exit(Self.ask(index, for: command))
        }
    }

    /// The copy holds nothing of the command's: neither its locks, nor the pipes that somebody may read to their end. It ends
    /// with a command that is killed, unless the kernel is at it already.
    /// - Returns: an errno; 0 is success.
    private static func ask(_ index: Int32, for command: pid_t) -> Int32 {
        Fork.die(with: command)
        FaultPoint.disarm()
        InheritedDescriptors.close(except: [])
        ProcessTitle.set("mydocker: removal of a link")
        do throws(OperationError) {
            try InheritedDescriptors.redirectStandardStreams()
            setsid()
            var netlink = try RouteSocket()
            try netlink.deleteLink(.index(index))
            return 0
        } catch {
            return error.errno ?? EIO
        }
    }

    private func awaitRemoval(by process: pid_t) throws(OperationError) {
        while isThere {
            var status: Int32 = 0
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process, status == 0 { return }
            if ended != 0 {
                if !isThere { return }
                // Killed; or nobody is told how a child ended (SIGCHLD is ignored).
                let failure = ended < 0 ? ECHILD : status & 0x7f == 0 ? status >> 8 & 0xff : EINTR
                throw OperationError("delete link", name, errno: failure)
            }
            usleep(200)
        }
    }

    /// Asked without the lock that the kernel holds while it removes one, and by the number, which stays when somebody renames it.
    private var isThere: Bool {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        return if_indextoname(UInt32(bitPattern: index), &name) != nil || errno != ENXIO
    }
}
