import Core
import Glibc
import Netlink

/// Why the kernel has no way for a packet.
enum RoutingRefusal {
    /// - Returns: nil of what is none.
    static func text(_ errno: Int32?, _ packet: TracedPacket) -> String? {
        let way = "from \(packet.source) to \(packet.destination)"
        return switch errno {
        case EXDEV: "routing drops a source that is not behind that link (rp_filter)"
        case EINVAL where isMartian(packet): "routing drops addresses that cannot be there (a martian)"
        case EINVAL: "a routing rule or a route drops what is \(way) (blackhole)"
        case EACCES: "a routing rule or a route prohibits what is \(way) (prohibit)"
        case ENETUNREACH, EHOSTUNREACH: "no route leads \(way), or one or a routing rule says unreachable"
        default: nil
        }
    }

    private static func isMartian(_ packet: TracedPacket) -> Bool {
        [packet.source, packet.destination].contains { $0.isLoopback || $0.isUnspecified }
    }
}
