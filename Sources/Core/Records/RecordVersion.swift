/// The form that records are written in. Whoever changes its meaning for those that know the old form raises it.
package enum RecordVersion {
    package static let current: Int64 = 1
    package static let key = "version"

    /// Of a record; those of before there were versions have none.
    package static func isNewer(_ json: JSON) -> Bool {
        guard let version = json[key] else { return false }
        return version.int.map { $0 > current } ?? true
    }

    /// Why a file is left alone.
    package static func refusal(of path: String) -> OperationError {
        OperationError(
            "read", path, reason: "written by a newer mydocker", remedy: "upgrade mydocker; the file was left as it is",
            kind: .newerVersion)
    }
}

extension JSON {
    /// With the version of now in front.
    package var versioned: JSON { .object([(RecordVersion.key, .int(RecordVersion.current))] + (members ?? [])) }
}
