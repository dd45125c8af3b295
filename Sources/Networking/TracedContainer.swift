import Core

/// A container that a packet may come from or go to.
package struct TracedContainer: Equatable, Sendable {
    package let name: String
    package let endpoints: [Endpoint]

    package init(_ name: String, _ endpoints: [Endpoint]) {
        self.name = name
        self.endpoints = endpoints
    }
}
