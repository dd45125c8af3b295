import Core
import Forms
import Glibc
import Testing

@Suite struct EventTests {
    private let event = Event(
        .container, "exec_create: sh -c ls", "4f4f", ["name": "web", "image": "nginx:1", "a": "b"],
        at: Timestamp(nanoseconds: 1_700_000_000_123_456_789))

    @Test func theLineIsDockers() {
        // In the time zone of whoever runs this; the moment is the same.
        let rest = " container exec_create: sh -c ls 4f4f (a=b, image=nginx:1, name=web)"
        #expect(event.line.hasSuffix(rest))
        let moment = event.line.dropLast(rest.utf8.count)
        #expect(moment.contains(":20.123456789"))
        var fields = tm()
        var seconds: time_t = 1_700_000_000
        localtime_r(&seconds, &fields)
        if fields.tm_gmtoff == 0 { #expect(moment == "2023-11-14T22:13:20.123456789Z") }
        #expect(Event(.volume, "create", "v").line.hasSuffix(" volume create v"))
    }

    @Test func theFormOfTheAPI() throws {
        try expect(
            event.told,
            is: #"""
                {"status": "exec_create: sh -c ls", "id": "4f4f", "from": "nginx:1", "Type": "container",
                "Action": "exec_create: sh -c ls",
                "Actor": {"ID": "4f4f", "Attributes": {"a": "b", "image": "nginx:1", "name": "web"}},
                "scope": "local", "time": 1700000000, "timeNano": 1700000000123456789}
                """#)
        let network = Event(.network, "connect", "n", at: event.time).told
        #expect(network["status"] == nil && network["id"] == nil)
        #expect(event.verb == "exec_create" && Event(.image, "tag", "x").verb == "tag")
    }
}
