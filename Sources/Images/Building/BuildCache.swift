import Core
import Glibc
import Linux

/// What one step of a build has come to, to be found by whoever does the same again.
package struct CachedStep: Sendable {
    /// Of all that the result depends on.
    package let key: Digest
    package let layer: BuiltLayer
    /// For people.
    package let instruction: String
    package let created: Timestamp

    package init(key: Digest, layer: BuiltLayer, instruction: String, created: Timestamp) {
        self.key = key
        self.layer = layer
        self.instruction = instruction
        self.created = created
    }

    fileprivate init(_ reader: RecordReader, key: Digest) throws(RecordError) {
        self.key = key
        layer = try reader.object("layer") { reader throws(RecordError) in try BuiltLayer(reader) }
        instruction = try reader.string("instruction")
        created = Timestamp(nanoseconds: try reader.int("created"))
    }

    fileprivate var json: JSON {
        [
            "layer": layer.stored.json, "instruction": .string(instruction), "created": .number(created.nanoseconds),
        ]
    }
}

extension Digest {
    package init(of bytes: [UInt8]) throws(OperationError) { self = try Archive.digest(bytes) }

    /// - Parameter file: nobody else writes to it.
    package init(ofFile file: borrowing Descriptor, named name: String) throws(OperationError) {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw OperationError("read", name, errno: errno) }
        let count = Int(status.st_size)
        guard count > 0 else {
            self = try Archive.digest([])
            return
        }
        guard let memory = mmap(nil, count, PROT_READ, MAP_PRIVATE, file.number, 0), memory != MAP_FAILED else {
            throw OperationError("read", name, errno: errno)
        }
        defer { munmap(memory, count) }
        self = try Archive.digest(UnsafeRawBufferPointer(start: memory, count: count))
    }
}

extension ImageStore {
    func path(of key: Digest) -> String { "\(layout.buildCache)/\(key.hex).json" }

    /// What a step has come to before; nil where nobody knows, or it is not there any more, or not whole.
    package func kept(_ key: Digest) -> CachedStep? {
        guard let step = cachedStep(key), Files.isDirectory(layout.layer(step.layer.diff)),
            let archive = Files.status(layout.blob(step.layer.blob.digest)),
            Int64(archive.st_size) == step.layer.blob.size
        else { return nil }
        return step
    }

    /// A record that cannot be read is none: its step is done again.
    private func cachedStep(_ key: Digest) -> CachedStep? {
        guard let bytes = try? Files.readRecord(path(of: key)), let json = try? JSON(parsing: bytes),
            !RecordVersion.isNewer(json, than: 1)
        else { return nil }
        return try? CachedStep(RecordReader(json), key: key)
    }

    /// Everything that is kept, oldest first.
    package func cachedSteps() -> [CachedStep] {
        let names = (try? Files.names(in: layout.buildCache)) ?? []
        return names.filter { $0.hasSuffix(".json") }.compactMap { Digest(hex: String($0.dropLast(5))) }
            .compactMap(cachedStep).sorted { ($0.created, $0.key) < ($1.created, $1.key) }
    }

    /// Moves the steps' layers to the store and writes their records, the layers' files being on disk. The layers stay there as
    /// long as the workspace does: the image that is made of them is published later, which syncs the names, too.
    func keep(_ steps: [CachedStep], in workspace: borrowing Workspace) throws(OperationError) {
        guard !steps.isEmpty else { return }
        let lock = try FileLock.store(layout)
        for step in steps {
            if let place = step.layer.place {
                try moveBlob(workspace.file("blob-\(place)"), step.layer.blob)
                try move(workspace.file("layer-\(place)"), to: layout.layer(step.layer.diff))
            }
            let bytes = Array(step.json.versioned(1).compact.utf8)
            try Files.replace(path(of: step.key), bytes, mode: 0o644)
        }
        try workspace.uses.hold(
            steps.map(\.layer.blob.digest), layers: steps.map(\.layer.diff), in: layout, holding: lock)
        lock.release()
    }
}
