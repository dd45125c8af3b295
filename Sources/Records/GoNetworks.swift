import Core
import Linux

/// What programs of the same name that are written in Go have left of their networks: three of them, with files that differ a little.
package struct GoNetworks: Equatable, Sendable {
    package struct Network: Equatable, Sendable {
        package let name: Name
        /// The gateway's address in the subnet.
        package let gateway: Subnet
        package let driver: String
        /// Of the pool: addresses that are marked as taken, without the gateway's.
        package var taken: [IPAddress] = []
    }

    /// A container that says it runs.
    package struct Container: Equatable, Sendable {
        package let name: String
        package let pid: Int32
        /// Nil where the program does not write it down.
        package let network: String?
    }

    package let networks: [Network]
    package let containers: [Container]

    /// Where they have their files, the first of them that is there counts.
    package static let directories = ["/var/lib/mydocker/network", "/var/run/mydocker/network"]

    /// - Parameter directory: with `network/NAME` and `ipam/subnet.json` in it; containers are beside it.
    /// - Throws: for every file that is there and cannot be read, naming it.
    package static func read(_ directory: String) throws(OperationError) -> GoNetworks {
        guard Files.isDirectory(directory + "/network") else {
            throw OperationError(
                "read networks", directory, reason: "there is no directory \"network\" in it", kind: .notFound)
        }
        // Each file there is a network's, so that is no directory of theirs.
        guard !Files.isDirectory(directory + "/network/network") else {
            throw OperationError(
                "read networks", directory, reason: "they are one directory further down",
                remedy: "name \(directory)/network", kind: .notFound)
        }
        let pools = try pools(directory + "/ipam/subnet.json")
        var networks: [Network] = []
        for file in try Files.names(in: directory + "/network").sorted() {
            let path = "\(directory)/network/\(file)"
            var network = try damaged(path) { json throws(RecordFault) in try Network(json, file) }
            network.taken = (pools[network.gateway.network] ?? []).filter { $0 != network.gateway.address }
            networks.append(network)
        }
        let parent = directory.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        return GoNetworks(networks: networks, containers: try containers(beside: parent))
    }

    /// One character for each address behind the first; 1 is taken.
    private static func pools(_ path: String) throws(OperationError) -> [Subnet: [IPAddress]] {
        guard Files.exists(path) else { return [:] }
        return try damaged(path) { json throws(RecordFault) in
            var pools: [Subnet: [IPAddress]] = [:]
            guard let members = json.members else { throw RecordFault("it is no JSON object") }
            for (key, value) in members {
                guard let subnet = Subnet(key), let bits = value.string,
                    bits.utf8.allSatisfy({ $0 == 0x30 || $0 == 0x31 })
                else { throw RecordFault("\"\(key)\" is no subnet with a line of 0 and 1") }
                let taken = bits.utf8.enumerated().filter { $0.element == 0x31 }.map(\.offset)
                pools[subnet.network] = taken.compactMap { subnet.first.advanced(by: UInt128($0 + 1)) }
            }
            return pools
        }
    }

    /// Two of the programs have a directory for each beside that of networks, one has them together.
    private static func containers(beside parent: String) throws(OperationError) -> [Container] {
        var containers: [Container] = []
        for directory in [parent, parent + "/containers"] where Files.isDirectory(directory) {
            for name in try Files.names(in: directory).sorted() {
                let path = "\(directory)/\(name)/config.json"
                guard Files.exists(path) else { continue }
                if let container = try damaged(path, Container.init) { containers.append(container) }
            }
        }
        return containers
    }

    private static func damaged<Value>(
        _ path: String, _ body: (JSON) throws(RecordFault) -> Value
    ) throws(OperationError) -> Value {
        let bytes = try Files.readRecord(path)
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: bytes)
        } catch {
            throw OperationError("read", path, reason: "it is no JSON: \(error)", kind: .damaged)
        }
        do throws(RecordFault) {
            return try body(json)
        } catch {
            throw OperationError("read", path, reason: error.reason, kind: .damaged)
        }
    }
}

/// Why a file does not say what it should.
package struct RecordFault: Error, Equatable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

extension GoNetworks.Network {
    /// `IPRange` in one program, `IpRange` in the others; the mask is four bytes in base64, as Go writes them.
    fileprivate init(_ json: JSON, _ file: String) throws(RecordFault) {
        guard let name = json["Name"]?.string.flatMap({ Name($0) }), name.text == file else {
            throw RecordFault("its name is not the file's")
        }
        guard let range = json["IPRange"] ?? json["IpRange"],
            let address = range["IP"]?.string.flatMap({ IPAddress($0) }),
            let mask = range["Mask"]?.string.flatMap(GoBytes.bytes), let length = Self.length(mask),
            address.family == .ipv4
        else { throw RecordFault("it has no IPRange with IP and Mask") }
        self.init(name: name, gateway: Subnet(address, length), driver: json["Driver"]?.string ?? "bridge")
    }

    private static func length(_ mask: [UInt8]) -> Int? {
        guard mask.count == 4 else { return nil }
        let bits = mask.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let length = bits.nonzeroBitCount
        return length == 0 || bits == UInt32.max << UInt32(32 - length) ? length : nil
    }
}

extension GoNetworks.Container {
    /// Nil of one that does not run.
    fileprivate init?(_ json: JSON) throws(RecordFault) {
        guard let pid = json["pid"]?.string, let name = json["name"]?.string else {
            throw RecordFault("it has no pid and name")
        }
        guard let number = Int32(pid.filter { $0 != " " }), number > 0 else { return nil }
        self.init(name: name, pid: number, network: json["networkName"]?.string)
    }
}

/// Bytes as Go writes them in JSON: base64 (RFC 4648, section 4).
enum GoBytes {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8.reversed().drop { $0 == UInt8(ascii: "=") }.reversed())
        guard text.utf8.count % 4 == 0, text.utf8.count - digits.count <= 2 else { return nil }
        var bytes: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            (bits, count) = (bits << 6 | UInt32(value), count + 6)
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
