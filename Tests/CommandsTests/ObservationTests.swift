import Core
import Forms
import Testing

@testable import Commands

/// What the commands that tell about containers and the store are asked for.
@Suite struct ObservationTests {
    // MARK: events

    private func allows(_ event: Event, _ filters: String...) throws -> Bool {
        try EventsCommand.parse(filters.flatMap { ["-f", $0] }[...]).command.allows(event)
    }

    @Test func eventsAreFiltered() throws {
        let exec = Event(
            .container, "exec_create: sh", "4f4f4f", ["name": "web", "image": "nginx:latest", "tier": "front"])
        let image = Event(.image, "tag", "sha256:aa", ["name": "nginx:latest"])
        let network = Event(.network, "connect", "0a0a", ["name": "br0", "container": "4f4f4f"])
        for filter in [
            "type=container", "event=exec_create", "event=exec_create: sh", "container=web", "container=4f4f",
            "image=nginx", "image=nginx:latest", "label=tier", "label=tier=front",
        ] {
            #expect(try allows(exec, filter), "\(filter)")
        }
        for filter in ["type=image", "event=exec", "container=we", "network=web", "label=tier=back", "image=ngin"] {
            #expect(try !allows(exec, filter), "\(filter)")
        }
        #expect(try allows(exec, "event=die", "event=exec_create") && !allows(exec, "event=die"))
        #expect(try allows(image, "image=nginx") && allows(image, "image=sha256:aa") && !allows(image, "container=x"))
        #expect(try allows(network, "network=br0") && allows(network, "network=0a0a"))
        #expect(try !allows(network, "container=web"))
    }

    @Test func fieldsOfEvents() throws {
        let told: JSON = ["status": "start", "id": "4f", "timeNano": 7, "Actor": ["ID": "4f", "Attributes": [:]]]
        let template = try Template(parsing: "{{.Status}} {{.ID}} {{.TimeNano}} {{.Actor.ID}}")
        #expect(try template.evaluate(told) == "start 4f 7 4f")
    }

    // MARK: prune

    private func takes(_ labels: [String: String], _ age: Int64, _ filters: String...) throws -> Bool {
        var options = PruneOptions()
        for filter in filters { try options.filter.add(filter) }
        let now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        let selection = try options.selection(now: now)
        return selection(labels, Timestamp(nanoseconds: now.nanoseconds - age * 1_000_000_000))
    }

    @Test func pruneTakesWhatItIsTold() throws {
        #expect(try takes([:], 0))
        #expect(try takes(["a": "1"], 0, "label=a") && takes(["a": "1"], 0, "label=a=1"))
        #expect(try !takes(["a": "1"], 0, "label=a=2") && !takes(["a": "1"], 0, "label=b"))
        #expect(try !takes(["a": "1"], 0, "label!=a") && takes(["a": "1"], 0, "label!=b"))
        #expect(try takes(["a": "1"], 0, "label!=a=2") && !takes(["a": "1"], 0, "label!=a=1"))
        #expect(try takes([:], 7200, "until=1h") && !takes([:], 1800, "until=1h"))
        #expect(try takes([:], 10, "until=1700000000") && !takes([:], 10, "until=1699999980"))
        for wrong in [["until=never"], ["until=1h", "until=2h"], ["color=red"]] {
            #expect(throws: OperationError.self) {
                var options = PruneOptions()
                for filter in wrong { try options.filter.add(filter) }
                _ = try options.selection(now: Timestamp(nanoseconds: 0))
            }
        }
    }

    // MARK: top

    private func columns(_ words: String...) throws -> [String] { try ProcessFormat(words).columns.map(\.header) }

    @Test func shapesOfPs() throws {
        let full = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
        #expect(try columns() == full && columns("-ef") == full && columns("-e", "-f") == full)
        let ofUsers = ["USER", "PID", "%CPU", "%MEM", "VSZ", "RSS", "TTY", "STAT", "START", "TIME", "COMMAND"]
        #expect(try columns("aux") == ofUsers && columns("-aux") == ofUsers)
        #expect(try columns("-e") == ["PID", "TTY", "TIME", "CMD"])
        #expect(try columns("-o", "pid,ppid,cmd") == ["PID", "PPID", "CMD"])
        #expect(try columns("-eo", "pid,user") == ["PID", "USER"] && columns("-opid") == ["PID"])
        #expect(try columns("-o", "pid=NUMBER", "-o", "args=") == ["NUMBER", ""])
        for wrong in [["-C", "sh"], ["--forest"], ["-o", "pid,nope"], ["-o", "cmd"], ["-o"], ["-u", "root"]] {
            #expect(throws: OperationError.self, "\(wrong)") { try ProcessFormat(wrong) }
        }
    }

    // MARK: lists

    @Test func patternsOfReferences() {
        for (pattern, name) in [
            ("busybox", "busybox:latest"), ("busybox:*", "busybox:1"), ("*:latest", "busybox:latest"),
            ("busy*", "busybox:latest"), ("*/app", "me/app:1"), ("me/app:?", "me/app:1"),
            ("localhost:5000/*", "localhost:5000/app:1"), ("[bx]usybox", "busybox:latest"),
        ] {
            #expect(ReferencePattern(pattern).matches(name), "\(pattern)")
        }
        for (pattern, name) in [
            ("busy", "busybox:latest"), ("*", "me/app:1"), ("busybox:2", "busybox:1"), ("", "busybox:latest"),
        ] {
            #expect(!ReferencePattern(pattern).matches(name), "\(pattern)")
        }
    }

    private func images(_ words: String...) throws -> String {
        func image(_ digit: String, _ names: [String], _ seconds: Int64, _ labels: [String: String]) -> ImageSummary {
            var image = ImageSummary(
                id: "sha256:" + String(repeating: digit, count: 64), references: names,
                created: Timestamp(nanoseconds: seconds * 1_000_000_000), size: 1)
            image.labels = labels
            return image
        }
        let all = [
            image("c", ["app:1", "app:latest"], 300, ["a": "1"]), image("b", [], 200, [:]),
            image("a", ["base:latest"], 100, [:]),
        ]
        return try ImagesCommand.parse((["--format", "{{.Repository}}:{{.Tag}}"] + words)[...]).command.text(
            of: all, wanted: nil, now: Timestamp(nanoseconds: 400_000_000_000))
    }

    @Test func imagesAreFiltered() throws {
        #expect(try images("-f", "dangling=true") == "<none>:<none>\n")
        #expect(try images("-f", "dangling=false") == "app:1\napp:latest\nbase:latest\n")
        #expect(try images("-f", "reference=app:*") == "app:1\napp:latest\n")
        #expect(try images("-f", "reference=app:1", "-f", "reference=base") == "app:1\nbase:latest\n")
        #expect(try images("-f", "label=a") == "app:1\napp:latest\n")
        #expect(try images("-f", "before=app") == "<none>:<none>\nbase:latest\n")
        #expect(try images("-f", "since=aaaa") == "app:1\napp:latest\n<none>:<none>\n")
        #expect(try images("-f", "until=150") == "base:latest\n")
        #expect(throws: OperationError("No such image: nope", kind: .notFound)) { try images("-f", "before=nope") }
    }

    private func networks(_ words: String...) throws -> String {
        func network(_ name: String, _ digit: String) throws -> NetworkDefinition {
            NetworkDefinition(
                id: try #require(ContainerID(String(repeating: digit, count: 64))), name: try #require(Name(name)),
                driver: "bridge", gateway: Subnet("10.0.0.1/24"), device: name, mtu: nil,
                isInternal: false, labels: [:], created: Timestamp(nanoseconds: 0))
        }
        let all = [try network("bridge", "a"), try network("used", "b"), try network("idle", "c")]
        return try NetworkListCommand.parse((["--format", "{{.Name}}"] + words)[...]).command.text(
            of: all, used: [all[1].id])
    }

    @Test func networksAreFiltered() throws {
        #expect(try networks("-f", "type=custom") == "idle\nused\n")
        #expect(try networks("-f", "type=builtin") == "bridge\n")
        #expect(try networks("-f", "dangling=true") == "idle\n")
        #expect(try networks("-f", "dangling=false") == "bridge\nused\n")
        #expect(try networks("-f", "scope=local") == "bridge\nidle\nused\n")
        #expect(try networks("-f", "scope=swarm") == "")
    }
}
