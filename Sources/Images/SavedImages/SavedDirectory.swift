import Core
import Glibc
import Linux

/// A directory of images that came from elsewhere: nothing in it is what it says before it was hashed, and no symbolic
/// link of it leads out of it.
struct SavedDirectory {
    /// More images or names than this are nobody's: to sort them out takes the square of their number.
    static let maximumImages = 4096

    private let root: String
    /// What an error calls it: the archive that it was unpacked from.
    let shown: String
    /// It was unpacked by us and goes with the command: its files may be kept as they are.
    let isOurs: Bool

    init(_ root: String, shown: String, isOurs: Bool = false) {
        self.root = root
        self.shown = shown
        self.isOurs = isOurs
    }

    /// The images of whichever form it has. An OCI layout comes first: what has both forms says more there.
    func images() throws(OperationError) -> [SavedImage] {
        if has("oci-layout") { return try readLayout() }
        if has("version"), String(kernel: try read("version")).hasPrefix("Directory Transport Version") {
            throw OperationError(
                "load images", shown, reason: "it is a directory of skopeo's own form, dir:",
                remedy: "copy it into another one: skopeo copy dir:DIRECTORY oci-archive:FILE", kind: .unsupported)
        }
        if has("manifest.json") { return try DockerArchive(directory: self).read() }
        if has("repositories") {
            throw OperationError(
                "load images", shown, reason: "it was saved by a Docker before 1.10, whose archives lack manifest.json",
                remedy: "load it into a later Docker and save it again")
        }
        throw OperationError(
            "load images", shown, reason: "it is neither an OCI image layout nor a docker-archive",
            remedy: "a root file system becomes an image by import: \(Program.current.name) import FILE NAME")
    }

    private func readLayout() throws(OperationError) -> [SavedImage] {
        var images = LayoutImages(directory: self)
        return try images.read()
    }

    func read(_ name: String) throws(OperationError) -> [UInt8] { try Files.read(open(name), named: path(name)) }

    /// - Throws: also when the content is another one.
    func read(_ digest: Digest) throws(OperationError) -> [UInt8] {
        let name = Self.blob(digest)
        let bytes = try read(name)
        try check(bytes, digest, name)
        return bytes
    }

    func check(_ bytes: [UInt8], _ digest: Digest, _ name: String) throws(OperationError) {
        guard try Archive.digest(bytes) == digest else {
            throw OperationError("load image", path(name), reason: "its content does not have its digest")
        }
    }

    /// A regular file: no pipe makes us wait, and no device notices.
    func open(_ name: String) throws(OperationError) -> Descriptor {
        let root = try Descriptor.open(root, O_RDONLY | O_DIRECTORY)
        do throws(OperationError) {
            let file = try root.open(inRoot: name, Descriptor.pathOnly)
            guard Files.kind(of: file.number) == S_IFREG else {
                throw OperationError("open", path(name), reason: "it is no regular file")
            }
            return try Descriptor.open("/proc/self/fd/\(file.number)", O_RDONLY)
        } catch {
            guard error.errno != nil else { throw error }
            throw OperationError("open", path(name), errno: error.errno ?? EIO)
        }
    }

    func path(_ name: String) -> String { "\(shown)/\(name)" }

    func parse<Value>(
        _ bytes: [UInt8], _ name: String, _ convert: (JSON) throws(RecordError) -> Value
    ) throws(OperationError) -> Value {
        try ImageStore.parse(bytes, named: path(name), convert)
    }

    static func blob(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    private func has(_ name: String) -> Bool { Files.exists("\(root)/\(name)") }
}
