import Core

/// A list, with what could not be read of it: one broken record must not hide the others.
package struct Listing<Element: Sendable>: Sendable {
    package var elements: [Element]
    package var failures: [OperationError]

    package init(elements: [Element], failures: [OperationError]) {
        self.elements = elements
        self.failures = failures
    }
}
