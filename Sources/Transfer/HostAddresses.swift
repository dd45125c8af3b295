import Core
import Glibc

/// What a name has of addresses, as this host looks it up.
package enum HostAddresses {
    /// Numeric; none where it is not known.
    package static func all(of host: String) throws(OperationError) -> [String] {
        if IPAddress(host) == nil { try LibraryFiles.checkNames() }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard host.withKernelString({ getaddrinfo($0, nil, &hints, &first) }) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: [String] = []
        var next = first
        while let entry = next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let information = entry.pointee
            let length = socklen_t(text.count)
            if getnameinfo(information.ai_addr, information.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0 {
                found.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            next = information.ai_next
        }
        return found
    }
}
