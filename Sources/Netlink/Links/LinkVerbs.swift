import CNetlink
import Core
import Glibc

extension RouteSocket {
    /// Creates a bridge, tags it and gives it its MTU and address: two sends.
    ///
    /// The rest goes in a second send, by the new index: in one send it would be carried
    /// out on somebody else's bridge of the same name when the creation is refused.
    ///
    /// - Returns: the index of the bridge.
    /// - Throws: EEXIST when there is a link of that name. Nothing is left behind.
    @discardableResult
    package mutating func createBridge(_ bridge: BridgeRequest) throws(OperationError) -> Int32 {
        var creation = RequestBatch()
        creation.createBridge(bridge)
        let index = try create(creation, bridge.name).index
        do throws(OperationError) {
            try finishBridge(index, bridge)
        } catch {
            _ = try? deleteLink(.index(index))
            throw error
        }
        return index
    }

    /// Gives a bridge that has only just been created the rest: all of it or, when we are killed, nothing.
    package mutating func finishBridge(_ index: Int32, _ bridge: BridgeRequest) throws(OperationError) {
        var rest = RequestBatch()
        if let mtu = bridge.mtu { rest.setMTU(.index(index), mtu) }
        if let alias = bridge.alias { rest.setAlias(.index(index), alias) }
        if let address = bridge.address { rest.addAddress(address, index: index, name: bridge.name) }
        try perform(rest)
    }

    /// Creates a veth pair, both ends down: the one here on its bridge, the other one in its namespace with its
    /// name, MAC and MTU.
    ///
    /// - Throws: EEXIST when there is a link of that name on either side. When hairpin mode is refused
    ///   the pair stays: it goes with the peer's namespace, and at once only by waiting some 20 ms.
    @discardableResult
    package mutating func createVeth(_ veth: VethRequest) throws(OperationError) -> VethPair {
        var creation = RequestBatch()
        creation.createVeth(veth)
        let link = try create(creation, veth.name)
        guard let peer = link.peer else { throw .malformed("link") }
        return VethPair(index: link.index, peerIndex: peer)
    }

    /// Performs the creation of a link, and asks for the link if the kernel did not send it back.
    mutating func create(_ batch: consuming RequestBatch, _ name: String) throws(OperationError) -> LinkInfo {
        for message in try perform(batch)[0] {
            let link = try LinkInfo(message)
            if link.name == name { return link }
        }
        guard let link = try link(.named(name)) else { throw OperationError("look up link", name, errno: ENODEV) }
        return link
    }

    /// Nil when there is no such link.
    package mutating func link(_ link: LinkReference) throws(OperationError) -> LinkInfo? {
        var batch = RequestBatch(capacity: 128)
        batch.getLink(link)
        do throws(OperationError) {
            guard let message = try perform(batch)[0].first else { throw OperationError.malformed("link") }
            return try LinkInfo(message)
        } catch  where error.errno == ENODEV {
            return nil
        }
    }

    /// Returns when the kernel has acted on links that have come up: a work queue does that, in its time, and what is
    /// sent until then is dropped. Since Linux 6.10 it is done before who asks about a link is answered (rtnl_getlink);
    /// an older one is asked again, for half a second at most.
    ///
    /// - Parameter links: their indexes; one that depends on others, such as a bridge, behind them.
    /// - Throws: ENODEV when there is no such link.
    package mutating func settle(_ links: [Int32]) throws(OperationError) {
        try Self.waitForKernel { () throws(OperationError) in try areOperational(links) }
    }

    /// Returns when one of the kernel's work queues has done its part, or after half a second.
    static func waitForKernel(until isDone: () throws(OperationError) -> Bool) throws(OperationError) {
        var pause: UInt32 = 100
        while try !isDone(), pause < 300_000 {
            usleep(pause)
            pause *= 2
        }
    }

    private mutating func areOperational(_ links: [Int32]) throws(OperationError) -> Bool {
        var batch = RequestBatch(capacity: 64 * links.count)
        for link in links { batch.getLink(.index(link)) }
        for messages in try perform(batch) {
            for message in messages where try !LinkInfo(message).isOperational { return false }
        }
        return true
    }

    /// All links of the namespace.
    package mutating func links() throws(OperationError) -> [LinkInfo] {
        var links: [LinkInfo] = []
        for message in try dump({ $0.getLinks() }) { links.append(try LinkInfo(message)) }
        return links
    }

    /// - Throws: ENODEV when there is no such link; so do the three below.
    package mutating func setUp(_ link: LinkReference) throws(OperationError) {
        var batch = RequestBatch(capacity: 128)
        batch.setUp(link)
        try perform(batch)
    }

    /// Makes `link` a port of `bridge`.
    ///
    /// - Parameter bridge: an index; nil takes the link off the bridge that it is on.
    package mutating func setMaster(_ link: LinkReference, bridge: Int32?) throws(OperationError) {
        var batch = RequestBatch(capacity: 128)
        batch.setMaster(link, bridge: bridge ?? 0)
        try perform(batch)
    }

    package mutating func setAlias(_ link: LinkReference, _ alias: String) throws(OperationError) {
        var batch = RequestBatch()
        batch.setAlias(link, alias)
        try perform(batch)
    }

    package mutating func setMAC(_ link: LinkReference, _ mac: MACAddress) throws(OperationError) {
        var batch = RequestBatch(capacity: 128)
        batch.setMAC(link, mac)
        try perform(batch)
    }

    /// Says whose a link is that somebody else has made, and gives it a MAC of its own.
    package mutating func mark(_ link: LinkReference, alias: String, mac: MACAddress) throws(OperationError) {
        var batch = RequestBatch(capacity: 512)
        batch.setAlias(link, alias)
        batch.setMAC(link, mac)
        try perform(batch)
    }

    /// Waits for RCU: some 20 ms for a veth pair, 30 ms for a bridge.
    ///
    /// - Returns: false when there was no such link.
    @discardableResult
    package mutating func deleteLink(_ link: LinkReference) throws(OperationError) -> Bool {
        var batch = RequestBatch(capacity: 128)
        batch.deleteLink(link)
        do throws(OperationError) {
            try perform(batch)
            return true
        } catch  where error.errno == ENODEV {
            return false
        }
    }
}
