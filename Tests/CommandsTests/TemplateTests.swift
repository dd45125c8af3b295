import Core
import Testing

@testable import Commands

@Suite struct TemplateTests {
    static let container: JSON = [
        "Name": "/web", "State": ["Running": true, "ExitCode": 0, "Pid": 42],
        "Config": ["Labels": ["tier": "front"], "Env": ["A=1", "B=2"], "Entrypoint": nil],
        "Mounts": [["Source": "/a"], ["Source": "/b"]],
        "NetworkSettings": [
            "Networks": ["br0": ["IPAddress": "10.0.0.2"], "a": ["IPAddress": "10.1.0.2"]],
            "Ports": ["80/tcp": [["HostIp": "0.0.0.0", "HostPort": "8080"]], "81/tcp": nil],
        ],
    ]

    /// The idioms of scripts, and each part of the language.
    static let cases: [(String, String)] = [
        ("{{.State.Running}}", "true"), ("{{ .State.ExitCode }}", "0"), ("{{.Name}}-{{.State.Pid}}", "/web-42"),
        ("{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", "10.1.0.2 10.0.0.2 "),
        ("{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}};{{end}}", "a=10.1.0.2;br0=10.0.0.2;"),
        (#"{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}"#, "8080"),
        (#"{{(index .NetworkSettings.Ports "80/tcp" 0).HostPort}}"#, "8080"),
        ("{{.NetworkSettings.Networks.br0.IPAddress}}", "10.0.0.2"),
        ("{{json .Mounts}}", #"[{"Source":"/a"},{"Source":"/b"}]"#), ("{{json .State.Running}}", "true"),
        ("{{.State | json}}", #"{"Running":true,"ExitCode":0,"Pid":42}"#),
        ("{{if .State.Running}}up{{else}}down{{end}}", "up"),
        ("{{if not .State.Running}}down{{else if eq .State.ExitCode 0}}fine{{else}}bad{{end}}", "fine"),
        ("{{if and .State.Running (gt .State.Pid 40)}}y{{end}}", "y"),
        ("{{len .Mounts}} {{len .Name}}", "2 4"), (#"{{join .Config.Env ","}}"#, "A=1,B=2"),
        ("{{range .Config.Env}}{{println .}}{{end}}", "A=1\nB=2\n"),
        ("{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{$e}}{{end}}", "A=1,B=2"),
        ("{{range .Config.Entrypoint}}x{{else}}none{{end}}", "none"),
        ("{{upper .Name}}{{lower \"ABC\"}}{{title `ab cd`}}", "/WEBabcAb Cd"),
        (#"{{index .Config.Labels "tier"}}{{index .Config.Labels "nope"}}"#, "front"),
        ("{{.Config.Labels.tier}} {{.Config.Labels.nope}}", "front <no value>"),
        ("{{with .State}}{{.Pid}}{{end}}{{with .Config.Entrypoint}}x{{else}}-{{end}}", "42-"),
        ("{{$p := .State.Pid}}{{range .Mounts}}{{$p}}{{.Source}}{{$.Name}}{{end}}", "42/a/web42/b/web"),
        ("{{$x := 1}}{{range .Mounts}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ("a {{- /* comment */ -}} b", "ab"), ("a {{- .State.Pid -}} b", "a42b"), (#"a\tb\nc"#, "a\tb\nc"),
        (#"{{printf "%s:%d|%v%%" .Name .State.Pid .State.Running}}"#, "/web:42|true%"),
        ("{{.Config.Env}}", "[A=1 B=2]"),
        ("{{.Config.Labels}}", "map[tier:front]"), ("{{.Config.Entrypoint}}", "[]"),
        (#"{{slice .Name 1}} {{truncate .Name 2}} {{pad .Name 1 1}}|"#, "web /w  /web |"),
        (#"{{index (split "a,b" ",") 1}}"#, "b"), (#"{{if eq .Name "x" "/web"}}y{{end}}"#, "y"),
        (#"{{ne 1 2}}{{lt 1 2}}{{ge 1 2}}{{or "" "z"}}"#, "truetruefalsez"), ("", ""), ("no action", "no action"),
        ("{{range .Mounts}}{{.Source}}{{break}}{{end}}", "/a"),
        ("{{range $i, $m := .Mounts}}{{if eq $i 0}}{{continue}}{{end}}{{$m.Source}}{{end}}", "/b"),
        ("{{range .Mounts}}{{range $.Config.Env}}{{.}}{{break}}{{end}};{{end}}", "A=1;A=1;"),
        ("{{range .Mounts}}{{with .Source}}{{continue}}{{end}}x{{end}}|", "|"), ("{{range 3}}{{.}}{{end}}", "012"),
        ("{{range $i := 2}}{{$i}},{{else}}none{{end}}{{range 0}}x{{else}}none{{end}}", "0,1,none"),
        ("{{with .Config.Entrypoint}}a{{else with .Name}}{{.}}{{end}}", "/web"),
        (#"{{print "a" 1 2 "b"}}"#, "a1 2b"), ("{{\"q\\\"\\n\"}}", "q\"\n"),
    ]

    @Test(arguments: cases) func evaluates(template: String, expected: String) throws {
        #expect(try Template(parsing: template).evaluate(Self.container) == expected)
    }

    @Test(arguments: [
        "{{", "{{.A", "{{end}}", "{{else}}", "{{if .A}}", "{{if}}x{{end}}", "{{range .A}}x{{else}}y", "{{nope .A}}",
        "{{(.A}}",
        "{{.A)}}", "{{}}", "{{.A |}}", #"{{"x}}"#, "{{`x}}", "{{1.2.3}}", "{{.A ! .B}}",
        "{{if .A}}a{{else}}b{{else}}c{{end}}", "{{break}}", "{{if .A}}{{continue}}{{end}}",
        "{{/* open",
    ]) func refusesTemplates(template: String) {
        do throws(OperationError) {
            _ = try Template(parsing: template)
            Issue.record("accepted \(template)")
        } catch {
            #expect(error.exitCode == 64)
            #expect(error.description.hasPrefix("template parsing error: template: :1: "))
        }
    }

    @Test(arguments: [
        ("{{.Nope}}", #"executing "" at <.Nope>: map has no entry for key "Nope""#),
        ("{{.State.Health.Status}}", #"executing "" at <.State.Health.Status>: map has no entry for key "Health""#),
        ("{{.Name.X}}", #"executing "" at <.Name.X>: can't evaluate field X in /web"#),
        ("{{index .Mounts 5}}", #"executing "" at <index>: error calling index: index out of range: 5"#),
        (
            #"{{(index (index .NetworkSettings.Ports "99/tcp") 0).HostPort}}"#,
            #"executing "" at <index>: error calling index: index out of range: 0"#
        ),
        ("{{range .Name}}{{end}}", #"executing "" at <range>: range can't iterate over /web"#),
        ("{{lt 1 \"a\"}}", #"executing "" at <lt>: error calling lt: incompatible types for comparison"#),
        ("{{.Name 1}}", #"executing "" at <.Name>: can't give argument to non-function"#),
        ("{{len}}", #"executing "" at <len>: wrong number of args for len"#),
    ]) func refusesValues(template: String, reason: String) throws {
        let template = try Template(parsing: template)
        #expect(throws: OperationError("template parsing error: template: :1: \(reason)")) {
            try template.evaluate(Self.container)
        }
    }
}
