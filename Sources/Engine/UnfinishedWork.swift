import Core
import Glibc
import Images
import Linux
import Supervisor

extension Engine {
    /// Does what works in a directory of the store's: that goes with this process, whatever signal ends it meanwhile.
    func leavingNothing<Result>(
        _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        let worker = getpid()
        let guardian = try Guardian { imageStore.clearWorkspaces(of: worker) }
        defer { guardian.dismiss() }
        return try body()
    }
}
