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
