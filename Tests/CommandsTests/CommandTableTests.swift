import Testing

@testable import Commands

@Suite struct CommandTableTests {
    @Test func everyNameLeadsToItsCommand() {
        for command in CommandLineTool.commands {
            for name in command.synopsis.names {
                let words = name.split(separator: " ").map(String.init) + ["rest"]
                let found = CommandLineTool.find(words[...])
                #expect(found?.0.synopsis.name == command.synopsis.name)
                #expect(found?.1 == ["rest"])
            }
        }
    }

    /// Docker's names for what has a short one, too.
    @Test func commandsOfContainersAndImagesHaveTheirNoun() {
        let words = [
            ("container ls", "ps"), ("container list", "ps"), ("container ps", "ps"), ("container run", "run"),
            ("container rm", "rm"), ("container remove", "rm"), ("container exec", "exec"),
            ("container stop", "stop"), ("container inspect", "container inspect"), ("container commit", "commit"),
            ("image ls", "images"),
            ("image list", "images"), ("image rm", "rmi"), ("image remove", "rmi"), ("image load", "load"),
            ("image save", "save"),
            ("image import", "import"), ("image tag", "tag"), ("image inspect", "image inspect"),
        ]
        for (written, name) in words {
            let found = CommandLineTool.find(written.split(separator: " ").map(String.init)[...])
            #expect(found?.0.synopsis.name == name, "\(written)")
            #expect(found?.1.isEmpty ?? false, "\(written)")
        }
        for wrong in [
            ["image", "images"], ["image", "rmi"], ["image", "run"], ["container", "images"], ["image", "commit"],
        ] {
            #expect(CommandLineTool.find(wrong[...]) == nil, "\(wrong)")
        }
    }

    @Test func noNameIsThereTwice() {
        let names = CommandLineTool.commands.flatMap { $0.synopsis.names }
        #expect(Set(names).count == names.count)
    }

    @Test func namesOfFlagsAreUnique() {
        func check<Found: Command>(_ command: Found.Type) {
            let flags = command.flags.map(\.specification)
            let names = flags.flatMap(\.longNames)
            let letters = flags.compactMap(\.letter)
            #expect(Set(names).count == names.count)
            #expect(Set(letters).count == letters.count)
            #expect(names.allSatisfy { $0.count > 1 }, "a letter is not a name")
            #expect(flags.allSatisfy { !$0.help.isEmpty })
        }
        for command in CommandLineTool.commands { check(command) }
    }

    @Test func editDistance() {
        #expect(Suggestion.distance("subset", "subnet") == 1)
        #expect(Suggestion.distance("nmae", "name") == 1)
        #expect(Suggestion.distance("", "abc") == 3)
        #expect(Suggestion.distance("same", "same") == 0)
        #expect(Suggestion.nearest(to: "x", among: ["name", "net"]) == nil)
        #expect(Suggestion.nearest(to: "detatch", among: ["detach", "attach"]) == "detach")
    }
}
