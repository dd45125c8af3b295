/// The form that a record is written in. A change that would be misunderstood by those that know the old form raises it
/// (`Record.version`).
package enum RecordVersion {
    package static let key = "version"

    /// Of a record; those of before there were versions have none. A version that no release has written counts as newer.
    package static func isNewer(_ json: JSON, than known: Int64) -> Bool {
        guard let version = json[key] else { return false }
        return version.int.map { !(1...known).contains($0) } ?? true
    }

    /// Why a file is left alone.
    package static func refusal(of path: String) -> OperationError {
        OperationError(
            "read", path, reason: "written by a newer mydocker", remedy: "upgrade mydocker; the file was left as it is",
            kind: .newerVersion)
    }
}

extension JSON {
    /// With the version in front.
    package func versioned(_ version: Int64) -> JSON {
        .object([(RecordVersion.key, .int(version))] + (members ?? []))
    }
}
