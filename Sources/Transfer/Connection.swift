import CCurl
import Core
import Linux

/// Transfers of one thread, one after the other, which share connections to the same host.
///
/// Each returns when all of it is done, or when it has an end for another reason: a limit, whoever takes the body, or a
/// signal that asks this command to end.
package final class Connection {
    private let handle: OpaquePointer

    package init() throws(TransferError) {
        var result = ccurl_result()
        guard let handle = ccurl_open(&result) else {
            let nowhere = ResourceURL(.https, host: "", target: "/")
            throw TransferError(result, TransferRequest(.get, nowhere))
        }
        self.handle = handle
    }

    deinit { ccurl_close(handle) }

    private var authorities: String? {
        let path: UnsafePointer<CChar>? = ccurl_authorities()
        return path.map { String(cString: $0) }
    }

    /// Takes a piece of the body of an answer that is a success.
    package typealias Sink = (UnsafeRawBufferPointer, TransferResponse) throws(OperationError) -> Void

    /// One request and its answer, wherever that leads to.
    /// - Parameters:
    ///   - sink: nil keeps the body in memory, up to a limit.
    ///   - sent: is told how many bytes of the request's body are on their way.
    package func transfer(
        _ request: TransferRequest, to sink: Sink? = nil, sent: ((Int64) -> Void)? = nil
    ) throws(TransferError) -> TransferResponse {
        do throws(OperationError) { try request.checkFiles(authorities: authorities) } catch {
            throw TransferError(.failed, error)
        }
        // The closures do not outlive this call.
        return try withoutActuallyEscaping(sink ?? { _, _ in }) { taker throws(TransferError) in
            let state = TransferState(request, sink == nil ? nil : taker, sent)
            var result = ccurl_result()
            request.withCurl(state) { ccurl_transfer(handle, $0, &result) }
            return try state.conclude(result)
        }
    }
}

/// What callbacks of one transfer share.
private final class TransferState {
    let request: TransferRequest
    let sink: Connection.Sink?
    let sent: ((Int64) -> Void)?
    var response: TransferResponse
    var failure: TransferError?

    init(_ request: TransferRequest, _ sink: Connection.Sink?, _ sent: ((Int64) -> Void)?) {
        self.request = request
        self.sink = sink
        self.sent = sent
        response = TransferResponse(url: request.url)
    }

    /// Of several heads, such as a proxy's, the last one counts.
    func takeHeader(_ line: UnsafeRawBufferPointer) -> Int32 {
        if line.starts(with: "HTTP/".utf8) {
            response.headers = HTTPHeaders()
            response.status = Self.status(in: String(decoding: line, as: UTF8.self))
        } else {
            response.headers.take(line: line)
        }
        return 0
    }

    private static func status(in line: String) -> Int {
        let words = line.split(separator: " ", maxSplits: 2)
        return words.count > 1 ? Int(words[1].prefix(3)) ?? 0 : 0
    }

    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        if let sink, response.isSuccess {
            do throws(OperationError) {
                try sink(bytes, response)
                return 0
            } catch {
                failure = TransferError(.stopped, error)
                return 1
            }
        }
        response.body += bytes
        guard response.body.count > request.limits.answer else { return 0 }
        // Of a failure the beginning says enough.
        let reason = "the answer is longer than \(request.limits.answer) bytes"
        failure = TransferError(.refused, OperationError("read", request.url.shown, reason: reason))
        return 1
    }

    func noteProgress(_ count: Int64) -> Int32 {
        sent?(count)
        if request.cancellation?.isCancelled == true { return 1 }
        guard Interruption.isPending else { return 0 }
        do throws(OperationError) {
            try Interruption.check("transfer", request.url.shown)
            return 0
        } catch {
            failure = TransferError(.stopped, error)
            return 1
        }
    }

    func conclude(_ result: ccurl_result) throws(TransferError) -> TransferResponse {
        if let failure { throw failure }
        guard result.outcome == CCURL_DONE else { throw TransferError(result, request) }
        response.address = withUnsafeBytes(of: result.address) { String(kernel: $0.prefix { $0 != 0 }) }
        return response
    }
}

private func callbackState(_ context: UnsafeMutableRawPointer?) -> TransferState? {
    context.map { Unmanaged<TransferState>.fromOpaque($0).takeUnretainedValue() }
}

extension TransferRequest {
    /// As the library wants it; everything is there as long as `body` runs.
    fileprivate func withCurl(_ state: TransferState, _ body: (UnsafePointer<ccurl_request>) -> Void) {
        var pool = TextPool()
        defer { pool.free() }
        var c = ccurl_request()
        c.method = pool.text(method.rawValue)
        c.url = pool.text(url.description)
        // Nobody waits for a go-ahead before a body.
        c.headers = pool.list(headers.fields.map { "\($0.name): \($0.value)" } + ["Expect:"])
        c.proxy = pool.text(proxies.proxy(for: url))
        c.client_certificate = trust.client.map { pool.text($0.certificate) }
        c.client_key = trust.client.map { pool.text($0.key) }
        c.skips_verification = trust.skipsVerification ? 1 : 0
        c.connect_timeout = limits.connect
        c.stall_timeout = limits.stall
        c.refused_addresses = proxies.isUsed(for: url) ? 0 : refusedAddresses.rawValue
        c.file = -1
        c.take_header = { context, bytes, count in
            callbackState(context)?.takeHeader(UnsafeRawBufferPointer(start: bytes, count: count)) ?? 1
        }
        c.take_body = { context, bytes, count in
            callbackState(context)?.takeBody(UnsafeRawBufferPointer(start: bytes, count: count)) ?? 1
        }
        c.note_progress = { context, sent in callbackState(context)?.noteProgress(sent) ?? 1 }
        c.context = Unmanaged.passUnretained(state).toOpaque()
        withBodies(&c, body)
    }

    private func withBodies(_ c: inout ccurl_request, _ body: (UnsafePointer<ccurl_request>) -> Void) {
        var bytes: [UInt8] = []
        switch self.body {
        case .none: break
        case .bytes(let given): bytes = given
        case .file(let descriptor, let offset, let length):
            c.file = descriptor
            c.file_offset = offset
            c.file_length = length
        }
        var hasBytes = false
        if case .bytes = self.body { hasBytes = true }
        // An empty body is one all the same.
        (bytes + [0]).withUnsafeBytes { buffer in
            if hasBytes {
                c.body = buffer.baseAddress
                c.body_length = bytes.count
            }
            trust.certificates.withUnsafeBytes { certificates in
                c.certificates =
                    certificates.isEmpty ? nil : certificates.baseAddress?.assumingMemoryBound(to: CChar.self)
                c.certificates_length = certificates.count
                withUnsafePointer(to: c, body)
            }
        }
    }
}

/// Strings of C that go together.
private struct TextPool {
    private var texts: [UnsafeMutablePointer<CChar>] = []
    private var lists: [UnsafeMutablePointer<UnsafePointer<CChar>?>] = []

    mutating func text(_ text: String) -> UnsafePointer<CChar> {
        let copy = Array(text.utf8CString)
        let memory = UnsafeMutablePointer<CChar>.allocate(capacity: copy.count)
        memory.initialize(from: copy, count: copy.count)
        texts.append(memory)
        return UnsafePointer(memory)
    }

    mutating func list(_ words: [String]) -> UnsafePointer<UnsafePointer<CChar>?> {
        let memory = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: words.count + 1)
        for (index, word) in words.enumerated() { memory[index] = text(word) }
        memory[words.count] = nil
        lists.append(memory)
        return UnsafePointer(memory)
    }

    func free() {
        for text in texts { text.deallocate() }
        for list in lists { list.deallocate() }
    }
}

extension RefusedAddresses {
    /// What an address is of: `loopback` are all of this host's own.
    /// - Parameter address: numeric.
    package static func kinds(of address: String) -> RefusedAddresses {
        RefusedAddresses(rawValue: .init(ccurl_kinds_of_address(address)))
    }

    /// Where nobody at an address may lead to: what that one is not itself.
    package init(beyond address: String) {
        let kinds = RefusedAddresses.kinds(of: address)
        self = kinds.contains(.linkLocal) ? [] : kinds.contains(.loopback) ? [.linkLocal] : [.linkLocal, .loopback]
    }
}
