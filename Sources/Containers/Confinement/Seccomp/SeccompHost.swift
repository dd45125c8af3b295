import Glibc

/// A release of Linux, as far as profiles tell releases apart.
struct KernelVersion: Comparable, Sendable {
    var major: Int
    var minor: Int

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `MAJOR.MINOR`; with `prefix`, anything may follow that, as in a kernel's release.
    init?(_ text: some StringProtocol, prefix: Bool = false) {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2 || (prefix && parts.count == 3) else { return nil }
        let minorDigits = prefix ? parts[1].prefix { $0.isASCII && $0.isNumber } : parts[1][...]
        guard let major = Int(parts[0]), let minor = Int(minorDigits), major >= 0, minor >= 0 else { return nil }
        self.init(major: major, minor: minor)
    }

    static func < (left: KernelVersion, right: KernelVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

/// A machine's kind and those whose programs it runs as well.
struct SeccompArchitecture: Equatable, Sendable {
    /// As Go names it.
    var name: String
    /// As libseccomp names it.
    var native: String
    var also: [String]

    /// The one that this program is made for.
    static var current: SeccompArchitecture {
        #if arch(x86_64)
            SeccompArchitecture(name: "amd64", native: "x86_64", also: ["x86", "x32"])
        #elseif arch(arm64)
            SeccompArchitecture(name: "arm64", native: "aarch64", also: ["arm"])
        #else
            #error("no seccomp architecture for this machine")
        #endif
    }
}

/// What a filter depends on besides profile and container.
struct SeccompHost: Sendable {
    var kernel: KernelVersion
    var architecture = SeccompArchitecture.current

    /// This machine. A kernel that names itself oddly counts as the oldest: then rules for newer ones are left out.
    static var current: SeccompHost {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return SeccompHost(kernel: KernelVersion(release, prefix: true) ?? KernelVersion(major: 0, minor: 0))
    }
}
