import CNetlink
import Core
import Glibc

extension RouteSocket {
    /// Makes a port of a bridge let in what is its container's own, in one send. What is right stays as it is.
    package mutating func guardPort(_ port: PortRequest) throws(OperationError) {
        var batch = RequestBatch(capacity: 2048)
        batch.guardPort(port)
        try perform(batch)
    }

    /// The same for a port that somebody has changed: what is in the way of our filter goes.
    package mutating func guardPortAnew(_ port: PortRequest) throws(OperationError) {
        var batch = RequestBatch(capacity: 128)
        batch.removeFilters(port)
        do throws(OperationError) {
            try perform(batch)
        } catch {
            // There are none.
            guard error.errno == ENOENT || error.errno == EINVAL else { throw error }
        }
        try guardPort(port)
    }

    /// - Throws: ENODEV when there is no such link.
    package mutating func port(_ index: Int32) throws(OperationError) -> PortState {
        var state = PortState()
        var batch = RequestBatch(capacity: 128)
        batch.getLink(.index(index))
        for message in try perform(batch)[0] { try state.takeLink(message) }
        for message in try dump({ $0.getEntries(index) }) { try state.takeEntry(message, index) }
        for message in try dump({ $0.getFilters(index) }) { try state.takeFilter(message) }
        return state
    }
}

extension PortState {
    mutating func takeLink(_ message: Message) throws(OperationError) {
        guard Int(message.header.type) == RTM_NEWLINK else { throw .malformed("link") }
        var attributes = try message.attributes(after: ifinfomsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case IFLA_LINKINFO: try takeInformation(attribute)
            case IFLA_AF_SPEC: try takeFamilies(attribute)
            default: break
            }
        }
    }

    private mutating func takeInformation(_ information: Attribute) throws(OperationError) {
        var parts = information.nested()
        var isPort = false
        while let part = try parts.next() {
            if part.type == IFLA_INFO_SLAVE_KIND { isPort = part.string == "bridge" }
            if part.type == IFLA_INFO_SLAVE_DATA, isPort { try takeSettings(part) }
        }
    }

    private mutating func takeFamilies(_ families: Attribute) throws(OperationError) {
        var families = families.nested()
        while let family = try families.next() {
            guard family.type == Int(AF_INET6) else { continue }
            var settings = family.nested()
            while let setting = try settings.next() {
                guard setting.type == IFLA_INET6_ADDR_GEN_MODE else { continue }
                makesAddresses = try UInt32(setting.uint8()) != IN6_ADDR_GEN_MODE_NONE.rawValue
            }
        }
    }

    private mutating func takeSettings(_ data: Attribute) throws(OperationError) {
        var settings = data.nested()
        while let setting = try settings.next() {
            switch setting.type {
            case IFLA_BRPORT_MODE: hairpin = try setting.uint8() != 0
            case IFLA_BRPORT_LEARNING: learns = try setting.uint8() != 0
            default: break
            }
        }
    }

    mutating func takeEntry(_ message: Message, _ index: Int32) throws(OperationError) {
        guard Int(message.header.type) == RTM_NEWNEIGH else { throw .malformed("forwarding entry") }
        let header = try message.fixedHeader(ndmsg.self)
        guard header.ndm_ifindex == index, header.ndm_state & UInt16(NUD_NOARP) != 0 else { return }
        var attributes = try message.attributes(after: ndmsg.self)
        while let attribute = try attributes.next() {
            if attribute.type == NDA_LLADDR, let mac = attribute.mac { entries.append(mac) }
        }
    }

    /// A filter comes as two messages; the first one, without a handle, is of its priority only.
    mutating func takeFilter(_ message: Message) throws(OperationError) {
        guard Int(message.header.type) == RTM_NEWTFILTER else { throw .malformed("filter") }
        guard try message.fixedHeader(tcmsg.self).tcm_handle != 0 else { return }
        var program: [UInt8] = []
        var isDirect = false
        var attributes = try message.attributes(after: tcmsg.self)
        while let attribute = try attributes.next() {
            guard attribute.type == TCA_OPTIONS else { continue }
            var options = attribute.nested()
            while let option = try options.next() {
                switch option.type {
                case TCA_BPF_OPS: program = Array(option.payload)
                case TCA_BPF_FLAGS: isDirect = try option.uint32() & UInt32(TCA_BPF_FLAG_ACT_DIRECT) != 0
                default: break
                }
            }
        }
        programs.append(isDirect ? program : [])
    }
}
