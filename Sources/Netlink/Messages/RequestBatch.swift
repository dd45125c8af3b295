import CNetlink
import Core

/// Netlink requests, encoded one behind the other, that go to the kernel in one send(2).
///
/// The kernel carries out each of them whatever became of those before it: a batch must be harmless
/// when its first request fails. Encoding needs no socket.
struct RequestBatch: ~Copyable {
    /// What a request does to what, for the error when it fails.
    struct Label: Equatable {
        let operation: String
        let subject: String?
    }

    private var writer: cnetlink_writer
    private(set) var labels: [Label] = []
    /// Places of those that the kernel says nothing about.
    private(set) var unanswered: Set<Int> = []
    /// Of the tables of nftables that the requests are about.
    var family = AddressFamily.ipv4
    /// Whether changes that follow are answered only where they are refused: a thousand answers do not fit into the socket's buffer.
    var isSilent = false
    /// Whether any of the requests asks for more than to be told something.
    private(set) var isChange = false

    /// - Parameter capacity: bytes; a request that does not fit makes `check` fail.
    init(capacity: Int = 4096) {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        writer = cnetlink_writer(buffer: buffer, capacity: capacity, start: 0, count: 0, failure: 0)
    }

    deinit { writer.buffer.deallocate() }

    /// Whether everything fitted.
    func check() throws(OperationError) {
        guard writer.failure == 0 else {
            let label = labels.last
            throw OperationError(label?.operation ?? "build netlink request", label?.subject, errno: -writer.failure)
        }
    }

    /// The requests; the sequence number of each is its place, from 0.
    var bytes: [UInt8] { withBytes { Array($0) } }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = writer
        return body(UnsafeRawBufferPointer(start: writer.buffer, count: cnetlink_length(&copy)))
    }

    mutating func addSequence(_ first: UInt32) { cnetlink_add_sequence(&writer, first) }

    /// Begins a message that gets no answer of its own unless it is refused, and all with it.
    mutating func beginUnanswered(
        _ type: Int, flags: Int32 = 0, _ header: some BitwiseCopyable, _ label: Label, asks: Bool = true
    ) {
        unanswered.insert(labels.count)
        begin(type, flags, header, label, asks: asks)
    }

    /// Begins a request: struct nlmsghdr and the fixed header that belongs to `type`.
    ///
    /// - Parameters:
    ///   - type: one of RTM_*.
    ///   - flags: of NLM_F_*; NLM_F_REQUEST is added.
    ///   - asks: whether it changes nothing. Types of rtnetlink tell: they come in fours, of which the third is the
    ///     question (rtnetlink(7)).
    mutating func begin(
        _ type: Int, _ flags: Int32, _ header: some BitwiseCopyable, _ label: Label, asks: Bool? = nil
    ) {
        labels.append(label)
        isChange = isChange || !(asks ?? (type & 3 == 2))
        cnetlink_begin(&writer, UInt16(type), UInt16(NLM_F_REQUEST | flags))
        put(header: header)
    }

    mutating func put(header: some BitwiseCopyable) {
        withUnsafeBytes(of: header) { cnetlink_put_header(&writer, $0.baseAddress, $0.count) }
    }

    mutating func put(_ type: Int, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { cnetlink_put(&writer, UInt16(type), $0.baseAddress, $0.count) }
    }

    /// In network byte order.
    mutating func put(_ type: Int, bigEndian number: some FixedWidthInteger) {
        put(type, withUnsafeBytes(of: number.bigEndian) { Array($0) })
    }

    mutating func put(_ type: Int, _ number: UInt32) {
        withUnsafeBytes(of: number) { cnetlink_put(&writer, UInt16(type), $0.baseAddress, $0.count) }
    }

    /// Ends with a zero byte, as the kernel wants most strings.
    mutating func put(_ type: Int, _ text: String) { put(type, Array(text.utf8) + [0]) }

    /// Four or sixteen bytes in network byte order.
    mutating func put(_ type: Int, _ address: IPAddress) {
        if let number = address.ipv4 { return put(type, number.bigEndian) }
        withUnsafeBytes(of: address.number.bigEndian) {
            cnetlink_put(&writer, UInt16(type), $0.baseAddress, $0.count)
        }
    }

    /// A nested attribute around what `body` puts.
    mutating func nest(_ type: Int, _ body: (inout RequestBatch) -> Void) {
        let nest = cnetlink_begin_nest(&writer, UInt16(type))
        body(&self)
        cnetlink_end_nest(&writer, nest)
    }
}
