import Core

extension JSON {
    /// As Docker writes it: without the null members that its types leave out (`omitempty`).
    package var withoutOmitted: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.withoutOmitted))
        case .object(let members):
            .object(
                members.filter { !$0.value.isNull || !Self.omitted.contains($0.key) }
                    .map { (key: $0.key, value: $0.value.withoutOmitted) })
        default: self
        }
    }

    /// In moby's api/types, at 20.10 to 28.
    private static let omitted = [
        "Annotations", "ExposedPorts", "Health", "Healthcheck", "Init", "MacAddress", "Mounts", "Shell", "StopSignal",
        "StopTimeout", "StorageOpt", "Sysctls", "Tmpfs", "Variant",
    ]
}
