import Core

extension JSON {
    /// A list that Docker's types have as null while it is empty.
    static func list(_ texts: [String]) -> JSON { texts.isEmpty ? .null : .strings(texts) }

    /// Go has no sets: `{"80/tcp": {}}`, and null for an empty one.
    static func set(_ names: [String]) -> JSON { names.isEmpty ? .null : .object(names.map { ($0, [:]) }) }

    /// The values of each key in an array, in the order in which the keys came.
    static func gathered(_ values: [(key: String, value: JSON)]) -> [(key: String, value: JSON)] {
        var arrays: [(key: String, value: JSON)] = []
        for (key, value) in values {
            if let index = arrays.firstIndex(where: { $0.key == key }) {
                arrays[index].value = .array((arrays[index].value.array ?? []) + [value])
            } else {
                arrays.append((key, [value]))
            }
        }
        return arrays
    }
}
