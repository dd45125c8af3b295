/// What a container's environment says of another one that it is linked to on the predefined network, as Docker's `--link` has it.
package struct LinkVariables {
    /// In capitals, as all of them begin.
    private let prefix: String
    private let address: IPAddress
    private let ports: [Port]

    private struct Port {
        let number: UInt16
        let transport: String

        /// Reads `80/tcp`.
        init?(_ text: String) {
            let parts = text.split(separator: "/")
            guard parts.count == 2, let number = UInt16(parts[0]) else { return nil }
            self.number = number
            transport = String(parts[1])
        }

        static func precedes(_ left: Port, _ right: Port) -> Bool {
            (left.number, left.transport) < (right.number, right.transport)
        }
    }

    /// - Parameter exposed: ports that the other one says are of use, `80/tcp`.
    package init(_ alias: Name, at address: IPAddress, exposed: [String]) {
        prefix = alias.text.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        self.address = address
        ports = exposed.compactMap(Port.init).sorted(by: Port.precedes)
    }

    /// `KEY=VALUE` each.
    /// - Parameters:
    ///   - name: of the link: `/web/db`.
    ///   - environment: what the other one was given.
    package func all(name: String, environment: [String]) -> [String] {
        let first = ports.first.map { ["\(prefix)_PORT=\(url($0))"] } ?? []
        let given = environment.filter { !$0.hasPrefix("HOME=") && !$0.hasPrefix("PATH=") }
        return first + ranges + ports.flatMap(single) + ["\(prefix)_NAME=\(name)"]
            + given.map { "\(prefix)_ENV_\($0)" }
    }

    private func url(_ port: Port) -> String { "\(port.transport)://\(address):\(port.number)" }

    private func key(_ port: Port, as transport: String? = nil) -> String {
        "\(prefix)_PORT_\(port.number)_\((transport ?? port.transport).uppercased())"
    }

    private func single(_ port: Port) -> [String] {
        let key = key(port)
        return [
            "\(key)=\(url(port))", "\(key)_ADDR=\(address)", "\(key)_PORT=\(port.number)",
            "\(key)_PROTO=\(port.transport)",
        ]
    }

    /// Of three and more in a row.
    private var ranges: [String] {
        var lines: [String] = []
        var start = 0
        while start < ports.count {
            var end = start
            while end + 1 < ports.count, ports[end + 1].number == ports[end].number &+ 1 { end += 1 }
            if end > start + 1 { lines += range(ports[start], ports[end]) }
            start = end + 1
        }
        return lines
    }

    private func range(_ first: Port, _ last: Port) -> [String] {
        let key = key(first)
        return [
            "\(key)_START=\(url(first))", "\(key)_ADDR=\(address)", "\(key)_PROTO=\(first.transport)",
            "\(key)_PORT_START=\(first.number)", "\(self.key(first, as: last.transport))_END=\(url(last))",
            "\(self.key(first, as: last.transport))_PORT_END=\(last.number)",
        ]
    }
}
