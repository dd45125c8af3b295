import Containers
import Core
import Glibc
import Images
import Lifecycle
import Linux
import Records

extension Engine {
    /// - Parameter reference: nil makes an image without a name.
    package func importImage(
        path: String, as reference: String?, changes: [String], message: String?, maximumSize: Int64? = nil
    ) throws(OperationError) -> String {
        try refuseTerminal(path, "import")
        try prepare()
        let budget = UnpackBudget(size: try imageSize(maximumSize))
        let name = try reference.map { text throws(OperationError) in try Reference(text) }
        let id = try leavingNothing { () throws(OperationError) in
            try inScope { _ throws(OperationError) in
                try imageStore.importArchive(
                    path, as: name, changes: changes, message: message, within: budget
                ).description
            }
        }
        host.announce(Event(.image, "import", id, ["name": reference ?? id]))
        return id
    }

    /// Nobody types an archive.
    private func refuseTerminal(_ source: String, _ command: String) throws(OperationError) {
        guard source == "-", Terminal.isTerminal(STDIN_FILENO) else { return }
        let remedy = command == "load" ? "name a file by -i, or redirect" : "name a file, or redirect"
        throw OperationError(
            "requested \(command) from stdin, but stdin is empty", remedy: remedy, kind: .invalid)
    }

    /// Bytes that an image may have unpacked.
    /// - Parameter asked: nil: as the host is configured.
    func imageSize(_ asked: Int64?) throws(OperationError) -> Int64 {
        if let asked { return asked }
        return try layout.readConfiguration().maximumImageSize ?? UnpackBudget.standardSize
    }

    /// - Parameters:
    ///   - source: an archive or directory of images, or `-` for standard input.
    ///   - maximumSize: bytes that they may have unpacked; nil: as the host is configured.
    /// - Returns: a line for each name that the archive gives an image, and each image that it gives none.
    package func loadImages(from source: String, maximumSize: Int64? = nil) throws(OperationError) -> [String] {
        try refuseTerminal(source, "load")
        try prepare()
        let budget = UnpackBudget(size: try imageSize(maximumSize))
        let images = try leavingNothing { () throws(OperationError) in
            try inScope { _ throws(OperationError) in try imageStore.load(source, within: budget) }
        }
        host.announce(
            images.map { Event(.image, "load", $0.id.description, ["name": $0.reference ?? $0.id.description]) })
        return images.map { image in image.reference.map { "Loaded image: \($0)" } ?? "Loaded image ID: \(image.id)" }
    }

    /// The images, each once with all its names, in the store's order.
    package func images() throws(OperationError) -> Listing<ImageSummary> {
        var listing = Listing<ImageSummary>(elements: [], failures: [])
        for entry in try imageStore.list(skip: { listing.failures.append($0) }) {
            let id = entry.id.description
            if let index = listing.elements.firstIndex(where: { $0.id == id }) {
                if let reference = entry.reference {
                    listing.elements[index].references.append(reference)
                    listing.elements[index].sourcesOfNames[reference] = entry.source
                }
            } else {
                let references = entry.reference.map { [$0] } ?? []
                var summary = ImageSummary(
                    id: id, references: references, created: entry.created, size: entry.size)
                summary.labels = entry.labels
                summary.sources = entry.sources
                if let reference = entry.reference { summary.sourcesOfNames[reference] = entry.source }
                listing.elements.append(summary)
            }
        }
        return listing
    }

    /// - Returns: what was done, a line each.
    package func removeImage(_ name: String, force: Bool) throws(OperationError) -> [String] {
        try prepare()
        let id = (try? imageStore.resolve(name))??.id.description ?? name
        return try announced(id) { () throws(OperationError) in
            try imageStore.remove(name, force: force, usedBy: user(of:))
        }
    }

    package func tagImage(_ name: String, as reference: String) throws(OperationError) {
        try prepare()
        _ = try image(named: name)
        try inScope { _ throws(OperationError) in try imageStore.tag(name, as: Reference(reference)) }
        if let image = (try? imageStore.resolve(reference)) ?? nil {
            host.announce(Event(.image, "tag", image.id.description, ["name": reference]))
        }
    }

    /// Tells of what `removal` has done to an image.
    /// - Parameter removal: gives the lines that Docker prints.
    func announced(
        _ id: String, _ removal: () throws(OperationError) -> [String]
    ) throws(OperationError) -> [String] {
        let lines = try removal()
        let names = lines.filter { $0.hasPrefix("Untagged: ") }.map { String($0.dropFirst("Untagged: ".utf8.count)) }
        host.announce(
            names.map { Event(.image, "untag", id, ["name": $0]) }
                + (lines.contains("Deleted: \(id)") ? [Event(.image, "delete", id, ["name": names.first ?? id])] : []))
        return lines
    }

    /// A container that is made of an image, or may be: its record cannot be read. One that runs, if any does.
    func user(of image: Digest) throws(OperationError) -> ImageUser? {
        var found: ImageUser?
        for id in try containerStore.ids() {
            do throws(OperationError) {
                guard try containerStore.definition(id)?.imageID == image.description else { continue }
                if found?.isRunning != true {
                    found = ImageUser(container: id.short, isRunning: host.isSupervised(id))
                }
            } catch {
                warn(error.description)
                if found == nil { found = ImageUser(container: id.short, isRunning: true) }
            }
        }
        return found
    }
}
