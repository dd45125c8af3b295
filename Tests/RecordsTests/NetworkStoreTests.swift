import Core
import Foundation
import Linux
import Testing

@testable import Records

private func network(_ name: String, id: ContainerID = .random()) throws -> NetworkDefinition {
    NetworkDefinition(
        id: id, name: try #require(Name(name)), driver: "bridge", gateway: Subnet("10.1.2.1/24"),
        device: "br0", mtu: nil, isInternal: false, labels: ["a": "b"], created: Timestamp(nanoseconds: 7))
}

@Suite struct NetworkStoreTests {
    let scratch: Scratch
    let store: NetworkStore

    init() throws {
        scratch = try Scratch()
        try scratch.layout.prepare()
        store = NetworkStore(scratch.layout)
    }

    @Test func aNetworkIsKeptUnderItsIDAndFoundByItsName() throws {
        let made = try network("br0")
        try store.create(made)
        #expect(try Files.names(in: scratch.layout.networks) == ["\(made.id).json"])
        #expect(try Files.names(in: scratch.layout.networkNames) == ["br0"])
        #expect(scratch.layout.addressPool(made) == "\(scratch.layout.runtime)/networks/\(made.id)/pool")
        for text in ["br0", made.id.hex, made.id.short, String(made.id.hex.prefix(1))] {
            #expect(try store.find(text) == made, "\(text)")
        }
        #expect(try store.definition(named: made.name) == made)
        for text in ["br", "br00", "", "x/y", "../networks/br0"] { #expect(try store.find(text) == nil, "\(text)") }

        try store.remove(made)
        #expect(try store.find("br0") == nil && store.find(made.id.hex) == nil)
        #expect(
            try Files.names(in: scratch.layout.networks) == [] && Files.names(in: scratch.layout.networkNames) == [])
    }

    /// As `create` and `remove` leave them when they are killed.
    /// What a move has not come to the end of is on record, and else there is no word of it.
    @Test func aMoveIsOnRecord() throws {
        let made = try network("br0")
        #expect(made.json["formerFirewall"] == nil && made.json["firewall"] == nil)
        var moving = made
        (moving.firewall, moving.formerFirewall) = (.nftables, .iptables)
        try store.create(moving)
        #expect(try store.find("br0") == moving)
        try store.replace(made)
        #expect(try store.find("br0")?.formerFirewall == nil)
    }

    @Test func namesOfNoNetworkGo() throws {
        let (made, damaged) = (try network("made"), try network("damaged"))
        try store.create(made)
        try store.create(damaged)
        try Files.replace("\(scratch.layout.networks)/\(damaged.id).json", Array("{".utf8))
        #expect(try store.names.reserve(try #require(Name("gone")), for: .random()))
        try store.removeUnfinished()
        #expect(Set(try Files.names(in: scratch.layout.networkNames)) == ["made", "damaged"])
        #expect(try store.find("made") == made)
    }

    /// Those that every host has are found by any start of their ids that is nobody else's: nothing of them need be on record.
    @Test func startsOfTheIDsOfThoseThatAreThere() throws {
        func named(_ text: String) throws -> String? { try store.builtInName(text)?.text }
        // In ASCII: 62 is b, 68 is h, 6e is n.
        for (text, name) in [
            ("62", "bridge"), ("627", "bridge"), ("68", "host"), ("6e6f6e65", "none"), ("host", "host"),
        ] {
            #expect(try named(text) == name, "\(text)")
        }
        #expect(try named("6e6f6e65" + String(repeating: "0", count: 56)) == "none")
        for text in ["", "63", "hos", "68 ", "6E", "686f73741"] { #expect(try named(text) == nil, "\(text)") }
        func isAmbiguous(_ text: String) -> Bool {
            do throws(OperationError) { _ = try store.builtInName(text) } catch { return error.kind == .conflict }
            return false
        }
        #expect(isAmbiguous("6"))
        try store.create(try network("made", id: try #require(ContainerID("68" + String(repeating: "7", count: 62)))))
        #expect(isAmbiguous("68"))
        #expect(try named("686") == "host" && named("687") == nil)
        // One that somebody has used is on record, and is the same one still.
        let bridge = try #require(Name("bridge"))
        try store.create(try network("bridge", id: .ofPredefinedNetwork(bridge)))
        #expect(try named("62") == "bridge")
        try store.create(try network("62"))
        #expect(try named("62") == nil && store.find("62")?.name.text == "62")
    }

    /// A name may look like the id of another network.
    @Test func aNameIsNoID() throws {
        let first = try network("br0")
        let second = try network(first.id.hex)
        try store.create(first)
        #expect(try store.definition(named: second.name) == nil)
        try store.create(second)
        #expect(try store.find(first.id.hex) == second)
        #expect(try store.find(first.id.short) == first)
        try store.remove(second)
        #expect(try store.find(first.id.hex) == first)
    }

    @Test func ofManyOfOneNameOneIsMade() throws {
        let networks = try (0..<8).map { _ in try network("both") }
        let store = store
        DispatchQueue.concurrentPerform(iterations: networks.count) { index in
            do throws(OperationError) {
                try FileLock.holding(store.layout.registryLock) { () throws(OperationError) in
                    try store.create(networks[index])
                }
            } catch {
                #expect(error.kind == .conflict)
                #expect(error.description.contains("network with name both already exists"))
            }
        }
        let made = try store.all().definitions
        #expect(made.count == 1 && networks.contains(made[0]))
        #expect(try store.find("both") == made.first)
    }

    /// Killed after the link, before the definition: there is no network, and the name is free.
    @Test func aNameWithoutANetworkIsFree() throws {
        let killed = try network("br0")
        #expect(try store.names.reserve(killed.name, for: killed.id))
        #expect(try store.find("br0") == nil)
        let next = try network("br0")
        try store.create(next)
        #expect(try store.find("br0") == next)
        #expect(store.names.owner(of: next.name) == next.id)
    }

    /// Killed while it was removed, when the link had gone; or a power cut has taken that.
    @Test func aNetworkWithoutALinkIsFoundAndRemoved() throws {
        let made = try network("br0")
        try store.create(made)
        try store.create(network("br1"))
        try store.names.release(made.name, of: made.id)
        #expect(try store.find("br0") == made)
        try store.remove(made)
        #expect(try store.find("br0") == nil)
        #expect(try store.all().definitions.map(\.name.text) == ["br1"])
    }

    @Test func allAreListedByNameAndTheDamagedAreNamed() throws {
        let networks = try ["c", "a", "b"].map { try network($0) }
        for network in networks { try store.create(network) }
        // Of somebody else.
        try Files.create("\(scratch.layout.networks)/.hidden.json", [])
        let path = "\(scratch.layout.networks)/\(networks[1].id).json"
        for (text, reason) in [
            ("{", "damaged record"), ("{\"version\":2}", "written by a newer mydocker"),
            (try #require(Files.text("\(scratch.layout.networks)/\(networks[0].id).json")), "it is of network c"),
        ] {
            try Files.replace(path, Array(text.utf8))
            let (definitions, failures) = try store.all()
            #expect(definitions.map(\.name.text) == ["b", "c"])
            #expect(failures.map(\.subject) == [path])
            #expect(failures.first?.description.contains(reason) == true, "\(failures)")
            // By its name as well, and it is not written over.
            let error = #expect(throws: OperationError.self) { try store.find("a") }
            #expect(error?.subject == path)
            #expect(throws: OperationError.self) { try store.create(network("a")) }
            #expect(Files.text(path) == text)
            #expect(try store.find("b") == networks[2])
        }
    }
}

/// Networks as the release before made them: `networks/<name>.json`, and no links.
@Suite struct FormerNetworkTests {
    let scratch: Scratch
    let store: NetworkStore
    let id = ContainerID.random()
    var file: String { scratch.layout.networks + "/old.net.json" }

    init() throws {
        scratch = try Scratch()
        try scratch.layout.prepare()
        try Files.removeDirectory(scratch.layout.networkNames)
        store = NetworkStore(scratch.layout)
        let text = """
            {"version":1,"id":"\(id)","name":"old.net","driver":"bridge","gateway":"10.9.8.1/24","device":"old.net",\
            "mtu":null,"internal":false,"labels":{},"created":1700000000000000000}

            """
        try Files.create(file, Array(text.utf8))
        try Files.makeDirectory(scratch.layout.runtimeNetworks + "/old.net")
    }

    @Test func itIsFoundListedAndRemoved() throws {
        let name = try #require(Name("old.net"))
        let found = try #require(try store.definition(named: name))
        #expect(found.id == id && found.name == name && found.gateway?.description == "10.9.8.1/24")
        #expect(try store.find(id.hex) == found && store.find(id.short) == found && store.find("old.net") == found)
        #expect(try store.isDefined(found))
        // As each command does that makes something.
        try scratch.layout.prepare()
        try store.create(network("new"))
        #expect(try store.all().definitions.map(\.name.text) == ["new", "old.net"])
        try store.remove(found)
        #expect(try store.find("old.net") == nil)
        #expect(!Files.exists(file) && !Files.exists(scratch.layout.runtimeNetworks + "/old.net"))
    }

    /// Its supervisors, which know it by its name only, have the same pool and the same lock.
    @Test func itsRuntimeFilesStayWhereTheyAre() throws {
        let found = try #require(try store.find("old.net"))
        #expect(scratch.layout.addressPool(found) == scratch.layout.runtimeNetworks + "/old.net/pool")
        #expect(scratch.layout.networkLock(found) == scratch.layout.runtimeNetworks + "/old.net/lock")
        let endpoint = Endpoint(
            id: .random(), network: found.name, networkID: id, address: found.gateway, gateway: nil,
            mac: try MACAddress(for: #require(found.gateway).address), interface: "eth0", bridge: "old.net", mtu: nil,
            ports: [])
        #expect(try store.definition(of: endpoint) == found)
    }

    @Test func itsNameIsTaken() throws {
        let error = #expect(throws: OperationError.self) { try store.create(network("old.net")) }
        #expect(error?.kind == .conflict)
        try store.remove(try #require(try store.find("old.net")))
        let next = try network("old.net")
        try scratch.layout.prepare()
        try store.create(next)
        #expect(try store.find("old.net") == next && next.key == next.id.hex)
    }

    /// Another network has its name by now: it is not that of who was on the old one.
    @Test func anEndpointIsOnItsOwnNetworkOnly() throws {
        let found = try #require(try store.find("old.net"))
        let endpoint = Endpoint(
            id: .random(), network: found.name, networkID: .random(), address: found.gateway, gateway: nil,
            mac: try MACAddress(for: #require(found.gateway).address), interface: "eth0", bridge: "old.net", mtu: nil,
            ports: [])
        #expect(try store.definition(of: endpoint) == nil)
    }

    @Test func damageNamesTheFile() throws {
        try Files.replace(file, Array("{".utf8))
        let error = #expect(throws: OperationError.self) { try store.find("old.net") }
        #expect(error?.subject == file && error?.kind == .damaged)
    }
}
