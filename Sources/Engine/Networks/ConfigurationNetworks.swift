import Core
import Networking
import Records

/// Networks that are there for others to be made like them. The sentences are Docker's.
extension NetworkRequest {
    func checkConfiguration() throws(OperationError) {
        if isConfigOnly {
            if isInternal || isAttachable {
                throw invalid(
                    "configuration network can only contain network specific fields. Network operator fields like "
                        + "[ ingress | internal | attachable | scope ] are not supported.")
            }
            if driver != "bridge" || firewall != nil {
                throw invalid("a configuration network has neither driver nor firewall: those that are made like it do")
            }
            if configFrom != nil {
                throw invalid("a configuration network cannot depend on another configuration network")
            }
        }
        guard configFrom != nil else { return }
        guard subnets.isEmpty, gateways.isEmpty, ranges.isEmpty, auxiliary.isEmpty, labels.isEmpty, givesAddresses
        else {
            throw invalid(
                "user specified configurations are not supported if the network depends on a configuration network")
        }
        if options != NetworkOptions() {
            throw invalid(
                "network driver options are not supported if the network depends on a configuration network")
        }
    }

    /// With what `model` says.
    func like(_ model: NetworkDefinition) throws(OperationError) -> NetworkRequest {
        guard model.isConfigOnly else { throw invalid("\"\(model.name)\" is not a configuration network") }
        var request = self
        request.subnets = model.gateways.map(\.network)
        request.gateways = model.gateways.map(\.address)
        if model.enabledFamilies.contains(.ipv6) { request.hasIPv6 = true }
        if !model.enabledFamilies.contains(.ipv4) { request.hasIPv4 = false }
        request.givesAddresses = model.givesAddresses
        request.ranges = model.ranges
        request.auxiliary = model.auxiliary
        request.labels = model.labels
        request.options = try NetworkOptions(model.options.texts, driver: driver)
        request.configFrom = model.name.text
        return request
    }

    private func invalid(_ sentence: String) -> OperationError { OperationError(sentence, kind: .invalid) }
}

extension Engine {
    /// What a request asks for when what it is to be like is looked up.
    func resolved(_ request: NetworkRequest) throws(OperationError) -> NetworkRequest {
        guard let name = request.configFrom else { return request }
        guard let model = try networkStore.find(name) else {
            throw OperationError("configuration network \"\(name)\" does not exist", kind: .notFound)
        }
        let request = try request.like(model)
        try request.checkOptions(of: host.drivers.named(request.driver, mode: request.options.mode))
        return request
    }
}
