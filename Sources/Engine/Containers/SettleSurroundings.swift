import Core
import Lifecycle
import Linux
import Networking
import Records

/// What a container has of others and of this host, and what does not go together with it. The sentences are Docker's.
extension Engine {
    func settleSurroundings(
        _ request: RunRequest, _ definition: inout ContainerDefinition
    ) throws(OperationError) {
        definition.namespaces = try request.namespaces.map { name throws(OperationError) in
            try containerStore.find(name)
        }
        definition.names = request.names
        definition.names.links = try links(request, definition.networkMode)
        definition.kernel = request.kernel
        definition.groupsAdded = request.groupsAdded
        try checkPIDFile(request.pidFile, cidFile: request.cidFile)
        definition.pidFile = request.pidFile
        try checkNames(request, definition)
        try definition.checkSysctls()
        try settleHostname(request, &definition)
    }

    /// It is replaced whenever the program begins: so nothing but a file may be there.
    func checkPIDFile(_ path: String?, cidFile: String?) throws(OperationError) {
        guard let path else { return }
        if path == cidFile { throw conflict("the pid file and the container ID file") }
        if let status = Files.status(path, followLinks: false), !status.isRegular {
            throw OperationError(
                "write pid file", path, reason: "something else than a regular file is there",
                remedy: "name a file that is not there", kind: .conflict)
        }
    }

    private func settleHostname(
        _ request: RunRequest, _ definition: inout ContainerDefinition
    ) throws(OperationError) {
        if case .container(let id) = definition.networkMode {
            guard let other = try containerStore.definition(id) else { throw OperationError.noContainer(id.hex) }
            definition.hostname = other.hostname
            definition.names.domain = other.names.domain
        } else if request.hostname == nil, definition.networkMode == .host || definition.namespaces.uts == .host {
            definition.hostname = hostName()
        }
    }

    private func checkNames(_ request: RunRequest, _ definition: ContainerDefinition) throws(OperationError) {
        if definition.namespaces.uts == .host {
            if request.hostname != nil { throw conflict("hostname and the UTS mode") }
            if !request.names.domain.isEmpty { throw conflict("domainname and the UTS mode") }
        }
        guard case .container = definition.networkMode else {
            try definition.checkServers { LinkNumber.find($0) != nil }
            return try checkGateway(definition)
        }
        if request.hostname != nil { throw conflict("hostname and the network mode") }
        if !request.names.domain.isEmpty { throw conflict("domainname and the network mode") }
        if !request.exposedPorts.isEmpty { throw conflict("port exposing and the container type network mode") }
        if !request.names.extraHosts.isEmpty || !request.names.hasHostsFile {
            throw conflict("custom host-to-IP mapping and the network mode")
        }
        if !(request.names.servers.isEmpty && request.names.searches.isEmpty && request.names.options.isEmpty) {
            throw conflict("dns and the network mode")
        }
    }

    private func conflict(_ what: String) -> OperationError {
        OperationError("conflicting options: \(what)", kind: .invalid)
    }

    /// Whether there is an address that `host-gateway` stands for.
    private func checkGateway(_ definition: ContainerDefinition) throws(OperationError) {
        guard definition.names.extraHosts.contains(where: { $0.address == nil }), definition.networkMode != .host else {
            return
        }
        // One that is not there yet is looked for later, and is none of the predefined ones, which have a gateway.
        let networks = try definition.networkMode.wishes.map { wish throws(OperationError) in
            try networkStore.find(wish.network.text)
        }
        if networks.contains(where: { !($0?.isInternal ?? false) }) { return }
        throw OperationError(
            "unable to derive the IP value for host-gateway",
            remedy: "use a network that is not internal, or an address",
            kind: .invalid)
    }
}

extension ContainerDefinition {
    /// A name server at a link of this host is asked from here: by the supervisor, or by a container that is in the host's network.
    /// - Parameter isThere: whether this host has a link, by its name or number.
    func checkServers(_ isThere: (String) -> Bool) throws(OperationError) {
        for server in names.servers {
            guard let link = server.link else { continue }
            guard networkMode.hasNames || networkMode == .host else {
                throw OperationError(
                    "DNS server", "\(server)",
                    reason: "it is at a link of this host, and the container asks from a network namespace of its own",
                    remedy: "use a network that you have made: for its containers it is asked from here",
                    kind: .invalid)
            }
            guard isThere(link) else {
                throw OperationError(
                    "DNS server", "\(server)", reason: "this host has no link \(JSON.quoted(link))",
                    remedy: "name one that it has: ip link", kind: .notFound)
            }
        }
    }

    /// Settings of what is the host's would be the host's.
    func checkSysctls() throws(OperationError) {
        for name in kernel.sysctls.keys.sorted() {
            switch SysctlScope(of: name) {
            case .network where networkMode == .host:
                throw OperationError("sysctl \"\(name)\" not allowed in host network namespace", kind: .invalid)
            case .ipc where namespaces.ipc == .host:
                throw OperationError("sysctl \"\(name)\" is not allowed in the hosts ipc namespace", kind: .invalid)
            case .network, .ipc: continue
            case nil: throw OperationError("sysctl '\(name)' is not allowed", kind: .invalid)
            }
        }
    }
}
