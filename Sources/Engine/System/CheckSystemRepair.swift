import Containers
import Core
import Glibc
import IPAM
import Images
import Lifecycle
import Linux
import Networking
import Records

extension Engine {
    /// Does something about each finding, and goes on past failures.
    func repair(_ findings: [SystemFinding]) -> [OperationError] {
        var failures: [OperationError] = []
        func attempt(_ body: () throws(OperationError) -> Void) {
            do throws(OperationError) { try body() } catch { failures.append(error) }
        }
        // A lock that nobody of us holds makes its container look alive.
        for finding in findings { attempt { () throws(OperationError) in try abandonLock(finding.remedy) } }
        for id in (try? containerStore.runtimeIDs()) ?? [] where !containerStore.isHeld(id) {
            attempt { () throws(OperationError) in try host.reclaim(id) }
        }
        for finding in findings { attempt { () throws(OperationError) in try repair(finding.remedy) } }
        attempt { () throws(OperationError) in try repairBridges(findings) }
        return failures
    }

    private func abandonLock(_ remedy: SystemRemedy) throws(OperationError) {
        // Whoever waits for it sees that the file has gone, and takes the new one.
        if case .abandonLock(let path) = remedy { try Files.remove(path) }
    }

    private func repair(_ remedy: SystemRemedy) throws(OperationError) {
        switch remedy {
        case .none, .bridge, .abandonLock: return
        case .reclaim(let id): try host.reclaim(id)
        case .removeContainer(let id):
            guard !containerStore.isHeld(id), !Files.exists(layout.definition(id)) else { return }
            try containerStore.remove(id, name: nil, isOwn: false)
        case .releaseName(let name, let id): try containerStore.names.release(name, of: id)
        case .reserveName(let name, let id):
            guard Files.exists(layout.definition(id)), try containerStore.names.reserve(name, for: id) else { return }
        case .releaseLease(let network, let address, let owner):
            if let owner {
                try host.release([address], from: network, of: owner)
            } else {
                try host.releaseOrphans(of: network)
            }
        case .reserveLease(let network, let address, let id): try reserve(address, from: network, for: id)
        case .openPool(let network): try host.releaseOrphans(of: network)
        case .removeCgroup(let path): try CgroupDirectories.removeLeftOver(path)
        case .unmount(let path, let thenRemove):
            try Mounts.detach(path)
            if thenRemove { try Files.remove(path) }
        case .removeFile(let path): try Files.remove(path)
        case .removeNetworkRuntime(let key): try removeRuntime(ofNetwork: key)
        case .releaseNetworkName(let name, let id): try releaseNetworkName(name, id)
        case .reserveNetworkName(let network): try reserveName(of: network)
        case .endScope(let name): try endDeadScope(name)
        case .clearWorkspaces: try imageStore.clearWorkspaces()
        case .removeUnfinishedVolumes:
            try volumeStore.holding { () throws(OperationError) in try volumeStore.removeUnfinished() }
        case .settleVolume(let name): try host.settleVolume(name)
        }
    }

    private func reserve(
        _ address: IPAddress, from network: NetworkDefinition, for id: ContainerID
    ) throws(OperationError) {
        // Its run gives it back; one that has ended meanwhile did so already.
        guard let state = try containerStore.state(id), state.isRunning else { return }
        _ = try host.lease(from: network, for: id, requested: address)
    }

    private func removeRuntime(ofNetwork key: String) throws(OperationError) {
        try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            guard try networkStore.definition(at: key) == nil else { return }
            try Files.removeTree(layout.networkRuntime(key))
        }
    }

    private func releaseNetworkName(_ name: Name, _ id: ContainerID) throws(OperationError) {
        try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            guard try networkStore.definition(at: id.hex)?.name != name else { return }
            try networkStore.names.release(name, of: id)
        }
    }

    private func reserveName(of network: NetworkDefinition) throws(OperationError) {
        try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            guard try networkStore.isDefined(network) else { return }
            _ = try networkStore.names.reserve(network.name, for: network.id)
        }
    }

    private func repairBridges(_ findings: [SystemFinding]) throws(OperationError) {
        let remedies = findings.compactMap { finding in
            if case .bridge(let found) = finding.remedy { found } else { nil }
        }
        let ownerless = remedies.filter { !$0.isLack }
        if !ownerless.isEmpty {
            // What was ownerless may have been made to belong to a network since.
            try FileLock.holding(layout.registryLock) { () throws(OperationError) in
                let now = try audit().findings
                try bridges.clear(ownerless.filter { found in now.contains { $0.remedy == .bridge(found) } })
            }
        }
        guard remedies.contains(where: \.isLack) else { return }
        let established = try audit().establishedNetworks.map(\.name.text)
        if !established.isEmpty, let failure = try reloadNetworks(established).failures.first { throw failure }
    }
}
