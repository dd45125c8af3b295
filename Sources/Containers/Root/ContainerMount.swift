import Core

/// One mount on top of a container's image.
package struct ContainerMount: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// A detached mount, whose descriptor the caller keeps open; a directory or a file.
        case attached(descriptor: Int32, isDirectory: Bool)
        case temporary(TemporaryMount)
        /// A file of the container's own with this in it; its number among those.
        case text(String, isReadOnly: Bool, number: Int)
    }
    package var target: String
    package var kind: Kind
    /// Whether it does not matter when there is no place for it.
    package var isOptional = false

    package init(_ descriptor: Int32, at target: String, isDirectory: Bool, isOptional: Bool = false) {
        self.target = target
        kind = .attached(descriptor: descriptor, isDirectory: isDirectory)
        self.isOptional = isOptional
    }

    /// - Parameter number: 0 to 7, another one for each.
    package init(text: String, number: Int, at target: String, isReadOnly: Bool, isOptional: Bool) {
        self.target = target
        kind = .text(text, isReadOnly: isReadOnly, number: number)
        self.isOptional = isOptional
    }

    package init(_ mount: TemporaryMount) {
        target = mount.target
        kind = .temporary(mount)
    }

    /// What lies deeper comes later, so that none hides another one; else the order stays.
    package static func byDepth(_ mounts: [ContainerMount]) -> [ContainerMount] {
        var sorted: [ContainerMount] = []
        for mount in mounts {
            let depth = MountTarget.depth(mount.target)
            let place = sorted.lastIndex { MountTarget.depth($0.target) <= depth }
            sorted.insert(mount, at: place.map { $0 + 1 } ?? 0)
        }
        return sorted
    }

    var step: LaunchStep {
        switch kind {
        case .attached(let descriptor, let isDirectory):
            return .attach(descriptor, at: target, isDirectory: isDirectory, optional: isOptional)
        case .text(_, let isReadOnly, let number):
            return .attachText(number, at: target, readOnly: isReadOnly, optional: isOptional)
        case .temporary(let mount):
            var flags: MountFlags = [.noSetUserID, .noDevices]
            if !mount.isExecutable { flags.insert(.noExecute) }
            if mount.readOnly { flags.insert(.readOnly) }
            return .temporary(at: mount.target, flags: flags, data: mount.data)
        }
    }
}
