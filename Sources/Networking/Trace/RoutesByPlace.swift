import Core
import Netlink

/// Routes of one family, arranged for whoever asks which of them overlap a subnet. Of two that overlap one is in the other.
struct RoutesByPlace {
    let all: [RouteInfo]
    /// Where among `all` those to a destination are.
    private let places: [Subnet: [Int]]
    /// Of their destinations.
    private let lengths: Set<Int>
    /// All places, in the order of the destinations' first addresses.
    private let inOrder: [Int]

    init(_ routes: [RouteInfo]) {
        all = routes
        places = Dictionary(grouping: routes.indices) { routes[$0].destination.network }
        lengths = Set(routes.map(\.destination.prefixLength))
        inOrder = routes.indices.sorted { routes[$0].destination.first < routes[$1].destination.first }
    }

    /// In the order of all.
    func overlapping(_ subnet: Subnet) -> [RouteInfo] {
        let around = lengths.filter { $0 < subnet.prefixLength }.flatMap { length in
            places[Subnet(subnet.address, length).network] ?? []
        }
        let within = inOrder[firstPlace(from: subnet.first)...].prefix { all[$0].destination.first <= subnet.last }
        return Set(around + Array(within)).sorted().map { all[$0] }
    }

    /// Where in `inOrder` those begin that do not begin before an address.
    private func firstPlace(from address: IPAddress) -> Int {
        var (first, end) = (0, inOrder.count)
        while first < end {
            let middle = (first + end) / 2
            if all[inOrder[middle]].destination.first < address { first = middle + 1 } else { end = middle }
        }
        return first
    }
}
