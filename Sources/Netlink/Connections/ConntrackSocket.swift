import CNetlink
import Core
import Glibc

/// A conversation with the kernel's connection tracking (<linux/netfilter/nfnetlink_conntrack.h>).
package struct ConntrackSocket: ~Copyable {
    private var socket: NetlinkSocket

    /// Opens one in the calling thread's network namespace.
    package init() throws(OperationError) { socket = try NetlinkSocket(protocol: NETLINK_NETFILTER) }

    package mutating func flows(of family: AddressFamily) throws(OperationError) -> [FlowInfo] {
        var flows: [FlowInfo] = []
        for message in try socket.dump({ $0.getFlows(of: family) }) { flows.append(try FlowInfo(message)) }
        return flows
    }

    /// The next packet begins anew. One that has ended meanwhile is no error.
    package mutating func forget(_ flow: FlowInfo) throws(OperationError) {
        var batch = RequestBatch(capacity: 256)
        batch.deleteFlow(flow)
        do throws(OperationError) {
            try socket.perform(batch)
        } catch {
            guard error.errno == ENOENT else { throw error }
        }
    }
}

enum Conntrack {
    static func type(_ message: cntl_msg_types) -> Int32 { NFNL_SUBSYS_CTNETLINK << 8 | Int32(message.rawValue) }
    static func header(_ family: AddressFamily) -> nfgenmsg {
        nfgenmsg(nfgen_family: family.number, version: UInt8(NFNETLINK_V0), res_id: 0)
    }
}

extension RequestBatch {
    /// A dump.
    mutating func getFlows(of family: AddressFamily) {
        begin(
            Int(Conntrack.type(IPCTNL_MSG_CT_GET)), netlinkDumpFlags, Conntrack.header(family),
            Label(operation: "list flows", subject: nil), asks: true)
    }

    mutating func deleteFlow(_ flow: FlowInfo) {
        let to = flow.original
        begin(
            Int(Conntrack.type(IPCTNL_MSG_CT_DELETE)), NLM_F_ACK, Conntrack.header(to.destination.family),
            Label(operation: "forget flow to", subject: "\(to.destination.inURL):\(to.destinationPort)"), asks: false)
        for (type, bytes) in flow.name.sorted(by: { $0.key < $1.key }) {
            put(type == CTA_TUPLE_ORIG.rawValue ? type | Int(NLA_F_NESTED) : type, bytes)
        }
    }
}
