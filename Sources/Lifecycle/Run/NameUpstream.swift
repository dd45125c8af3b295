import Containers
import Core
import Linux

/// A server that is asked about names which are not ours.
package struct NameUpstream {
    package let server: ServerAddress
    /// From where it is asked; nil is the host.
    let namespace: JoinedNamespace?

    /// - Parameter isStream: by TCP, which may not be there yet.
    package func connect(isStream: Bool) throws(OperationError) -> Descriptor {
        let peer = MessagePeer.internet(server.address, port: 53, isStream: isStream)
        guard let namespace else { return try MessageSocket.connect(to: peer, at: server.link).intoDescriptor() }
        return try namespace.namespace.visit { () throws(OperationError) in
            try MessageSocket.connect(to: peer).intoDescriptor()
        }
    }
}

extension ContainerRun {
    /// Those that the container was given, from inside; else the host's, which may be at its own loopback address, from here. So is one
    /// that is at a link of the host's. A container without a way to elsewhere gets none from elsewhere.
    package func nameServers() -> [NameUpstream] {
        let leadsOut = state.endpoints.contains { !$0.gateways.isEmpty }
        let own = definition.names.servers
        if own.isEmpty {
            return leadsOut ? hostServers.addresses.map { NameUpstream(server: $0, namespace: nil) } : []
        }
        // Asked by itself it would go on asking.
        return own.filter { $0.address != NameSockets.address && ($0.link == nil || leadsOut) }.map {
            NameUpstream(server: $0, namespace: $0.link == nil ? namespace : nil)
        }
    }

    /// Where it is asked; nil where it is not.
    package var nameSockets: NameSockets? { namespace?.names }
}

/// The host's servers, read anew when their file is another one, or has been changed.
final class KnownServers {
    private let path: String
    private let read: (String) -> String?
    private var known: (addresses: [ServerAddress], version: FileVersion)?

    /// - Parameter read: nil of a file that could not be read, or has no end.
    init(_ path: String = "/etc/resolv.conf", read: @escaping (String) -> String? = { Files.foreignText($0) }) {
        self.path = path
        self.read = read
    }

    /// What could not be read may be there the next time.
    var addresses: [ServerAddress] {
        let version = FileVersion(of: path)
        if let known, known.version == version { return known.addresses }
        known = nil
        guard let text = read(path) else { return [] }
        let addresses = ResolverFile.servers(text)
        if let version, version.isSettled { known = (addresses, version) }
        return addresses
    }
}
