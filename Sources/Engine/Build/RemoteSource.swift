import Core
import Dockerfile
import Glibc
import Images
import Linux
import Transfer

/// A file that ADD gets from a server.
struct RemoteSource {
    let url: ResourceURL
    /// What it is called in a directory; nil where the URL has no name for it.
    let name: FileName?
    /// The same, or BuildKit's for what has none.
    var fileName: FileName { name ?? FileName("download") }

    /// BuildKit's, whatever the server says.
    static let mode: mode_t = 0o600

    /// - Returns: nil for a path of the context.
    init?(_ text: String) throws(OperationError) {
        guard ["http://", "https://"].contains(where: { text.lowercased().hasPrefix($0) }) else { return nil }
        guard let url = ResourceURL(text) else {
            throw OperationError(
                "download", GitAddress.shown(text), reason: "it is no URL without a user", kind: .invalid)
        }
        self.url = url
        let last = url.target.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        name = PercentEncoding.decoded(last).flatMap { try? FileName(single: $0) }
    }

    /// Gets it.
    /// - Parameters:
    ///   - isOfHost: whether the host's own addresses may be asked, as a RUN on the host's network may.
    ///   - limit: bytes that may come.
    /// - Returns: its digest.
    func fetch(
        into directory: borrowing Descriptor, isOfHost: Bool, limit: Int64
    ) throws(OperationError) -> Digest {
        let name = fileName
        var request = TransferRequest(.get, url)
        request.proxies = ProxySettings(CallersEnvironment.value)
        request.headers.set("User-Agent", "mydocker")
        if !isOfHost { request.refusedAddresses = [.loopback, .linkLocal] }
        request.guardsRedirects = true
        try FaultPoint.pass("create", name.text)
        let file = try directory.open(
            entry: name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: Self.mode, named: name.text)
        let response: TransferResponse
        var left = limit
        do throws(TransferError) {
            response = try Connection().fetch(request) { bytes, _ throws(OperationError) in
                left -= Int64(bytes.count)
                guard left >= 0 else { throw UnpackBudget(size: limit).excess(of: url.shown) }
                try FaultPoint.pass("write", name.text)
                try Files.writeAll(bytes, to: file, named: name.text)
            }
        } catch {
            throw Self.explained(error, mayNameHost: isOfHost)
        }
        guard response.isSuccess else {
            throw OperationError("download \(url.shown)", reason: "invalid response status \(response.status)")
        }
        try setTime(of: file, name, response.headers["Last-Modified"].flatMap(HTTPDate.seconds) ?? 0)
        return try Digest(ofFile: file, named: name.text)
    }

    static let remedy = "build with --network host, when you trust the Dockerfile"

    /// - Parameter mayNameHost: whether the address would have been asked, had it been named itself.
    static func explained(_ error: TransferError, mayNameHost: Bool) -> OperationError {
        guard case .addressRefused = error.kind else { return error.error }
        let remedy = mayNameHost ? "name that address itself, when you trust what is there" : Self.remedy
        return OperationError(error.error.description, remedy: remedy, kind: .denied)
    }

    /// As the server says when it was changed; 0 where it does not: BuildKit's, and the same at every build.
    private func setTime(
        of file: borrowing Descriptor, _ name: FileName, _ seconds: Int64
    ) throws(OperationError) {
        try FaultPoint.pass("set times of", name.text)
        let time = timespec(tv_sec: Int(seconds), tv_nsec: 0)
        guard futimens(file.number, [time, time]) == 0 else {
            throw OperationError("set times of", name.text, errno: errno)
        }
    }
}

/// What one URL has given.
struct FetchedFile {
    let name: FileName
    let digest: Digest

    /// What a result depends on.
    var value: JSON { ["name": .string(name.text), "digest": .string(digest.description)] }
}

/// The files that an ADD has got, each in a directory of its own, by its number.
struct FetchedFiles {
    let directory: String
    let files: [FetchedFile]

    init(
        _ remotes: [RemoteSource], into directory: String, isOfHost: Bool, limit: Int64
    ) throws(OperationError) {
        self.directory = directory
        if !remotes.isEmpty { try Files.makeDirectory(directory, mode: 0o700, existing: false) }
        var files: [FetchedFile] = []
        for (number, remote) in remotes.enumerated() {
            let path = "\(directory)/\(number)"
            try Files.makeDirectory(path, mode: 0o700, existing: false)
            let place = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
            let digest = try remote.fetch(into: place, isOfHost: isOfHost, limit: limit)
            files.append(FetchedFile(name: remote.fileName, digest: digest))
        }
        self.files = files
    }

    var value: [JSON] { files.map(\.value) }
}
