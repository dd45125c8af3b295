import Core

/// One side of a copy.
package enum CopyEnd: Equatable, Sendable {
    /// On this host.
    case local(String)
    case container(String, path: String)
    /// A tar archive by standard input or output.
    case stream

    /// Reads `CONTAINER:PATH`, `PATH` or `-`. A path that has a colon begins with `/` or `.`.
    package init(parsing text: String) {
        let bytes = text.utf8
        guard let first = bytes.first, let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            first != UInt8(ascii: "/"), first != UInt8(ascii: ".")
        else {
            self = text == "-" ? .stream : .local(text)
            return
        }
        let path = Substring(bytes[bytes.index(after: colon)...])
        self = .container(String(Substring(bytes[..<colon])), path: String(path))
    }
}

package struct CopyRequest: Equatable, Sendable {
    package var source: CopyEnd
    package var destination: CopyEnd
    /// Copies what a symbolic link leads to that is the source, by the name of the link.
    package var followsLink = false
    /// Copies belong to whom the originals do; else to root in a container, and to the caller here.
    package var keepsOwners = false

    package init(from source: CopyEnd, to destination: CopyEnd) {
        self.source = source
        self.destination = destination
    }
}

/// What came of a copy.
package struct CopyReport: Equatable, Sendable {
    /// Bytes in regular files.
    package let size: Int64
    /// `CONTAINER:PATH` as it was written, or the absolute path here.
    package let destination: String
}

/// A path of one side, absolute and without empty parts, `.` and `..`.
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
