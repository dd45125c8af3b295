import Containers
import Core
import Images
import Lifecycle
import Linux
import Records

extension Engine {
    /// The containers, newest first. It takes no lock and waits for nobody.
    /// - Parameters:
    ///   - all: also those that do not run.
    ///   - sizes: count what each has on disk, too.
    ///   - external: also those of builds, which go by themselves.
    ///   - networkIDs: look up the networks of each, too.
    ///   - ancestors: images, by names or ids: look up which of them each is made of.
    package func containers(
        all: Bool, sizes: Bool = false, external: Bool = false, networkIDs: Bool = false, ancestors: [String] = []
    ) throws(OperationError) -> Listing<ContainerSummary> {
        var listing = Listing<ContainerSummary>(elements: [], failures: [])
        for id in try all ? containerStore.ids() : containerStore.runtimeIDs() {
            do throws(OperationError) {
                guard var summary = try summary(of: id), external || !summary.isBuild else { continue }
                if networkIDs { summary.networkIDs = ids(ofNetworks: summary.networks) }
                if sizes { summary.size = try size(of: id) }
                if all || summary.isRunning { listing.elements.append(summary) }
            } catch {
                listing.failures.append(error)
            }
        }
        listing.elements.sort { $0.created > $1.created }
        nameImages(of: &listing)
        if !listing.elements.isEmpty {
            for text in ancestors { try find(ancestor: text, of: &listing.elements) }
        }
        return listing
    }

    /// A name that leads elsewhere by now does not tell what a container is made of: the id stands there.
    private func nameImages(of listing: inout Listing<ContainerSummary>) {
        guard listing.elements.contains(where: { $0.imageID != nil }) else { return }
        do throws(OperationError) {
            let names = try imageStore.names()
            for index in listing.elements.indices {
                let container = listing.elements[index]
                guard let text = container.imageID, let id = Digest(text), !names.leads(container.image, to: id) else {
                    continue
                }
                listing.elements[index].image = text
            }
        } catch {
            listing.failures.append(error)
        }
    }

    /// By their images' ids, and by layers: one that has all of an image's at the bottom and others above is built on it. An image
    /// of the same layers may be a sibling.
    private func find(
        ancestor text: String, of containers: inout [ContainerSummary]
    ) throws(OperationError) {
        // What could be several images is none, as in Docker.
        guard let image = (try? imageStore.resolve(text)) ?? nil else { return }
        let (id, layers) = (image.id.description, image.layerDirectories)
        for index in containers.indices {
            let container = containers[index]
            let isBuiltOnIt =
                !layers.isEmpty && container.layers.count > layers.count
                && container.layers.suffix(layers.count).elementsEqual(layers)
            if container.imageID == id || isBuiltOnIt { containers[index].ancestors.append(text) }
        }
    }

    /// One that is gone has none, and neither has another container's.
    private func ids(ofNetworks names: [String]) -> [ContainerID] {
        names.compactMap(Name.init).compactMap { name -> ContainerID? in
            if PredefinedNetwork.names.contains(name.text) { return .ofPredefinedNetwork(name) }
            return ((try? networkStore.definition(named: name)) ?? nil)?.id
        }
    }

    private func size(of id: ContainerID) throws(OperationError) -> (own: Int64, whole: Int64) {
        let own = Files.diskUsage(below: layout.upper(id))
        let imageID = try containerStore.definition(id)?.imageID
        let image = try imageID.flatMap { id throws(OperationError) in try imageStore.resolve(id) }
        return (own, own + (image?.size ?? 0))
    }

    /// Nil when the container is gone, or was never whole.
    private func summary(of id: ContainerID) throws(OperationError) -> ContainerSummary? {
        guard let definition = try containerStore.definition(id) else { return nil }
        let (phase, state) = try host.phase(of: definition)
        guard let phase else { return nil }
        var summary = ContainerSummary(
            id: id, name: definition.name.text, image: definition.image, command: definition.arguments,
            created: definition.created, phase: phase, ports: state?.endpoints.flatMap(\.ports).sorted() ?? [],
            address: state?.endpoints.first?.addresses.first, pid: state?.pid, networks: definition.networkMode.names,
            labels: definition.labels)
        summary.openPorts = state?.endpoints.flatMap(\.openPorts) ?? []
        summary.imageID = definition.imageID
        summary.layers = definition.layers
        summary.isBuild = definition.isBuild
        summary.binds = definition.binds
        summary.volumes = definition.volumes
        summary.exposedPorts = definition.exposedPorts
        summary.health = try health(of: definition, phase)?.status
        return summary
    }
}
