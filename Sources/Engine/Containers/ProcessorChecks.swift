import Core
import Glibc
import Linux

/// Limits that this host's processors cannot keep. The sentences are Docker's.
extension Engine {
    func checkLimits(_ limits: ResourceLimits) throws(OperationError) {
        try checkProcessors(limits.milliCPUs)
        if let cpuset = limits.cpuset { try checkProcessors(cpuset) }
        if let nodes = limits.memoryNodes { try checkMemoryNodes(nodes) }
    }

    func checkMemoryNodes(_ wanted: String) throws(OperationError) {
        guard let online = Files.line("/sys/devices/system/node/online") else { return }
        guard ProcessorList.numbers(of: wanted).isSubset(of: ProcessorList.numbers(of: online)) else {
            throw OperationError(
                "Requested memory nodes are not available - requested \(wanted), available: \(online)", kind: .invalid)
        }
    }

    func checkProcessors(_ wanted: String) throws(OperationError) {
        guard let online = Files.line("/sys/devices/system/cpu/online") else { return }
        let available = ProcessorList.numbers(of: online)
        guard ProcessorList.numbers(of: wanted).isSubset(of: available) else {
            throw OperationError(
                "Requested CPUs are not available - requested \(wanted), available: \(online)", kind: .invalid)
        }
    }

    /// - Parameter milliCPUs: thousandths of a processor.
    func checkProcessors(_ milliCPUs: Int64?) throws(OperationError) {
        let count = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        guard let milliCPUs, count > 0, milliCPUs > Int64(count) * 1000 else { return }
        throw OperationError(
            "range of CPUs is from 0.01 to \(count).00, as there are only \(count) CPUs available", kind: .invalid)
    }
}
