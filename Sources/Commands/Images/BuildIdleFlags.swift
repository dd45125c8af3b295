import Core
import Engine

/// Flags that ask for what is done anyway, or for what this builder has not.
extension BuildCommand {
    static var idleFlags: [Flag<BuildCommand>] {
        [
            .toggle("load", "Keep the image on this host, as is done anyway") { _, _ in },
            .toggle("rm", "Leave no containers behind, as is done anyway") { _, _ in },
            .toggle("force-rm", "Leave no containers behind, as is done anyway") { _, _ in },
            .toggle("compress", "Without effect: a context is read where it is") { _, _ in },
            .value("cache-from", "SOURCE", "Without effect: what was built on this host is known") {
                command, text throws(OperationError) in
                if try SimpleValue.given(text, CommaFields.split) != nil { command.idle.insert("--cache-from") }
            },
            .value("cache-to", "TARGET", "Without effect: what was built stays known on this host alone") {
                command, text throws(OperationError) in
                if try SimpleValue.given(text, CommaFields.split) != nil { command.idle.insert("--cache-to") }
            },
            .value("isolation", "TECHNOLOGY", "default, and no other one") { _, text throws(OperationError) in
                guard ["", "default"].contains(text) else {
                    throw OperationError("invalid isolation (\(text)) on linux: use default", kind: .invalid)
                }
            },
            .value("builder", "NAME", "The builder, which is the same by each of its names") {
                command, text throws(OperationError) in
                command.builder = SimpleValue.given(text)
            },
        ] + attestationFlags
    }

    /// Of what an image was made, signed by nobody: there are none here.
    private static var attestationFlags: [Flag<BuildCommand>] {
        [
            .value("provenance", "BOOL", "Only false: there are no attestations") { _, text throws(OperationError) in
                guard Boolean.read(text) == false else { throw noAttestations }
            },
            .value("sbom", "BOOL", "Only false: there are no attestations") { _, text throws(OperationError) in
                guard Boolean.read(text) == false else { throw noAttestations }
            },
            .value("attest", "type=TYPE,disabled=true", "Only disabled ones: there are no attestations") {
                _, text throws(OperationError) in
                let fields = try CommaFields.split(text)
                guard fields.contains(where: { $0.hasPrefix("type=") }), fields.contains("disabled=true") else {
                    throw noAttestations
                }
            },
        ]
    }

    private static var noAttestations: OperationError {
        OperationError("there are no attestations: use false", kind: .unsupported)
    }
}
