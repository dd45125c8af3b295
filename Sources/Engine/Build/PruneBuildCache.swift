import Core
import Images

extension Engine {
    /// Removes what builds have kept.
    package func pruneBuildCache(_ selection: CacheSelection) throws(OperationError) -> Listing<PrunedObject> {
        try prepare()
        removeDeadBuilds()
        // What a prune that was killed has not taken away yet.
        try imageStore.collectGarbage()
        let (removed, bytes) = try imageStore.pruneBuildCache(selection)
        if removed.isEmpty { return Listing(elements: [], failures: []) }
        return Listing(elements: [PrunedObject(lines: removed, bytes: bytes)], failures: [])
    }
}
