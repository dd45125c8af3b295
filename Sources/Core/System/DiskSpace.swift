/// What is on disk of images, containers and volumes, for `system df`.
package struct DiskSpace: Sendable {
    package struct Image: Sendable {
        package let summary: ImageSummary
        /// Bytes that others have, too, and that it has alone.
        package let shared: Int64
        package let own: Int64
        /// How many are made of it.
        package let containers: Int

        package init(_ summary: ImageSummary, shared: Int64, own: Int64, containers: Int) {
            self.summary = summary
            self.shared = shared
            self.own = own
            self.containers = containers
        }
    }

    package struct Volume: Equatable, Sendable {
        package let name: Name
        /// How many containers have it.
        package let links: Int
        package let bytes: Int64

        package init(_ name: Name, links: Int, bytes: Int64) {
            self.name = name
            self.links = links
            self.bytes = bytes
        }
    }

    /// One line of the short form.
    package struct Part: Equatable, Sendable {
        package let total: Int
        package let active: Int
        /// Bytes: all, and those that nobody uses.
        package let bytes: Int64
        package let reclaimable: Int64

        package init(total: Int, active: Int, bytes: Int64, reclaimable: Int64) {
            self.total = total
            self.active = active
            self.bytes = bytes
            self.reclaimable = reclaimable
        }
    }

    package let images: [Image]
    /// Of all layers, each once, and of those that are in no image that is used.
    package let layers: (bytes: Int64, unused: Int64)
    package let containers: [ContainerSummary]
    package let volumes: [Volume]
    /// Steps of builds that are kept, and bytes of theirs that are in no image.
    package var kept: (steps: Int, bytes: Int64) = (0, 0)

    package init(
        images: [Image], layers: (bytes: Int64, unused: Int64), containers: [ContainerSummary], volumes: [Volume] = []
    ) {
        self.images = images
        self.layers = layers
        self.containers = containers
        self.volumes = volumes
    }

    package var volumePart: Part {
        let idle = volumes.filter { $0.links == 0 }
        func bytes(_ volumes: [Volume]) -> Int64 { volumes.reduce(0) { $0 + $1.bytes } }
        return Part(
            total: volumes.count, active: volumes.count - idle.count, bytes: bytes(volumes), reclaimable: bytes(idle))
    }

    package var cachePart: Part {
        Part(total: kept.steps, active: 0, bytes: kept.bytes, reclaimable: kept.bytes)
    }

    package var imagePart: Part {
        Part(
            total: images.count, active: images.count { $0.containers > 0 }, bytes: layers.bytes,
            reclaimable: layers.unused)
    }

    package var containerPart: Part {
        let idle = containers.filter { !$0.isRunning }
        func bytes(_ containers: [ContainerSummary]) -> Int64 { containers.reduce(0) { $0 + ($1.size?.own ?? 0) } }
        return Part(
            total: containers.count, active: containers.count - idle.count, bytes: bytes(containers),
            reclaimable: bytes(idle))
    }
}
