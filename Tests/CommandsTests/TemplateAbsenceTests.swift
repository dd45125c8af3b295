import Core
import Forms
import Testing

@testable import Commands

/// What is not there, as Docker's types have it.
@Suite struct TemplateAbsenceTests {
    private static let container: JSON = [
        "State": ["Status": "running", "Health": nil], "HostConfig": ["PidsLimit": nil, "CapAdd": nil, "Tmpfs": nil],
        "Config": [
            "Entrypoint": nil, "Labels": ["status": "mine"], "Volumes": nil, "StopSignal": nil, "Healthcheck": nil,
            "ExposedPorts": nil,
        ],
        "NetworkSettings": ["Ports": ["80/tcp": nil], "Networks": ["br0": ["IPAMConfig": nil, "Aliases": nil]]],
    ]

    @Test(arguments: [
        ("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none"),
        ("{{with .State.Health}}{{.Status}}{{else}}none{{end}}", "none"), ("{{.State.Health}}", "<nil>"),
        (#"{{if and .State.Health (eq .State.Health.Status "healthy")}}y{{else}}n{{end}}"#, "n"),
        (#"{{if or (eq .State.Status "running") .Nope}}y{{end}}"#, "y"), ("{{.HostConfig.PidsLimit}}", "<nil>"),
        ("{{.HostConfig.CapAdd}}{{.Config.Entrypoint}}", "[][]"),
        ("{{.Config.Volumes}}{{.HostConfig.Tmpfs}}", "map[]map[]"),
        ("{{.Config.StopSignal}}|", "|"), ("{{.Config.Healthcheck}}", "<nil>"),
        (#"{{eq .Config.StopSignal ""}}"#, "true"),
        ("{{json .HostConfig.PidsLimit}} {{json .Config.Entrypoint}}", "null null"),
        ("{{json .State}}", #"{"Status":"running"}"#), (#"{{index .Config.Labels "nope"}}|"#, "|"),
        (#"{{index .NetworkSettings.Ports "99/tcp"}}"#, "[]"), (#"{{index .NetworkSettings.Ports "80/tcp"}}"#, "[]"),
        (#"{{len (index .NetworkSettings.Ports "80/tcp")}}"#, "0"),
        ("{{.NetworkSettings.Networks.br0.IPAMConfig}}", "<nil>"),
        (#"{{index .NetworkSettings.Networks "nope"}}"#, "<nil>"),
        ("{{range $p, $c := .NetworkSettings.Ports}}{{$p}}{{$c}}{{end}}", "80/tcp[]"),
        ("{{.Config.Labels.Status}}", "<no value>"), ("{{.Config.Labels.nope}}", "<no value>"),
        ("{{range .HostConfig.CapAdd}}x{{else}}-{{end}}", "-"),
        ("{{.HostConfig}}", "map[CapAdd:[] PidsLimit:<nil> Tmpfs:map[]]"),
    ]) func W5_W6_absence(template: String, expected: String) throws {
        #expect(try Template(parsing: template).evaluate(Self.container) == expected)
    }

    /// `events --format` goes on at an event that has no such attribute. A map is one wherever it is looked into from.
    @Test(arguments: [
        ("{{.Actor.Attributes.image}}", "<no value>"), (#"{{index .Actor.Attributes "image"}}|"#, "|"),
        ("{{.Actor.Attributes.name}}", "front"), ("{{with .Actor.Attributes}}{{.image}}{{end}}", "<no value>"),
        (#"{{$a := .Actor.Attributes}}{{$a.image}} {{index $a "image"}}|"#, "<no value> |"),
        ("{{.Status}}{{.From}}|{{.Action}}", "|connect"),
        (#"{{.LogConfig.Config.nope}}{{index .LogConfig.Config "max-size"}}|"#, "<no value>|"),
    ]) func keysOfMapsThatAreNotThere(template: String, expected: String) throws {
        let event: JSON = [
            "Action": "connect", "Actor": ["ID": "4f", "Attributes": ["name": "front"]], "timeNano": 1,
            "LogConfig": ["Type": "json-file", "Config": ["tag": "x"]],
        ]
        #expect(try Template(parsing: template).evaluate(event) == expected)
    }

    /// W13: a field that nobody knows is no empty one.
    @Test(arguments: [
        ("{{.State.Nope}}", #"map has no entry for key "Nope""#),
        ("{{.State.Health.Status}}", #"map has no entry for key "Health""#),
        (#"{{if eq .State.Status 1}}{{end}}"#, "error calling eq: incompatible types for comparison"),
        ("{{call .State}}", "error calling call: non-function of type map[string]interface {}"),
        ("{{len .State.Health}}", "error calling len: len of <nil>"), ("{{and}}", "wrong number of args for and"),
    ]) func W13_mistakesAreErrors(template: String, reason: String) throws {
        let template = try Template(parsing: template)
        let error = #expect(throws: OperationError.self) { try template.evaluate(Self.container) }
        #expect(error?.description.hasSuffix(": " + reason) == true, "\(error?.description ?? "")")
    }

    /// What Docker's types leave out of JSON is left out, what they write as null is null.
    @Test func W6_omittedMembersAreNotPrinted() {
        #expect(
            Self.container.withoutOmitted.compact == """
                {"State":{"Status":"running"},"HostConfig":{"PidsLimit":null,"CapAdd":null},\
                "Config":{"Entrypoint":null,"Labels":{"status":"mine"},"Volumes":null},\
                "NetworkSettings":{"Ports":{"80/tcp":null},"Networks":{"br0":{"IPAMConfig":null,"Aliases":null}}}}
                """)
    }
}
