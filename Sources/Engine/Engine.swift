import Core
import Images
import Lifecycle
import Networking
import Records

/// What mydocker can do. Each use case has a file of its own; this value only knows where things are.
package struct Engine: Sendable {
    let host: Host
    let imageStore: ImageStore
    /// The name of the scope that this command is part of.
    let scope: String?
    /// Whether a command that changes something ends what nobody else ends any more. What ends that does not.
    let endsDeadScopes: Bool
    /// Who is shown how far an image is on its way.
    package var progress: any TransferProgress = NoProgress()

    var layout: Layout { host.layout }
    var containerStore: ContainerStore { host.containerStore }
    var networkStore: NetworkStore { host.networkStore }
    var volumeStore: VolumeStore { host.volumeStore }
    /// The networks that `system check` looks at.
    var bridges: BridgeDriver { BridgeDriver() }

    package init(host: Host = Host(), scope: String? = nil) { self.init(host, scope, endsDeadScopes: true) }

    /// - Parameter warning: the line of standard error that a warning makes.
    package init(scope: String?, warning: @escaping @Sendable (String) -> String) {
        self.init(Host(warn: Host.warnings(as: warning)), scope, endsDeadScopes: true)
    }

    init(_ host: Host, _ scope: String?, endsDeadScopes: Bool) {
        self.host = host
        self.scope = scope
        self.endsDeadScopes = endsDeadScopes
        imageStore = ImageStore(root: host.layout.images, scope: scope)
    }

    func warn(_ text: String) { host.warn(text) }
}
