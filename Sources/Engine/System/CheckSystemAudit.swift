import Containers
import Core
import IPAM
import Lifecycle
import Linux
import Networking
import Records

/// Compares the records with the kernel. Nothing here reads either.
struct SystemAudit: Sendable {
    let records: RecordSnapshot
    let kernel: KernelSnapshot
    private let layout: Layout

    init(_ records: RecordSnapshot, _ kernel: KernelSnapshot, layout: Layout = .standard) {
        self.records = records
        self.kernel = kernel
        self.layout = layout
    }

    /// By class, in a fixed order.
    var findings: [SystemFinding] {
        let all =
            leases + endpoints + bridges + cgroups + mounts + containers + names + networks + volumes + files + locks
            + ports
        return all.sorted { ($0.order, $0.what, $0.why) < ($1.order, $1.what, $1.why) }
    }
}

// MARK: - Networks

extension SystemAudit {
    private var leases: [SystemFinding] {
        records.leases.compactMap { network, lease in
            let owner = records.living.first(where: lease.owner.isContainer)
            let what = "\(lease.address) of network \"\(network.name)\""
            guard let owner else {
                return SystemFinding(
                    .address, what, "leased to \(lease.owner), which is no living container",
                    .releaseLease(network, lease.address, nil))
            }
            guard let container = records.containers[owner], container.isRunning, let state = container.state else {
                return nil
            }
            let isUsed = state.endpoints.contains {
                $0.networkID == network.id && $0.leases.contains(lease.address)
            }
            if isUsed { return nil }
            return SystemFinding(
                .address, what, "leased to container \(owner.short), which does not use it",
                .releaseLease(network, lease.address, owner))
        }
    }

    private var endpoints: [SystemFinding] {
        records.running.compactMap { id, endpoint in
            // Without a readable pool nothing can be said.
            guard let address = endpoint.leases.first,
                let network = records.networks.first(where: { $0.id == endpoint.networkID }),
                !records.damages.contains(where: { $0.pool == network }),
                !records.leases.contains(where: {
                    $0.network.id == network.id && $0.lease.address == address && $0.lease.owner.isContainer(id)
                })
            else { return nil }
            return SystemFinding(
                .address, "\(address) of network \"\(network.name)\"",
                "container \(id.short) has it without a lease", .reserveLease(network, address, id))
        }
    }

    private var networks: [SystemFinding] {
        guard records.knowsAllNetworks else { return [] }
        let defined = Set(records.networks.map(\.key))
        let runtimes = records.networkRuntimes.filter { !defined.contains($0) }.map { key in
            SystemFinding(
                .state, layout.networkRuntime(key), "there is no network \"\(key)\"", .removeNetworkRuntime(key))
        }
        return runtimes + networkNames
    }

    private var volumes: [SystemFinding] {
        let found = records.volumes
        let unfinished = found.unfinished.map {
            SystemFinding(.volume, $0, "its making or its removal was not done to the end", .removeUnfinishedVolumes)
        }
        let unexplained = found.unexplained.map { path in
            SystemFinding(
                .volume, path,
                "no record explains it (move it away, or take it by \(Program.current.name) volume create)", .none)
        }
        let halfCopied = found.halfCopied.map { name in
            SystemFinding(
                .volume, layout.volume(name), "an image's content was not copied to the end", .settleVolume(name))
        }
        return unfinished + unexplained + halfCopied
    }

    private var networkNames: [SystemFinding] {
        let ids = Dictionary(records.networks.map { ($0.name, $0.id) }) { first, _ in first }
        let stale = records.networkNames.filter { ids[$0.name] != $0.owner }.map { name, owner in
            SystemFinding(
                .state, layout.networkName(name), "there is no network \(owner.short) of that name",
                .releaseNetworkName(name, owner))
        }
        // Those of before there were such links are found by their names all the same.
        let lost = records.networks.filter { network in
            network.key == network.id.hex && !records.networkNames.contains { $0.name == network.name }
        }
        return stale
            + lost.map { network in
                SystemFinding(
                    .state, layout.networkName(network.name),
                    "network \(network.id.short) is called so, and the name is not its own",
                    .reserveNetworkName(network))
            }
    }

    private var ports: [SystemFinding] {
        kernel.unheldPorts.map { id, mapping in
            SystemFinding(
                .port, "\(mapping)",
                "published by container \(id.short), whose supervisor does not hold it: restart the container", .none)
        }
    }
}

// MARK: - Containers

extension SystemAudit {
    private var containers: [SystemFinding] {
        records.containers.flatMap { id, container in findings(of: id, container) }
    }

    private func findings(of id: ContainerID, _ container: RecordSnapshot.Container) -> [SystemFinding] {
        if container.isAlive { return [] }
        var findings: [SystemFinding] = []
        if container.hasRuntime {
            findings.append(
                SystemFinding(.state, layout.containerRuntime(id), "its supervisor is dead", .reclaim(id)))
        }
        if container.hasDirectory, !container.hasRecord {
            findings.append(
                SystemFinding(.state, layout.container(id), "a container without a record", .removeContainer(id)))
            findings += container.logs.map {
                SystemFinding(
                    .log, "\(layout.container(id))/\($0)", "the log of a container that does not exist",
                    .removeContainer(id))
            }
        }
        guard let definition = container.definition else { return findings }
        if !container.hasRuntime, !container.hasExit, !container.isCreated, definition.autoRemove {
            findings.append(
                SystemFinding(
                    .state, layout.container(id), "it was to be removed when it ended, and has ended", .reclaim(id)))
        } else if !records.names.contains(where: { $0.name == definition.name && $0.owner == id }) {
            findings.append(
                SystemFinding(
                    .state, layout.name(definition.name),
                    "container \(id.short) is called so, and the name is not its own",
                    .reserveName(definition.name, id)))
        }
        return findings
    }

    private var names: [SystemFinding] {
        records.names.compactMap { name, id in
            let container = records.containers[id]
            let why: String
            if let container, container.hasDirectory || container.isAlive {
                guard let definition = container.definition, definition.name != name else { return nil }
                why = "container \(id.short) is called \"\(definition.name)\""
            } else {
                why = "there is no container \(id.short)"
            }
            return SystemFinding(.state, layout.name(name), why, .releaseName(name, id))
        }
    }

    private var cgroups: [SystemFinding] {
        let living = Set(records.living.map(\.hex))
        var findings = kernel.cgroups.compactMap { path -> SystemFinding? in
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            guard !living.contains(name) else { return nil }
            return SystemFinding(.cgroup, path, "there is no living container of that name", .removeCgroup(path))
        }
        // The last container of a hierarchy takes it along.
        for parent in kernel.cgroupParents where !kernel.cgroups.contains(where: { $0.hasPrefix(parent + "/") }) {
            findings.append(SystemFinding(.cgroup, parent, "there is nothing in it", .removeCgroup(parent)))
        }
        return findings
    }
}

// MARK: - Files

extension SystemAudit {
    private var files: [SystemFinding] {
        records.damages.map { damage in
            SystemFinding(.state, damage.path, damage.why, damage.pool.map { .openPool($0) } ?? .none)
        }
            + records.temporaries.map {
                SystemFinding(.state, $0, "the program that was writing it is gone", .removeFile($0))
            }
            + records.workspaces.map {
                SystemFinding(.state, $0, "the command that was working there is gone", .clearWorkspaces)
            }
            + records.deadScopes.map {
                SystemFinding(.state, "scope \($0)", "it has ended, and not what belongs to it", .endScope($0))
            }
    }

    private var mounts: [SystemFinding] {
        kernel.mounts.compactMap { mount in
            if let finding = namespaceMount(mount) { return finding }
            guard layout.isInside(mount.point) else { return nil }
            return SystemFinding(
                .mount, mount.point, "a \(mount.type) is mounted where the host can see it",
                .unmount(mount.point, thenRemove: false))
        }
    }

    /// Namespaces are never given a name: it would keep them, and what is in them, when the container ends.
    private func namespaceMount(_ mount: KernelSnapshot.Mount) -> SystemFinding? {
        guard mount.type == "nsfs", mount.root.hasPrefix("net:") else { return nil }
        let name = mount.point.split(separator: "/").last.map(String.init) ?? ""
        // Where ip-netns(8) keeps names; other programs have places of their own, with names like ours.
        let directory = String(mount.point.dropLast(name.utf8.count + 1))
        let why: String
        if let id = kernel.namespaces[mount.root] {
            why = "it keeps the network namespace of container \(id.short)"
        } else if records.containers.keys.contains(where: { name == $0.hex || name == $0.short })
            || layout.isInside(mount.point) || (directory == "/run/netns" && name.isContainerNamespace)
        {
            why = "it keeps a network namespace, and no container that runs needs it"
        } else {
            return nil
        }
        return SystemFinding(.netns, mount.point, why, .unmount(mount.point, thenRemove: true))
    }

    private var locks: [SystemFinding] {
        kernel.lockHolders.filter { !$0.isMydocker && !$0.isRemoved }.map { holder in
            let shared = kernel.lockHolders.contains { $0.path == holder.path && $0.isMydocker }
            return SystemFinding(
                .lock, holder.path, "held by process \(holder.pid) (\(holder.program)), which is no mydocker",
                shared ? .none : .abandonLock(holder.path))
        }
    }
}

extension String {
    /// An identity, alone or behind our name.
    fileprivate var isContainerNamespace: Bool {
        let id = hasPrefix("mydocker-") ? dropFirst(9) : self[...]
        return (id.utf8.count == 64 || id.utf8.count == 12) && id.utf8.allSatisfy(\.isLowercaseHexDigit)
    }
}

extension Layout {
    /// Whether `path` lies below a directory of a container, network or image: the directories above may be mounts
    /// of the host's owner, on a disk of their own.
    fileprivate func isInside(_ path: String) -> Bool {
        let tops = [
            containers, runtimeContainers, networks, runtimeNetworks, images, names, networkNames, seccompCache,
        ]
        return tops.contains { path.hasPrefix($0 + "/") }
    }
}

extension SystemFinding {
    fileprivate var order: Int { LeakClass.allCases.firstIndex(of: leakClass) ?? 0 }
}
