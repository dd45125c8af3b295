/// Messages that wait, first come first gone.
struct MessageBacklog {
    /// Bytes that may wait.
    static let limit = 1 << 20

    private var messages: [[UInt8]] = []
    /// Those before are gone.
    private var start = 0
    private var size = 0

    var isEmpty: Bool { start == messages.count }
    var count: Int { messages.count - start }
    var first: [UInt8]? { isEmpty ? nil : messages[start] }

    /// - Returns: whether there was room. There always is for one alone.
    mutating func append(_ message: [UInt8]) -> Bool {
        guard isEmpty || size + message.count <= Self.limit else { return false }
        messages.append(message)
        size += message.count
        return true
    }

    mutating func removeFirst() {
        size -= messages[start].count
        messages[start] = []
        start += 1
        guard start == messages.count || start >= 1024 else { return }
        messages.removeFirst(start)
        start = 0
    }
}
