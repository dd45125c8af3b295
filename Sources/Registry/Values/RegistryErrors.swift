import Core

/// What a registry says of a request that it has not done (distribution-spec, "Error Codes").
package struct RegistryErrors: Equatable, Sendable {
    /// `MANIFEST_UNKNOWN`; empty where the answer is no such document.
    package let code: String
    package let message: String

    package init(_ body: [UInt8]) {
        let json = try? JSON(parsing: body)
        let first = json?["errors"]?.array?.first
        code = first?["code"]?.string ?? ""
        // Token servers have another form.
        message = first?["message"]?.string ?? json?["details"]?.string ?? json?["error_description"]?.string ?? ""
    }

    /// `manifest unknown: manifest unknown`, as Docker has it.
    package var text: String {
        let name = code.lowercased().replacingUnderscores
        if name.isEmpty { return message }
        return message.isEmpty ? name : "\(name): \(message)"
    }
}

extension String {
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}
