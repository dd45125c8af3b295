import Core
import Images

extension Engine {
    /// Removes what builds have kept.
    /// - Parameter all: also what images have anyway.
    package func pruneBuildCache(all: Bool, before end: Timestamp?) throws(OperationError) -> Listing<PrunedObject> {
        try prepare()
        removeDeadBuilds()
        // What a prune that was killed has not taken away yet.
        try imageStore.collectGarbage()
        let (removed, bytes) = try imageStore.pruneBuildCache(all: all) { step in end.map { step.created < $0 } ?? true
        }
        if removed.isEmpty { return Listing(elements: [], failures: []) }
        return Listing(elements: [PrunedObject(lines: removed, bytes: bytes)], failures: [])
    }
}
