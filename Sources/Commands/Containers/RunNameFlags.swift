import Core
import Engine

/// What a container is told about names, and which of its ports are of use.
extension RunCommand {
    static var names: [Flag<RunCommand>] {
        resolver + [
            .value("add-host", "NAME:ADDRESS", "Add a line to /etc/hosts; host-gateway is this host") {
                command, text throws(OperationError) in
                guard let host = ExtraHost(text) else {
                    throw OperationError("bad format for add-host", remedy: "use NAME:ADDRESS", kind: .invalid)
                }
                command.request.names.extraHosts.append(host)
            },
            .value("link", "CONTAINER[:ALIAS]", "Add a running container to /etc/hosts") {
                command, text throws(OperationError) in
                command.request.links.append(try SimpleValue.nonEmpty(text))
            },
            .toggle("no-hosts", "Leave /etc/hosts as the image has it") { $0.request.names.hasHostsFile = !$1 },
            .value("domainname", "NAME", "NIS domain, and what comes behind the host name") {
                command, text throws(OperationError) in
                command.request.names.domain = try SimpleValue.hostname(text)
            },
            .value("expose", "PORT[-PORT][/udp]", "A port that is of use, for -P") {
                command, text throws(OperationError) in
                command.request.exposedPorts += try PortValue.exposed(text)
            },
        ]
    }

    private static var resolver: [Flag<RunCommand>] {
        [
            .value("dns", "ADDRESS[%LINK]", "DNS server instead of the host's; repeatable") {
                command, text throws(OperationError) in
                command.request.names.servers.append(try SimpleValue.server(text))
            },
            .value("dns-search", "DOMAIN", "Domain to search names in; a dot is none") {
                command, text throws(OperationError) in
                command.request.names.searches.append(try SimpleValue.resolverWord(text))
            },
            .value("dns-option", also: ["dns-opt"], "OPTION", "Option of resolv.conf, such as ndots:2") {
                command, text throws(OperationError) in
                command.request.names.options.append(try SimpleValue.resolverWord(text))
            },
        ]
    }
}
