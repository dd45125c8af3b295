import CDBus
import Core
import Glibc
import Linux

/// firewalld, where it runs: it refuses what is forwarded from and to an interface that is in no zone of its own. Asked on the system's
/// bus (firewalld.dbus(5)), until it loads its rules anew: nothing that it keeps on disk is changed.
package struct Firewalld: ~Copyable {
    /// The one whose interfaces may exchange anything.
    package static let zone = "trusted"
    private static let address = "unix:path=/run/dbus/system_bus_socket"
    /// Milliseconds. It takes some ten, and some hundred where it has many rules.
    private static let patience: Int32 = 5_000

    private let bus: OpaquePointer

    /// - Throws: `unsupported` where it cannot be asked.
    package init() throws(OperationError) {
        var opened: OpaquePointer?
        let result = cdbus_open(Self.address, Self.patience, &opened)
        guard result == 0, let opened else {
            throw OperationError("ask firewalld", Self.address, errno: -result, kind: .unsupported)
        }
        bus = opened
    }

    deinit { cdbus_close(bus) }

    /// Of an interface that it may not know; nil: none has been chosen for it.
    package func zone(of device: String) throws(OperationError) -> String? {
        let zone = try ask("getZoneOfInterface", device)
        return zone.isEmpty ? nil : zone
    }

    /// One that is in a zone already stays there: somebody has decided so.
    package func admit(_ device: String) throws(OperationError) {
        guard try zone(of: device) == nil else { return }
        try FaultPoint.pass("add interface to firewalld", device)
        _ = try ask("addInterface", Self.zone, device)
    }

    package func dismiss(_ device: String) throws(OperationError) {
        guard try zone(of: device) == Self.zone else { return }
        try FaultPoint.pass("remove interface from firewalld", device)
        _ = try ask("removeInterface", Self.zone, device)
    }

    private func ask(
        _ method: String, _ first: String, _ second: String? = nil
    ) throws(OperationError) -> String {
        var answer = [CChar](repeating: 0, count: 512)
        let result = "org.fedoraproject.FirewallD1".withCString { name in
            "/org/fedoraproject/FirewallD1".withCString { path in
                "org.fedoraproject.FirewallD1.zone".withCString { interface in
                    var zones = cdbus_object(destination: name, path: path, interface: interface)
                    return cdbus_ask(bus, &zones, method, first, second, Self.patience, &answer, answer.count)
                }
            }
        }
        let text = answer.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if result == 0 { return text }
        if result == -EREMOTEIO { throw OperationError("ask firewalld: \(method)", first, reason: text) }
        throw OperationError("ask firewalld: \(method)", first, errno: -result)
    }
}
