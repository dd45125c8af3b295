import Core

/// A value of a template: what a document has, and what a null there is in Docker's types.
struct TemplateValue: Equatable {
    /// What Go prints of a value that is not there.
    enum Absent: Equatable {
        /// `<no value>`: a key that a map has not.
        case value
        /// `<nil>`
        case pointer
        /// `[]`
        case list
        /// `map[]`
        case map
        /// Nothing.
        case text
    }

    /// `.null` where `absent` says more.
    let json: JSON
    private let absent: Absent
    /// The member that it is, which says what it holds; empty where that says nothing.
    let name: String

    static let none = TemplateValue(.null, absent: .value)
    /// The word `nil`.
    static let null = TemplateValue(.null, absent: .pointer)

    init(_ json: JSON, absent: Absent = .pointer, name: String = "") {
        self.json = json
        self.absent = absent
        self.name = name
    }

    static func text(_ text: String) -> TemplateValue { TemplateValue(.string(text)) }
    static func number(_ number: some BinaryInteger) -> TemplateValue { TemplateValue(.number(number)) }
    static func bool(_ value: Bool) -> TemplateValue { TemplateValue(.bool(value)) }

    static func == (left: TemplateValue, right: TemplateValue) -> Bool {
        left.json == right.json && (left.json != .null || left.absent == right.absent)
    }

    /// Neither key nor value: Go's untyped nil.
    var isNone: Bool { json == .null && absent == .value }
    var isNilPointer: Bool { json == .null && absent == .pointer }

    /// As Go's fmt prints it: `[a b]`, `map[k:v]`.
    var printed: String {
        switch json {
        case .null:
            switch absent {
            case .value: "<no value>"
            case .pointer: "<nil>"
            case .list: "[]"
            case .map: "map[]"
            case .text: ""
            }
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .double(let value): String(value)
        case .string(let value): value
        case .array(let elements): "[" + elements.map { TemplateValue($0).printed }.joined(separator: " ") + "]"
        case .object(let members):
            "map["
                + members.sorted { $0.key < $1.key }
                .map { "\($0.key):\(TemplateValue($0.value, absent: DockerTypes.absent($0.key)).printed)" }
                .joined(separator: " ") + "]"
        }
    }

    /// Go's truth: everything but false, 0, and what is empty.
    var isTrue: Bool {
        switch json {
        case .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let value): !value.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// Go's name of its type, for errors and `%T`.
    var typeName: String {
        switch json {
        case .null:
            absent == .text ? "string" : absent == .list ? "[]string" : absent == .map ? "map[string]string" : "<nil>"
        case .bool: "bool"
        case .int: "int"
        case .double: "float64"
        case .string: "string"
        case .array: "[]string"
        case .object: "map[string]interface {}"
        }
    }
}

/// What Docker's Go types say of members beyond their JSON (moby's api/types at 20.10 to 28).
enum DockerTypes {
    /// What a null member is.
    static func absent(_ member: String) -> TemplateValue.Absent {
        if pointers.contains(member) { return .pointer }
        if maps.contains(member) { return .map }
        return texts.contains(member) ? .text : .list
    }

    /// What `index` gives for a key that is not there: the zero value of the map's elements.
    static func absent(in map: String) -> TemplateValue.Absent {
        switch map {
        case "Ports", "PortBindings": .list
        case "Networks": .pointer
        case "ExposedPorts", "Volumes", "Containers": .map
        default: textMaps.contains(map) ? .text : .value
        }
    }

    /// Members that are maps of names that a user chose: a name that is not there is no mistake.
    static func isMap(_ member: String) -> Bool { absent(in: member) != .value }

    /// What a member's value is called: a logger's configuration is a map, others of that name are none.
    static func name(_ member: String, in parent: String) -> String {
        if isMap(parent) { return "" }
        return parent == "LogConfig" && member == "Config" ? "Options" : member
    }

    /// Of Go's fields, what their JSON is called otherwise: those of events.
    static let tags = [
        "From": "from", "ID": "id", "Scope": "scope", "Status": "status", "Time": "time", "TimeNano": "timeNano",
    ]

    private static let pointers = [
        "Health", "Healthcheck", "IPAMConfig", "Init", "MemorySwappiness", "OomKillDisable", "PidsLimit", "StopTimeout",
    ]
    private static let maps = ["ExposedPorts", "Networks", "PortBindings", "Ports", "Volumes"] + textMaps
    private static let textMaps = [
        "Annotations", "Attributes", "AuxiliaryAddresses", "Data", "DriverOpts", "Labels", "Options", "StorageOpt",
        "Sysctls", "Tmpfs",
    ]
    private static let texts = ["Author", "Comment", "MacAddress", "Parent", "StopSignal", "Variant"]
}
