import Testing

@testable import Core

/// What the releases before records of version 2 wrote, letter by letter.
@Suite struct Version1Tests {
    private static let id = String(repeating: "0123456789abcdef", count: 4)

    private func definition(network: String, asked: String) throws -> ContainerDefinition {
        try ContainerDefinition(
            RecordReader(
                JSON(
                    parsing: """
                        {"version":1,"id":"\(Self.id)","name":"web","created":1764340000000000000,"image":"busybox",\
                        "imageID":null,"layers":["/l"],"arguments":["sh"],"environment":["PATH=/bin"],\
                        "workingDirectory":"/","user":"","hostname":"h","terminal":false,"openStdin":false,\
                        "autoRemove":false,"binds":[],"temporaryMounts":[],"devices":[],"readOnlyRoot":false,\
                        "privileged":false,"capabilities":["CHOWN"],"seccomp":"default","noNewPrivileges":false,\
                        "init":false,"limits":{},"ulimits":[],"network":"\(network)","stopSignal":15,"stopTimeout":10,\
                        "labels":{}\(asked)}
                        """)))
    }

    private let asked = #"""
        ,"asked":{"attached":true,"entrypointCount":0,"publish":[{"hostAddress":"0.0.0.0","hostPorts":"8080",\#
        "containerPorts":"80","protocol":"tcp"}],"publishesExposed":false,"address":"10.0.0.7",\#
        "mac":"02:42:0a:00:00:07","capabilitiesAdded":[],"capabilitiesDropped":[],"cidFile":null,\#
        "exposedPorts":[],"volumes":[],"environmentAdded":["PATH"]}
        """#

    @Test func itsNetworkIsOneWish() throws {
        let definition = try definition(network: "br0", asked: asked)
        var wish = EndpointWish(
            network: try #require(Name("br0")), address: IPAddress("10.0.0.7"), mac: MACAddress("02:42:0a:00:00:07"))
        wish.publish = [try PublishRequest(parsing: "0.0.0.0:8080:80")]
        #expect(definition.networkMode == .networks([wish]))
        #expect(definition.publish == wish.publish)
        #expect(definition.asked.environmentAdded == ["PATH"])
    }

    @Test(arguments: [("none", NetworkMode.none), ("host", .host)])
    func otherModesStay(text: String, mode: NetworkMode) throws {
        #expect(try definition(network: text, asked: "").networkMode == mode)
    }

    /// Older still: nothing of what was asked for.
    @Test func aRecordWithoutWhatWasAskedHasAPlainWish() throws {
        let definition = try definition(network: "br0", asked: "")
        #expect(definition.networkMode == .networks([EndpointWish(network: try #require(Name("br0")))]))
    }

    @Test(arguments: ["", "a/b", "-x"]) func aNameThatIsNoneIsDamage(text: String) {
        #expect(throws: RecordError.self) { try definition(network: text, asked: "") }
    }

    @Test func itsEndpointGetsTheContainersID() throws {
        let text = """
            {"version":1,"status":"running","supervisor":7,"supervisorStartTime":3,"pid":8,"pidStartTime":4,"started":5,\
            "endpoint":{"network":"br0","networkID":"\(Self.id)","address":"10.0.0.2/24","gateway":"10.0.0.1",\
            "mac":"02:42:0a:00:00:02","hostInterface":"01234","bridge":"br0","mtu":1500,"ports":[]},\
            "cgroups":[],"restartCount":0,"lastExit":null}
            """
        var state = try ContainerState(RecordReader(JSON(parsing: text)))
        let id = ContainerID.random()
        state.adopt(id)
        let endpoint = try #require(state.endpoints.first)
        #expect(state.endpoints.count == 1)
        #expect(endpoint.id == id)
        #expect(endpoint.interface == "eth0")
        #expect(endpoint.hostInterface == "01234")
        #expect(endpoint.address == Subnet("10.0.0.2/24"))
    }

    @Test func aContainerOnNoNetworkStaysThere() throws {
        let text = """
            {"version":1,"status":"creating","supervisor":7,"supervisorStartTime":3,"pid":null,"pidStartTime":null,\
            "started":null,"endpoint":null,"cgroups":["/c"],"restartCount":0,"lastExit":null}
            """
        #expect(try ContainerState(RecordReader(JSON(parsing: text))).endpoints.isEmpty)
    }
}
