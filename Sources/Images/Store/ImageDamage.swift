import Core
import Glibc
import Linux

/// A file of an image that is not there, or not what it was.
package struct ImageDamage: Equatable, Sendable {
    package let path: String
    package let why: String
}

extension ImageStore {
    /// What of an image is not as it was made.
    ///
    /// Documents are read. A layer's archive has the length that the manifest says, and is read only if somebody has written to it
    /// since the image came; of an unpacked layer its directory is all that is looked at.
    func damages(of id: Digest) -> [ImageDamage] {
        let record: ImageRecord
        do throws(OperationError) {
            record = try self.record(id)
        } catch {
            return [ImageDamage(path: layout.record(id), why: "\(error)")]
        }
        let moment = Files.status(layout.record(id))?.st_mtim ?? timespec()
        let documents = [record.manifest, id]
        var found = documents.compactMap { damage(of: $0, size: nil, writtenAfter: timespec()) }
        // Without its manifest nobody knows how long the archives are.
        let manifest = found.isEmpty ? try? readBlob(record.manifest, Self.manifest) : nil
        let sizes = Dictionary((manifest?.layers ?? []).map { ($0.digest, $0.size) }) { first, _ in first }
        for blob in record.blobs where !documents.contains(blob) {
            if let damage = damage(of: blob, size: sizes[blob], writtenAfter: moment) { found.append(damage) }
        }
        for layer in record.layers where !Files.isDirectory(layout.layer(layer)) {
            found.append(ImageDamage(path: layout.layer(layer), why: "it is not there"))
        }
        return found
    }

    private static func manifest(_ json: JSON) throws(RecordError) -> Manifest { try Manifest(RecordReader(json)) }

    /// - Parameters:
    ///   - size: nil where it is not known.
    ///   - moment: a blob that was written to later is read.
    private func damage(of blob: Digest, size: Int64?, writtenAfter moment: timespec) -> ImageDamage? {
        let path = layout.blob(blob)
        guard let status = Files.status(path) else { return ImageDamage(path: path, why: "it is not there") }
        // What a manifest says of a length that is another one may be wrong itself.
        if let size, Int64(status.st_size) != size, hasContent(of: blob, Int(status.st_size)) == false {
            return ImageDamage(path: path, why: "it has \(status.st_size) bytes, and had \(size)")
        }
        let (written, known) = (status.st_mtim, moment)
        guard (written.tv_sec, written.tv_nsec) > (known.tv_sec, known.tv_nsec) else { return nil }
        guard hasContent(of: blob, Int(status.st_size)) == false else { return nil }
        return ImageDamage(path: path, why: "its content is not that of its digest")
    }

    /// Nil where that cannot be found out.
    private func hasContent(of blob: Digest, _ size: Int) -> Bool? {
        let path = layout.blob(blob)
        do throws(OperationError) {
            // By read(2): a page that the disk does not give would end this process.
            if size <= Self.smallBlob {
                return try Archive.digest(Files.readRecord(path, limit: Self.smallBlob)) == blob
            }
            let file = try Descriptor.open(path, O_RDONLY)
            return try Digest(ofFile: file, named: path) == blob
        } catch {
            return error.errno == EIO ? false : nil
        }
    }

    /// Bytes.
    private static let smallBlob = 16 << 20

    /// Takes away what is damaged of an image: what comes anew would find it in its place.
    func discardDamages(of id: Digest) throws(OperationError) {
        guard Files.exists(layout.index) else { return }
        let lock = try FileLock.store(layout)
        for damage in damages(of: id) where damage.path.hasPrefix(layout.blobs) { try Files.remove(damage.path) }
        lock.release()
    }

    /// Archives of steps that builds would find, and that are not what they were. What is not there is found by nobody.
    package func cacheDamages() -> [ImageDamage] {
        let archives = Set(cachedSteps().map(\.layer.blob)).filter { Files.exists(layout.blob($0.digest)) }
        return archives.compactMap { damage(of: $0.digest, size: $0.size, writtenAfter: timespec()) }
    }

    /// The same of all images, each with a name of the image, or its id, and whether a registry has it.
    package func damages() throws(OperationError) -> [(image: String, isPulled: Bool, damage: ImageDamage)] {
        let index = try ImageIndex.read(layout.index)
        return index.images.flatMap { id in
            let name = index.references(to: id).first ?? id.short
            return damages(of: id).map { (name, !index.sources(of: id).isEmpty, $0) }
        }
    }
}
