import CLinux
import Core

/// A program that decides which devices the processes of a cgroup may open.
package enum DeviceProgram {
    /// Loads it and attaches it to a cgroup v2 directory, with which it goes.
    /// - Parameter instructions: of BPF_PROG_TYPE_CGROUP_DEVICE, each a `struct bpf_insn`.
    package static func attach(_ instructions: [UInt64], to cgroup: borrowing Descriptor) throws(OperationError) {
        try FaultPoint.pass("limit devices")
        let result = clinux_attach_device_program(cgroup.number, instructions, instructions.count)
        guard result >= 0 else {
            throw OperationError(
                "limit devices", errno: -result,
                remedy: "give every device by --privileged, or leave out what asks for limits")
        }
    }
}
