import Core
import Glibc
import Linux
import Records

/// Where other containers are, as their records said when they were read last, and say still. A name is asked for again and again,
/// and each answer has to be true at that moment: a state that is written anew is another file, so what was read is true while
/// the file has its name and the processes in it live.
package final class KnownNeighbours {
    /// The one that was asked for last is the last one.
    private var known: [KnownNeighbour] = []
    /// Each has three descriptors.
    private static let most = 16

    /// None where nobody looks after the container, or it rests.
    func places(of id: ContainerID, on host: Host) -> [NeighbourPlace] {
        if let index = known.lastIndex(where: { $0.id == id }) {
            let neighbour = known.remove(at: index)
            if neighbour.isTrue {
                known.append(neighbour)
                return neighbour.places
            }
        }
        let file = try? Descriptor.open(host.layout.containerState(id), O_RDONLY | O_NONBLOCK)
        guard case .supervised(let state) = host.liveness(of: id), state.status != .restarting else { return [] }
        if let file = consume file, let neighbour = KnownNeighbour(id, state, of: file), neighbour.isTrue {
            if known.count == Self.most { known.removeFirst() }
            known.append(neighbour)
        }
        return state.endpoints.map(NeighbourPlace.init)
    }

    package func forget() { known = [] }
}

/// What an endpoint says to whoever asks for a name.
struct NeighbourPlace {
    let network: ContainerID
    let addresses: [IPAddress]
    let aliases: [NetworkAlias]

    init(_ endpoint: Endpoint) {
        (network, addresses, aliases) = (endpoint.networkID, endpoint.addresses, endpoint.aliases)
    }
}

private final class KnownNeighbour {
    let id: ContainerID
    let places: [NeighbourPlace]
    private let file: Descriptor
    private let supervisor: ProcessDescriptor
    private let program: ProcessDescriptor

    /// - Parameter file: opened before `state` was read: while that has its name, it is what was read.
    init?(_ id: ContainerID, _ state: ContainerState, of file: consuming Descriptor) {
        guard state.status == .running, let startTime = state.supervisorStartTime, let process = state.process,
            let supervisor = ProcessIdentity(pid: state.supervisor, startTime: startTime).open(),
            let program = process.open()
        else { return nil }
        self.id = id
        places = state.endpoints.map(NeighbourPlace.init)
        self.file = file
        self.supervisor = supervisor
        self.program = program
    }

    var isTrue: Bool {
        var status = stat()
        guard fstat(file.number, &status) == 0, status.st_nlink > 0 else { return false }
        return !ProcessDescriptor.hasEnded(supervisor, or: program)
    }
}
