/// How far one part of an image is on its way.
package enum TransferPhase: Equatable, Sendable {
    /// It is here already.
    case present
    case begun
    /// Another process is at it.
    case waiting
    /// Bytes.
    case downloading(Int64, of: Int64)
    case uploading(Int64, of: Int64)
    /// Why it was broken off.
    case retrying(String)
    /// All bytes are here.
    case unpacking
    case complete
    // Of a push:
    case preparing
    case presentThere
    case mounted(from: String)
    case pushed
}

extension TransferPhase {
    /// Docker's; nil for what changes all the time.
    package var words: String? {
        switch self {
        case .present: "Already exists"
        case .begun: "Pulling fs layer"
        case .waiting: "Waiting for another pull"
        case .downloading, .uploading: nil
        case .retrying(let reason): "Retrying: \(reason)"
        case .unpacking: "Download complete"
        case .mounted(let repository): "Mounted from \(repository)"
        case .complete: "Pull complete"
        case .preparing: "Preparing"
        case .presentThere: "Layer already exists"
        case .pushed: "Pushed"
        }
    }
}

/// Whoever shows how far it is. Several threads tell.
package protocol TransferProgress: Sendable {
    /// - Parameter part: the digits of a digest.
    func note(_ part: String, _ phase: TransferPhase)
    /// A line that Docker has, too: `latest: Pulling from library/busybox`.
    func say(_ line: String)
}

/// Nobody looks.
package struct NoProgress: TransferProgress {
    package init() {}
    package func note(_ part: String, _ phase: TransferPhase) {}
    package func say(_ line: String) {}
}
