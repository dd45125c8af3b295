import Core
import Glibc
import Linux

/// Finds out which program has a port, for an error message.
enum PortOwner {
    /// `nginx, pid 123`; nil when it cannot be told.
    static func find(_ port: UInt16, _ transport: TransportProtocol) -> String? {
        let sockets = [transport.rawValue, transport.rawValue + "6"].flatMap { inodes(port, "/proc/net/" + $0) }
        guard !sockets.isEmpty else { return nil }
        let targets = Set(sockets.map { "socket:[\($0)]" })
        for name in (try? Files.names(in: "/proc")) ?? [] where name.utf8.allSatisfy(\.isDigit) {
            let descriptors = "/proc/\(name)/fd"
            for number in (try? Files.names(in: descriptors)) ?? [] {
                if let link = Files.link("\(descriptors)/\(number)"), targets.contains(link) {
                    return "\(Files.line("/proc/\(name)/comm") ?? "a program"), pid \(name)"
                }
            }
        }
        return nil
    }

    /// Inodes of the sockets on local `port`. Columns of proc(5): number, local address:port in hex, …, inode tenth.
    private static func inodes(_ port: UInt16, _ table: String) -> [Substring] {
        (Files.text(table) ?? "").split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: " ")
            guard columns.count > 9, let colon = columns[1].lastIndex(of: ":"),
                UInt16(columns[1][columns[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return columns[9]
        }
    }
}
