import Core

extension NetworkDefinition {
    /// The network in the words of `network list`.
    /// - Parameter isWhole: ids in full.
    package func row(isWhole: Bool) -> Row {
        let fields: JSON = [
            "CreatedAt": .string(HumanText.moment(created)), "Driver": .string(driver),
            "ID": .string(isWhole ? id.hex : id.short),
            "IPv4": .string(enabledFamilies.contains(.ipv4) ? "true" : "false"),
            "IPv6": .string(enabledFamilies.contains(.ipv6) ? "true" : "false"),
            "Internal": .string(isInternal ? "true" : "false"),
            // One word, as scripts split the line at spaces.
            "IpRange": .string(gateways.map(\.description).joined(separator: ",")),
            "Labels": .string(HumanText.labels(labels)), "Name": .string(name.text), "Scope": "local",
        ]
        return Row(fields: fields, labels: labels)
    }
}
