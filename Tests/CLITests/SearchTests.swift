import Foundation
import Testing

/// A registry that knows how to search (Tests/Servers).
final class SearchServer {
    let port: Int
    private let log: String
    private let server: Int32

    init(_ scratch: String, port: Int) throws {
        self.port = port
        log = "\(scratch)/searches-\(port)"
        server = try TestRegistry.start(
            ["/usr/bin/python3", TestRegistry.script("search_server.py"), "\(port)", log], log: scratch + "/servers.log"
        )
        Host.eventually("it listens") { TestRegistry.listens(port) }
    }

    deinit {
        kill(server, SIGKILL)
        waitpid(server, nil, 0)
    }

    var requests: [String] { Host.read(log).split(separator: "\n").map(String.init) }
}

extension CLI {
    @Suite(.serialized) struct Search {
        @Test func whatARegistryFinds() throws {
            try withScratch { scratch in
                let server = try SearchServer(scratch, port: 5011)
                let place = "localhost:5011"
                let table = succeed("search", "\(place)/a b")
                #expect(
                    table.lines.map { $0.split(separator: " ").joined(separator: " ") } == [
                        "NAME DESCRIPTION STARS OFFICIAL AUTOMATED", "\(place)/thing The first one 4000 [OK]",
                        "\(place)/some/thing Not the first one, and with a description th… 7 [OK]",
                        "\(place)/bare\\x1b[31m 0",
                    ], "\(table.text)")
                #expect(server.requests.last == "/v1/search?q=a%20b&n=25", "\(server.requests)")
                #expect(server.requests.count == 2)
                for (flags, output) in [
                    (
                        ["--limit", "1", "--format", "{{.Name}} {{.StarCount}} {{.IsOfficial}}"],
                        "\(place)/some/thing 7 false\n"
                    ),
                    (["-f", "stars=8", "--format", "{{.Name}}"], "\(place)/thing\n"),
                    (
                        ["-f", "is-official=false", "-f", "is-automated=true", "--format", "{{.Name}}"],
                        "\(place)/some/thing\n"
                    ),
                    (
                        ["--no-trunc", "-f", "stars=7", "-f", "is-official=false", "--format", "{{.Description}}"],
                        "Not the first one, and with a description that is much too long for a table\n"
                    ),
                ] { #expect(Host.run([Host.mydocker, "search"] + flags + [place + "/x"]).text == output, "\(flags)") }
                #expect(succeed("search", place + "/none").lines.count == 1)
            }
        }

        @Test func whatCannotBeSearched() throws {
            try withScratch { scratch in
                let server = try SearchServer(scratch, port: 5011)
                for (words, message, code) in [
                    (["localhost:5011/busy"], "Unexpected status code 403", 1),
                    (["localhost:5011/broken"], "its answer is not valid", 1),
                    (["localhost:1/x"], "connection refused", 1),
                    (["http://localhost:5011/x"], "invalid search term", 1),
                    (["localhost:5011/"], "invalid search term", 1),
                    ([""], "invalid search term", 1), ([], "requires 1 argument", 1),
                    (["--limit", "0", "x"], "outside the range of [1, 100]", 125),
                    (["-f", "stars=x", "x"], "invalid filter", 1), (["-f", "nosuch=x", "x"], "invalid filter", 1),
                    (["-f", "is-official=maybe", "x"], "invalid filter", 1),
                ] as [([String], String, Int32)] {
                    let outcome = Host.run([Host.mydocker, "search"] + words)
                    #expect(outcome.code == code && outcome.error.contains(message), "\(words): \(outcome.error)")
                    #expect(outcome.text.isEmpty)
                }
                #expect(server.requests.count == 4)
            }
        }
    }
}
