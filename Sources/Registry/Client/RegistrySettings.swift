import Core
import Glibc
import Linux
import Transfer

/// What this host and the caller say about registries: read once for a command that needs one.
package struct RegistrySettings: Sendable {
    package let configuration: RegistriesConfiguration
    package let credentials: CredentialStore
    let proxies: ProxySettings
    let headers: HTTPHeaders

    package init(environment: (String) -> String?) throws(OperationError) {
        configuration = try RegistriesConfiguration.read(environment: environment)
        credentials = CredentialStore(environment: environment)
        proxies = ProxySettings(environment)
        headers = HTTPHeaders(try credentials.headers().filter { HTTPHeaders.isValue($0.name + $0.value) })
    }
}

extension RegistrySettings {
    /// A registry as a whole.
    package func source(of registry: String) throws(OperationError) -> RegistrySource {
        let isInsecure = configuration.registries.contains { $0.location == registry && $0.isInsecure }
        return RegistrySource(registry: registry, repository: "", isInsecure: isInsecure)
    }
}

extension RegistriesConfiguration {
    private static let own = "/etc/mydocker/registries.conf"
    private static let common = "/etc/containers/registries.conf"

    /// Our own file, if there is one; else that of podman and skopeo, with what is beside it in `registries.conf.d`.
    package static func read(environment: (String) -> String?) throws(OperationError) -> RegistriesConfiguration {
        if let path = environment("CONTAINERS_REGISTRIES_CONF"), !path.isEmpty { return try read([path]) }
        if Files.exists(own) { return try read([own]) }
        let directory = common + ".d"
        let more = try Files.names(in: directory).filter { $0.hasSuffix(".conf") }.sorted()
        return try read((Files.exists(common) ? [common] : []) + more.map { "\(directory)/\($0)" })
    }

    private static func read(_ paths: [String]) throws(OperationError) -> RegistriesConfiguration {
        var configuration = RegistriesConfiguration()
        for path in paths {
            let bytes = try Files.readConfiguration(path, limit: 1 << 20)
            do {
                try configuration.add(TOMLReader.parse(bytes))
            } catch {
                throw OperationError("read", path, reason: "\(error)", remedy: "see registries.conf(5)", kind: .invalid)
            }
        }
        return configuration
    }
}

extension TransferTrust {
    private static let directories = ["/etc/mydocker/certs.d", "/etc/docker/certs.d", "/etc/containers/certs.d"]

    /// Of a registry: `certs.d/HOST[:PORT]/` has its authorities (`*.crt`) and a client's `*.cert` and `*.key`.
    init(registry: String, isInsecure: Bool) throws(OperationError) {
        self.init()
        skipsVerification = isInsecure
        for directory in Self.directories.map({ "\($0)/\(registry)" }) {
            let names = try Files.names(in: directory).sorted()
            for name in names where name.hasSuffix(".crt") {
                certificates += try Self.authority("\(directory)/\(name)") + [0x0a]
            }
            for name in names where name.hasSuffix(".cert") && client == nil {
                let key = "\(directory)/\(name.dropLast(5)).key"
                guard Files.exists(key) else {
                    throw OperationError(
                        "missing key \(key) for client certificate \(directory)/\(name)", remedy: "put it there",
                        kind: .invalid)
                }
                for path in ["\(directory)/\(name)", key] { try Self.checkFile(path) }
                client = ClientCertificate(certificate: "\(directory)/\(name)", key: key)
            }
            if !names.isEmpty { return }
        }
    }

    /// Of a file that has none nobody would say afterwards which one it was.
    private static func authority(_ path: String) throws(OperationError) -> [UInt8] {
        try checkFile(path)
        let bytes = try Files.readRecord(path, limit: 4 << 20)
        guard String(kernel: bytes).contains("-----BEGIN ") else {
            throw OperationError(
                "read certificate", path, reason: "there is none in it in PEM form",
                remedy: "convert it, openssl x509 -inform der -in FILE -out \(path), or remove it", kind: .invalid)
        }
        return bytes
    }

    /// A client's are opened by a library, which would wait for whoever writes to a pipe.
    private static func checkFile(_ path: String) throws(OperationError) {
        guard let status = Files.status(path), !status.isRegular else { return }
        throw OperationError(
            "read certificate", path, reason: "it is no regular file",
            remedy: "put the file itself there, or a link to it",
            kind: .invalid)
    }
}
