import Core
import Foundation
import Linux
import TestSupport
import Testing

@testable import Engine

/// `image files` and `image diff` while images go.
@Suite struct ImageReadingTests {
    private let place: Place
    private let layers: [String]

    init() throws {
        place = try Place()
        let path = place.directory.path
        layers = [path + "/layer-1", path + "/layer-2"]
        for layer in layers { try Files.makeDirectory(layer) }
    }

    private func refusal(_ body: () throws(OperationError) -> Void) -> OperationError? {
        do throws(OperationError) { try Engine.reading(layers, body) } catch { return error }
        return nil
    }

    @Test func whatStaysIsRead() throws {
        let value = try Engine.reading(layers) { () throws(OperationError) in 7 }
        #expect(value == 7)
        let failure = refusal { () throws(OperationError) in throw OperationError("read", errno: EIO) }
        #expect(failure?.errno == EIO)
    }

    /// Whether what was read looks whole or not.
    @Test func whatHasGoneIsSaid() throws {
        let gone = layers[1], moved = gone + ".moved"
        for failure in [nil, OperationError("read", errno: ENOENT)] {
            let said = refusal { () throws(OperationError) in
                try Files.move(gone, to: moved)
                if let failure { throw failure }
            }
            #expect(said?.cause == .reason("it was removed meanwhile") && said?.kind == .notFound)
            try Files.move(moved, to: gone)
        }
        // Another one of that name is not the same.
        let said = refusal { () throws(OperationError) in
            try Files.move(gone, to: moved)
            try Files.makeDirectory(gone)
        }
        #expect(said?.kind == .notFound)
    }
}
