import Core

/// Where a copy goes, by what is copied and what is there. Docker's rules as a table.
enum CopyPlacement: Equatable {
    /// Below the destination, by the name of the source.
    case below
    /// As the destination: a new one, or in place of a file.
    case itself
    /// What is in the source, into the destination.
    case contents

    enum Source: CaseIterable {
        /// Anything that is no directory.
        case file
        case directory
        /// Named as `DIRECTORY/.`: what is in it.
        case contents
    }

    enum Destination: CaseIterable {
        case missing, file, directory
    }

    /// - Parameter isCalledDirectory: the destination was written with a slash at its end.
    /// - Throws: Docker's reason.
    init(_ source: Source, to destination: Destination, isCalledDirectory: Bool, _ shown: String) throws(OperationError)
    {
        switch (source, destination) {
        case (.file, .missing) where isCalledDirectory:
            throw OperationError("copy to", shown, reason: "no such directory", kind: .notFound)
        case (.file, .file) where isCalledDirectory:
            throw OperationError("copy to", shown, reason: "not a directory", kind: .conflict)
        case (.file, .missing), (.file, .file): self = .itself
        case (.file, .directory), (.directory, .directory): self = .below
        case (.directory, .missing), (.contents, .missing): self = .itself
        case (.directory, .file), (.contents, .file):
            throw OperationError("copy to", shown, reason: "cannot copy directory", kind: .conflict)
        case (.contents, .directory): self = .contents
        }
    }
}
