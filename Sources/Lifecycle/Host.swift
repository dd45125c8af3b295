import Core
import Glibc
import IPAM
import Linux
import Networking
import Records

/// What mydocker has on this host: its records, and the drivers of its networks.
package struct Host: Sendable {
    package let layout: Layout
    package let containerStore: ContainerStore
    package let networkStore: NetworkStore
    package let volumeStore: VolumeStore
    package let drivers: NetworkDrivers
    let allocators: AddressAllocators
    /// Gets what went wrong without stopping a command.
    package let warn: @Sendable (String) -> Void

    package init(
        layout: Layout = .standard, drivers: NetworkDrivers = .standard,
        allocators: @escaping AddressAllocators = Host.addressPoolFiles,
        warn: @escaping @Sendable (String) -> Void = Host.warnings(as: Host.warningLine)
    ) {
        self.layout = layout
        containerStore = ContainerStore(layout)
        networkStore = NetworkStore(layout)
        volumeStore = VolumeStore(layout)
        self.drivers = drivers
        self.allocators = allocators
        self.warn = warn
    }

    /// What gives out the addresses of a network: one that keeps what it knows in the file `path`.
    package typealias AddressAllocators =
        @Sendable (_ network: NetworkDefinition, _ path: String) throws(AddressPoolError) -> any AddressAllocator

    package static let addressPoolFiles: AddressAllocators = { network, path throws(AddressPoolError) in
        let space = try AddressSpace(
            network.leaseSpace, reserving: network.reservedLeases, range: network.leaseRange)
        return AddressPoolFile(path, space)
    }

    /// What is shown of a warning.
    @Sendable package static func warningLine(_ text: String) -> String {
        TerminalText.escaped("\(Program.current.name): warning: \(text.escapingForeignBytes)")
    }

    /// One line on standard error, unless nobody takes it: a supervisor must not wait for whoever has stopped reading.
    /// - Parameter form: what the line is to say of a warning, fit for a terminal.
    package static func warnings(as form: @escaping @Sendable (String) -> String) -> @Sendable (String) -> Void {
        { text in
            var request = [pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)]
            if Polling.wait(for: &request, milliseconds: 100) { return }
            let line = Array((form(text) + "\n").utf8)
            line.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
        }
    }
}
