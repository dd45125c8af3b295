import Core

/// A path as somebody wrote it: absolute and without empty parts, `.` and `..`.
struct CopyPath {
    /// As it was asked for.
    let written: String
    /// Written with `/` or `/.` at its end, so that a link is followed.
    let isCalledDirectory: Bool
    /// Written with `/.`, or the root: what is in it is meant.
    let meansContents: Bool

    /// - Parameter directory: that a relative path is below.
    init(_ written: String, below directory: String = "/") {
        var parts: [String] = []
        let whole = written.isAbsolutePath ? written : "\(directory)/\(written)"
        for part in whole.pathComponents where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        self.parts = parts
        self.written = written
        let isDot = written.pathComponents.last == "."
        let endsInSlash = written.utf8.last == UInt8(ascii: "/")
        meansContents = isDot || parts.isEmpty
        isCalledDirectory = isDot || endsInSlash || parts.isEmpty
    }

    private let parts: [String]
    var text: String { "/" + parts.joined(separator: "/") }
    /// With the slash or dot that it was written with at its end.
    var wholeText: String {
        guard isCalledDirectory, !parts.isEmpty else { return text }
        return text + (meansContents ? "/." : "/")
    }
    var name: String { parts.last ?? "/" }
    var parent: String { "/" + parts.dropLast().joined(separator: "/") }
}
