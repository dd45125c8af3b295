/// What a container's lines are marked with: a text in which Docker's `{{.Name}}` and the like stand for the container.
package struct LogTag: Equatable, Sendable {
    private enum Part: Equatable, Sendable {
        case text(String)
        case field(Field)
    }

    private enum Field: String, CaseIterable, Sendable {
        case id = "ID"
        case fullID = "FullID"
        case name = "Name"
        case imageName = "ImageName"
        case imageID = "ImageID"
        case imageFullID = "ImageFullID"
        case daemonName = "DaemonName"
    }

    private let parts: [Part]

    /// - Parameter text: empty is the container's short id.
    package init(_ text: String) throws(OperationError) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw OperationError("the tag of a log has no control characters", kind: .invalid)
        }
        var parts: [Part] = []
        var rest = Substring(text.isEmpty ? "{{.\(Field.id.rawValue)}}" : text)
        while let start = Self.index(of: "{", in: rest) {
            if start > rest.startIndex { parts.append(.text(String(rest[..<start]))) }
            let inside = rest[start...].dropFirst(2)
            guard let end = Self.index(of: "}", in: inside) else { throw Self.refusal(of: rest[start...]) }
            parts.append(.field(try Self.field(inside[..<end])))
            rest = inside[end...].dropFirst(2)
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    /// Where two of `brace` stand.
    private static func index(of brace: Character, in text: Substring) -> String.Index? {
        text.indices.dropLast().first { text[$0] == brace && text[text.index(after: $0)] == brace }
    }

    private static func field(_ text: Substring) throws(OperationError) -> Field {
        let word = text.drop { $0 == " " }.split(separator: " ")
        guard word.count == 1, word[0].hasPrefix("."), let field = Field(rawValue: String(word[0].dropFirst())) else {
            throw refusal(of: "{{\(text)}}")
        }
        return field
    }

    private static func refusal(of text: Substring) -> OperationError {
        OperationError(
            "the tag of a log", String(text), reason: "nothing has this name",
            remedy: "use " + Field.allCases.map { "{{.\($0.rawValue)}}" }.joined(separator: " "), kind: .invalid)
    }

    package func text(of definition: ContainerDefinition) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .field(let field): Self.text(field, definition)
            }
        }.joined()
    }

    private static func text(_ field: Field, _ definition: ContainerDefinition) -> String {
        let image = definition.imageID ?? ""
        switch field {
        case .id: return definition.id.short
        case .fullID: return definition.id.hex
        case .name: return definition.name.text
        case .imageName: return definition.image
        case .imageID: return String((image.split(separator: ":").last ?? "").prefix(12))
        case .imageFullID: return image
        // What rules of syslog servers look for.
        case .daemonName: return "docker"
        }
    }
}
