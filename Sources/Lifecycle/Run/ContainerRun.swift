import Containers
import Core
import Glibc
import Linux
import Networking
import Netlink
import Records

/// A container's network namespace, held by its supervisor, and an rtnetlink socket that was opened inside: whatever the program
/// does to itself, its networks are found there.
final class JoinedNamespace {
    let namespace: NetworkNamespace
    var inside: RouteSocket
    /// Where its names are asked for; nil where they are not.
    private(set) var names: NameSockets?

    /// - Parameter names: where they are asked for already.
    init(_ namespace: consuming NetworkNamespace, names: NameSockets? = nil) throws(OperationError) {
        inside = try RouteSocket(of: &namespace)
        self.namespace = namespace
        self.names = names
    }

    /// Nothing when they are there.
    func answerNames() throws(OperationError) {
        if names == nil { names = try NameSockets.open(in: namespace) }
    }
}

/// One run of one container, from the first effect to the last trace of it gone. Whoever holds this value
/// is the container's supervisor: it holds the container's lock, its ports and its streams.
///
/// A run has one round, or several when the container has a restart policy. Between two of them `rest` keeps the name,
/// the address, the ports, the log and the upper layer.
package final class ContainerRun {
    package let host: Host
    package var plan: ContainerPlan
    var state: ContainerState
    /// Nil once another process has taken over.
    var lock: Descriptor?
    /// Nil when the output is not kept.
    var log: LogWriter?
    /// Nil when nobody gets the output beside the log.
    package var forwarder: LogForwarder?
    /// Held from the first round to the end.
    var ports: PortReservation?
    /// How the last round ended.
    var exitRecord: ContainerExit?
    /// What its checks have come to; nil where there are none.
    package var health: ContainerHealth?
    var isCleared = false
    /// A process that changed its networks was killed: it may have left an address that is nowhere on record.
    var hasHalfChange = false
    /// What has happened, and is not told yet.
    var noted: [Event] = []
    /// What has been removed and is open still.
    package let removed = DescriptorSet()
    /// Of the first round's network namespace.
    var offer: NetworkNamespaceOffer?
    /// While its program runs; nil when it has the host's.
    var namespace: JoinedNamespace?
    /// That its programs have asked for.
    package let neighbours = KnownNeighbours()
    package let names = KnownNames()
    let hostServers = KnownServers()
    package let loopbackPorts = LoopbackPorts()
    /// A process is at its networks, and may reserve ports anew.
    package var networksChange = false

    /// Whether the caller's input goes to the program.
    package var readsInput: Bool { plan.definition.openStdin }
    package var user: UInt32 { plan.process.user }
    package var definition: ContainerDefinition { plan.definition }
    /// Its program has run before, in an earlier round.
    package var isRepeated: Bool { exitRecord != nil }
    /// As it is on record by now; what cannot be read is as it was.
    package var currentDefinition: ContainerDefinition {
        ((try? host.containerStore.definition(id)) ?? nil) ?? plan.definition
    }
    /// When it begins again, as that is on record by now.
    package var restart: RestartPolicy {
        // One that removes itself has none, and never gets one.
        definition.autoRemove ? definition.restart : currentDefinition.restart
    }
    var id: ContainerID { plan.definition.id }
    /// What its supervisor is called. Not by its name, which may become another one.
    package var title: String { "mydocker: supervisor of \(id.short)" }

    init(_ host: Host, _ plan: ContainerPlan, _ state: ContainerState, lock: consuming Descriptor?) {
        self.host = host
        self.plan = plan
        self.state = state
        self.lock = lock
    }

    /// Takes the container's lock and, of a new one, the name, and writes its records: from here on a dead supervisor's
    /// container can be found and cleared away by anybody.
    /// - Parameter offer: of a network namespace; nil when the container has the host's.
    package convenience init(
        _ host: Host, _ plan: ContainerPlan, _ offer: NetworkNamespaceOffer?
    ) throws(OperationError) {
        let id = plan.definition.id
        var state = ContainerState(status: .creating, supervisor: getpid(), cgroups: plan.cgroup.directories)
        state.supervise()
        var plan = plan
        var lock: Descriptor?
        switch plan.origin {
        case .new(let isNameGenerated):
            lock = Optional(try host.containerStore.takeLock(of: id))
            do throws(OperationError) {
                try host.reserveName(of: &plan.definition, isGenerated: isNameGenerated)
                try host.containerStore.create(plan.definition)
                try plan.confirmImage()
                try host.record(&state, of: plan.definition)
                try plan.onRecord()
            } catch {
                _ = try? host.containerStore.remove(id, name: plan.definition.name, isOwn: true)
                throw error
            }
        case .existing(let claim):
            lock = claim.takeLock()
            do throws(OperationError) {
                try host.record(&state, of: plan.definition)
                try host.clearOverlayMark(of: id)
            } catch {
                try? host.containerStore.removeRuntime(id)
                throw error
            }
        }
        self.init(host, plan, state, lock: lock)
        ProcessTitle.set(title)
        self.offer = offer
        if !plan.isExisting { note("create", at: plan.definition.created) }
    }
}
