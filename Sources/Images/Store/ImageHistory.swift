import Core
import Linux

extension ImageStore {
    /// The steps by which an image was made, newest first.
    package func history(of image: Image) throws(OperationError) -> [HistoryStep] {
        let document = try readBlob(image.id) { json throws(RecordError) in json }
        return ImageHistory.steps(document["history"]?.array ?? [], layerSizes: sizes(ofLayersOf: image))
    }

    /// Bytes in the files of each layer, lowest first: as they were noted down, or of an image of before as they are found.
    func sizes(ofLayersOf image: Image) -> [Int64] {
        image.layerSizes.isEmpty
            ? image.layers.map { Files.contentSize(below: layout.layer($0)) } : image.layerSizes
    }
}

/// `history` of an image's configuration (config.md of OCI's image specification).
enum ImageHistory {
    /// - Parameters:
    ///   - entries: oldest first.
    ///   - layerSizes: lowest first. A layer that no entry has made is a step of its own.
    /// - Returns: newest first.
    static func steps(_ entries: [JSON], layerSizes: [Int64]) -> [HistoryStep] {
        var sizes = layerSizes[...]
        var steps = entries.map { entry in
            var step = HistoryStep(
                created: entry["created"]?.string.flatMap { Timestamp(parsing: $0) },
                instruction: entry["created_by"]?.string ?? "", comment: entry["comment"]?.string ?? "")
            if entry["empty_layer"]?.bool != true { step.size = sizes.popFirst() ?? 0 }
            return step
        }
        for size in sizes {
            var step = HistoryStep(created: nil, instruction: "", comment: "")
            step.size = size
            steps.append(step)
        }
        return steps.reversed()
    }
}
