import Core

/// What is said to questions that had come before this was made: what names mean, as the records have it at this moment, and whom
/// others are asked of. What was found out for one of them holds for all.
package final class NamesNow {
    private let run: ContainerRun
    private var known: [(name: DomainName, meaning: NameMeaning)] = []
    package private(set) lazy var servers = run.nameServers()

    package init(_ run: ContainerRun) { self.run = run }

    package func meaning(of name: DomainName) -> NameMeaning {
        if let known = known.first(where: { $0.name == name }) { return known.meaning }
        let meaning = run.meaning(of: name)
        known.append((name, meaning))
        return meaning
    }

    package func meaning(of address: IPAddress) -> NameMeaning { run.meaning(of: address) }
}
