/// What an image was built for: `linux/arm/v7`.
package struct Platform: Hashable, Sendable, CustomStringConvertible {
    package let system: String
    package let architecture: String
    /// Nil where it is the usual one of that architecture, or nobody says.
    package let variant: String?

    package static var hostArchitecture: String {
        #if arch(arm64)
            "arm64"
        #elseif arch(riscv64)
            "riscv64"
        #else
            "amd64"
        #endif
    }

    package static let host = Platform(system: "linux", architecture: hostArchitecture)

    package init(system: String, architecture: String, variant: String? = nil) {
        self.system = system
        self.architecture = architecture
        self.variant = variant
    }

    /// Nil when `json` does not say system and architecture.
    package init?(_ json: JSON) {
        guard let system = json["os"]?.string, let architecture = json["architecture"]?.string, !system.isEmpty,
            !architecture.isEmpty
        else { return nil }
        let variant = json["variant"]?.string
        self.init(system: system, architecture: architecture, variant: variant == "" ? nil : variant)
    }

    /// As in an image's configuration.
    package var json: JSON {
        ["os": .string(system), "architecture": .string(architecture), "variant": .optional(variant)]
    }

    /// `SYSTEM/ARCHITECTURE[/VARIANT]`, or one of the first two alone, in any of the spellings in use.
    package init(parsing text: String) throws(OperationError) {
        let parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isValid = parts.allSatisfy { part in
            (part.utf8.first.map { $0.isDigit || $0.isASCIILetter } ?? false)
                && part.utf8.allSatisfy { $0.isDigit || $0.isASCIILetter || "._-".utf8.contains($0) }
        }
        guard isValid, parts.count <= 3 else {
            throw OperationError(
                "invalid platform \(JSON.quoted(text)): it must have the form OS/ARCHITECTURE[/VARIANT]", kind: .invalid
            )
        }
        if parts.count == 1, Self.systems.contains(parts[0]) {
            self.init(system: parts[0], architecture: Self.hostArchitecture)
            return
        }
        let words = parts.count == 1 ? ["linux"] + parts : parts
        let (architecture, implied) = Self.spellings[words[1]] ?? (words[1], nil)
        self.init(system: words[0], architecture: architecture, variant: words.count > 2 ? words[2] : implied)
    }

    private static let systems = ["linux", "windows", "darwin", "freebsd"]
    private static let spellings: [String: (String, String?)] = [
        "x86_64": ("amd64", nil), "x86-64": ("amd64", nil), "aarch64": ("arm64", nil), "i386": ("386", nil),
        "i686": ("386", nil), "armhf": ("arm", "v7"), "armel": ("arm", "v6"),
    ]

    /// What an attestation is said to be for.
    package var isUnknown: Bool { system == "unknown" }

    /// The lower, the better; nil when this host cannot run it.
    package var rank: Int? { rank(for: nil) }

    /// - Parameter wanted: nil is this host.
    package func rank(for wanted: Platform?) -> Int? { (wanted?.accepted ?? Self.runnable).firstIndex(of: normal) }

    /// With the variant that is meant where none is named.
    private var normal: Platform {
        let usual = ["amd64": "v1", "arm64": "v8", "arm": "v7"][architecture]
        return Platform(system: system, architecture: architecture, variant: variant ?? usual)
    }

    /// What runs where this is asked for, best first: an older variant does, too.
    private var accepted: [Platform] {
        let this = normal
        guard let variant = this.variant, variant.hasPrefix("v"), let level = Int(variant.dropFirst()) else {
            return [this]
        }
        let lowest = ["amd64": 1, "arm": 5, "arm64": 8][architecture] ?? level
        return stride(from: level, through: min(level, lowest), by: -1).map { with("v\($0)") }
    }

    private func with(_ variant: String) -> Platform {
        Platform(system: system, architecture: architecture, variant: variant)
    }

    /// A 64-bit kernel runs 32-bit programs, too. Which level of instructions a processor has is not looked at: images of a
    /// higher one come last.
    private static let runnable: [Platform] = {
        switch hostArchitecture {
        case "amd64":
            let host = Platform.host
            return ["v1", "v2", "v3", "v4"].map { host.with($0) } + [Platform(system: "linux", architecture: "386")]
        case "arm64":
            return [host.normal]
                + ["v8", "v7", "v6", "v5"].map { Platform(system: "linux", architecture: "arm").with($0) }
        default: return [host.normal]
        }
    }()

    package var description: String { "\(system)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }

    /// - Parameter name: of the image, or of the archive.
    package static func refusal(
        of name: String, _ platforms: [Platform], wanted: Platform = host
    ) -> OperationError {
        if platforms.isEmpty {
            return OperationError("no matching manifest for \(wanted) in the manifest list entries of \"\(name)\"")
        }
        let found = Set(platforms.map(\.description)).sorted().joined(separator: ", ")
        return OperationError("no matching manifest for \(wanted): \"\(name)\" is for \(found)")
    }
}
