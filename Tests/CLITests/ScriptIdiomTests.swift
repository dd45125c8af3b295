import Foundation
import Testing

/// A line as scripts have it, with what it must print and end with.
struct Idiom {
    let line: String
    let output: String
    let code: Int32

    init(_ line: String, _ output: String = "", _ code: Int32 = 0) {
        self.line = line
        self.output = output
        self.code = code
    }
}

extension CLI {
    /// What public scripts ask of `docker`, with Docker's answers: the same under both names, each line in a shell of its own.
    @Suite struct ScriptIdioms {
        /// What the lines find: a container that runs, one that has ended, a network, an image.
        private static let scene = """
            docker network create --subnet 10.231.0.0/24 idnet &&
            docker run -d --name idweb --net idnet --ip 10.231.0.9 -p 18231:80 -l tier=front -l a=b -e COLOR=red -w /tmp \
              -v /etc:/hostetc:ro busybox sleep 1000 &&
            { docker run --name iddone --net none busybox sh -c 'echo out; echo err >&2; exit 3'; [ $? = 3 ]; } &&
            docker tag busybox idapp:1.0
            """
        private static let clearance = """
            docker rm -f idweb iddone; docker network rm idnet; docker rmi idapp:1.0
            """

        /// - Parameter word: what `docker` stands for in the lines.
        private func check(as word: String) throws {
            #expect(Host.hasDefaultImage)
            try withScratch { directory in
                let link = "\(directory)/\(word)"
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Host.mydocker)
                let start = "T=\(directory); docker() { command \(link) \"$@\"; }; "
                try Ledger.expectUnchanged {
                    let scene = Host.shell(start + Self.scene)
                    defer { Host.shell(start + Self.clearance) }
                    try #require(scene.code == 0, "\(scene.error)")
                    for idiom in Self.idioms {
                        let outcome = Host.shell(start + idiom.line)
                        #expect(outcome.text == idiom.output, "\(word): \(idiom.line): \(outcome.error)")
                        #expect(outcome.code == idiom.code, "\(word): \(idiom.line): \(outcome.error)")
                    }
                }
            }
        }

        private static var idioms: [Idiom] {
            ScriptIdiomTable.inspect + ScriptIdiomTable.lists + ScriptIdiomTable.programs + ScriptIdiomTable.lives
                + ScriptIdiomTable.networks + ScriptIdiomTable.images + ScriptIdiomTable.program
        }

        @Test func calledAsMydocker() throws { try check(as: "mydocker") }
        @Test func calledAsDocker() throws { try check(as: "docker") }

        @Test func thereAreEnough() { #expect(Self.idioms.count >= 120) }
    }
}
