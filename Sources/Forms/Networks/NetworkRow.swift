import Core

extension NetworkDefinition {
    /// One that is there for others to be made like it has what is usual.
    var hasIPv4: Bool { families.contains(.ipv4) || isConfigOnly || isBuiltIn }

    /// The network in the words of `network list`.
    /// - Parameter isWhole: ids in full.
    package func row(isWhole: Bool) -> Row {
        let fields: JSON = [
            "CreatedAt": .string(HumanText.moment(created)), "Driver": .string(driver),
            "ID": .string(isWhole ? id.hex : id.short), "IPv4": .string(hasIPv4 ? "true" : "false"),
            "IPv6": .string(gateway6 == nil ? "false" : "true"),
            "Internal": .string(isInternal ? "true" : "false"),
            // One word, as scripts split the line at spaces.
            "IpRange": .string(gateways.map(\.description).joined(separator: ",")),
            "Labels": .string(HumanText.labels(labels)), "Name": .string(name.text), "Scope": "local",
        ]
        return Row(fields: fields, labels: labels)
    }
}
