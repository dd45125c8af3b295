import CNetlink
import Core
import Glibc

/// Requests about ports of a bridge: <linux/if_link.h>, <linux/neighbour.h>, <linux/pkt_sched.h>, <linux/pkt_cls.h>.
extension RequestBatch {
    /// All of it goes with the link, and each of it may be there already.
    ///
    /// Up at the end: nothing comes in before that was not looked at, and a filter for a link that is up waits for RCU
    /// (dev_deactivate).
    mutating func guardPort(_ port: PortRequest) {
        let program = port.source.program()
        setPort(port)
        addEntry(port)
        addFilter(port, program)
        setUp(.index(port.index), name: port.name)
    }

    /// RTM_NEWLINK, because RTM_SETLINK does not look at a port's own settings.
    ///
    /// Frames for MACs that nobody has are still flooded to the port: one without both flooding and learning makes the
    /// bridge keep all static entries of all ports in each port (br_manage_promisc), which is their square.
    private mutating func setPort(_ port: PortRequest) {
        begin("set up bridge port", .index(port.index), RTM_NEWLINK, name: port.name)
        // Instead of disable_ipv6, a sysctl of which a write spins while anybody changes any link (restart_syscall).
        if port.hostHasIPv6 {
            nest(IFLA_AF_SPEC) {
                $0.nest(Int(AF_INET6)) {
                    $0.put(IFLA_INET6_ADDR_GEN_MODE, [UInt8(IN6_ADDR_GEN_MODE_NONE.rawValue)])
                }
            }
        }
        nest(IFLA_LINKINFO) {
            $0.put(IFLA_INFO_SLAVE_KIND, "bridge")
            $0.nest(IFLA_INFO_SLAVE_DATA) {
                $0.put(IFLA_BRPORT_MODE, [port.hairpin ? 1 : 0])
                $0.put(IFLA_BRPORT_LEARNING, [0])
            }
        }
    }

    /// Static ones move when their MAC is seen elsewhere, unless they are sticky (br_fdb_update).
    private mutating func addEntry(_ port: PortRequest) {
        var header = ndmsg()
        header.ndm_family = UInt8(AF_BRIDGE)
        header.ndm_ifindex = port.index
        header.ndm_state = UInt16(NUD_NOARP)
        header.ndm_flags = UInt8(NTF_MASTER | NTF_STICKY)
        let label = Label(operation: "add forwarding entry \(port.source.mac) to", subject: port.name)
        begin(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, header, label)
        put(NDA_LLADDR, port.source.mac.bytes)
    }

    private mutating func addFilter(_ port: PortRequest, _ program: [UInt8]) {
        let label = Label(operation: "filter what comes in by", subject: port.name)
        begin(RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE, tcmsg(queue: port.index), label)
        put(TCA_KIND, "ingress")
        var header = tcmsg(ingress: port.index)
        header.tcm_handle = 1
        // The first of all priorities, and all protocols.
        header.tcm_info = 1 << 16 | UInt32(UInt16(ETH_P_ALL).bigEndian)
        begin(RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE, header, label)
        put(TCA_KIND, "bpf")
        let count = UInt16(program.count / MemoryLayout<sock_filter>.size)
        nest(TCA_OPTIONS) {
            $0.put(TCA_BPF_FLAGS, UInt32(TCA_BPF_FLAG_ACT_DIRECT))
            $0.put(TCA_BPF_OPS_LEN, withUnsafeBytes(of: count, Array.init))
            $0.put(TCA_BPF_OPS, program)
        }
    }

    /// All filters of what comes in by a link, whoever added them.
    mutating func removeFilters(_ port: PortRequest) {
        let label = Label(operation: "remove filters of", subject: port.name)
        begin(RTM_DELQDISC, NLM_F_ACK, tcmsg(queue: port.index), label)
    }

    /// A dump of the filters of what comes in by a link.
    mutating func getFilters(_ index: Int32) {
        begin(
            RTM_GETTFILTER, netlinkDumpFlags, tcmsg(ingress: index),
            Label(operation: "list filters of", subject: "#\(index)"))
    }

    /// A dump of the forwarding table of a port.
    mutating func getEntries(_ index: Int32) {
        var header = ndmsg()
        header.ndm_family = UInt8(AF_BRIDGE)
        header.ndm_ifindex = index
        begin(
            RTM_GETNEIGH, netlinkDumpFlags, header,
            Label(operation: "list forwarding entries of", subject: "#\(index)"))
    }
}

extension tcmsg {
    fileprivate init(queue index: Int32) {
        self.init()
        tcm_ifindex = index
        tcm_handle = 0xffff_0000
        tcm_parent = TC_H_INGRESS
    }

    fileprivate init(ingress index: Int32) {
        self.init()
        tcm_ifindex = index
        // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), which are macros.
        tcm_parent = 0xffff_fff2
    }
}
