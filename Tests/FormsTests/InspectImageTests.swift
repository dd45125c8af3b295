import Core
import Forms
import Testing

@Suite struct InspectImageTests {
    private let id = "sha256:" + String(repeating: "c0", count: 32)

    private func details(_ config: ImageConfig, directories: [String]) -> ImageDetails {
        ImageDetails(
            ImageSummary(id: id, references: ["box:1", "box:latest"], created: Example.moment, size: 4_260_000),
            config: config, layers: ["sha256:aa", "sha256:bb"], layerDirectories: directories)
    }

    @Test func aWholeOne() throws {
        var config = ImageConfig()
        config.environment = ["PATH=/bin"]
        config.entrypoint = ["/entry"]
        config.command = ["serve"]
        config.workingDirectory = "/srv"
        config.user = "daemon"
        config.stopSignal = "SIGUSR1"
        config.exposedPorts = ["80/tcp"]
        config.volumes = ["/data"]
        config.labels = ["k": "v"]
        var details = details(config, directories: ["/l/bb", "/l/aa"])
        details.architecture = "arm64"
        details.variant = "v8"
        details.author = "somebody"
        details.comment = "words"
        try expect(
            details.inspected,
            is: """
                {"Id": "\(id)", "RepoTags": ["box:1", "box:latest"], "RepoDigests": [], "Parent": "",
                "Comment": "words", "Created": "2023-11-14T22:13:20.000000000Z", "DockerVersion": "",
                "Author": "somebody", "Architecture": "arm64", "Variant": "v8", "Os": "linux", "Size": 4260000,
                "VirtualSize": 4260000, "RootFS": {"Type": "layers", "Layers": ["sha256:aa", "sha256:bb"]},
                "GraphDriver": {"Name": "overlay2", "Data": {"LowerDir": "/l/aa", "UpperDir": "/l/bb"}},
                "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"},
                "Config": {"Hostname": "", "Domainname": "", "User": "daemon", "AttachStdin": false,
                "AttachStdout": false, "AttachStderr": false, "ExposedPorts": {"80/tcp": {}}, "Tty": false,
                "OpenStdin": false, "StdinOnce": false, "Env": ["PATH=/bin"], "Cmd": ["serve"], "Healthcheck": null,
                "Image": "", "Volumes": {"/data": {}}, "WorkingDir": "/srv", "Entrypoint": ["/entry"], "OnBuild": null,
                "Labels": {"k": "v"}, "StopSignal": "SIGUSR1"}}
                """)
    }

    @Test func whatIsNotSaid() throws {
        let json = details(ImageConfig(), directories: ["/l/aa"]).inspected
        try expect(json["GraphDriver"], is: #"{"Name": "overlay2", "Data": {"UpperDir": "/l/aa"}}"#)
        #expect(json["Comment"] == "" && json["Author"] == "" && json["Variant"] == .null)
        for member in ["ExposedPorts", "Cmd", "Volumes", "Entrypoint", "Labels", "StopSignal"] {
            #expect(json["Config"]?[member] == .null, "\(member)")
        }
        #expect(json["Config"]?["Env"] == [])
    }
}
