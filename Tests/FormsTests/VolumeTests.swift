import Core
import Forms
import Testing

@Suite struct VolumeFormTests {
    private func details(_ labels: [String: String], _ options: [String: String] = [:]) throws -> VolumeDetails {
        VolumeDetails(
            VolumeDefinition(
                name: try #require(Name("data")), created: Timestamp(nanoseconds: Example.moment.nanoseconds + 5),
                labels: labels, options: options), directory: "/v/data/_data", isDangling: nil)
    }

    @Test func inspection() throws {
        try expect(
            details([:]).inspected,
            is: """
                {"CreatedAt": "2023-11-14T22:13:20Z", "Driver": "local", "Labels": null, "Mountpoint": "/v/data/_data",
                "Name": "data", "Options": null, "Scope": "local"}
                """)
        let marked = try details(["k": "v"], ["type": "none", "o": "bind", "device": "/srv"]).inspected
        try expect(marked["Labels"], is: #"{"k": "v"}"#)
        try expect(marked["Options"], is: #"{"type": "none", "o": "bind", "device": "/srv"}"#)
    }

    @Test func row() throws {
        try expect(
            details(["b": "2", "a": "1"]).row.fields,
            is: """
                {"Availability": "N/A", "Driver": "local", "Group": "N/A", "Labels": "a=1,b=2", "Links": "N/A",
                "Mountpoint": "/v/data/_data", "Name": "data", "Scope": "local", "Size": "N/A", "Status": "N/A"}
                """)
    }

    @Test func ofAContainer() throws {
        var definition = try Example.definition()
        let data = try VolumeMount(parsing: "data:/in:ro,nocopy")
        let unnamed = VolumeMount(anonymousAt: "/own")
        definition.volumes = [data, unnamed]
        definition.asked.volumes = ["/own"]
        definition.asked.volumesFrom = ["other:ro"]
        var details = Example.details(definition, .created)
        details.volumeDirectories = [data.name: "/v/data/_data", unnamed.name: "/v/own/_data"]
        let json = details.inspected
        try expect(
            json["Mounts"],
            is: """
                [{"Type": "volume", "Name": "data", "Source": "/v/data/_data", "Destination": "/in", "Driver": "local",
                "Mode": "ro,nocopy", "RW": false, "Propagation": ""},
                {"Type": "volume", "Name": "\(unnamed.name)", "Source": "/v/own/_data", "Destination": "/own",
                "Driver": "local", "Mode": "", "RW": true, "Propagation": ""}]
                """)
        #expect(json["HostConfig"]?["Binds"] == ["data:/in:ro,nocopy"])
        #expect(json["HostConfig"]?["VolumesFrom"] == ["other:ro"])
        try expect(json["Config"]?["Volumes"], is: #"{"/own": {}}"#)
    }
}
