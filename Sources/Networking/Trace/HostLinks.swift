import Netlink

/// The links of this host, by index and by name.
struct HostLinks: Sendable {
    let all: [LinkInfo]
    let names: [Int32: String]
    private let byIndex: [Int32: LinkInfo]
    private let byName: [String: LinkInfo]

    init(_ all: [LinkInfo]) {
        self.all = all
        names = Dictionary(all.map { ($0.index, $0.name) }) { first, _ in first }
        byIndex = Dictionary(all.map { ($0.index, $0) }) { first, _ in first }
        byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
    }

    func link(_ index: Int32?) -> LinkInfo? { index.flatMap { byIndex[$0] } }
    func link(named name: String) -> LinkInfo? { byName[name] }
}
