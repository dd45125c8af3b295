import Core
import Images
import Lifecycle
import Networking
import Records

/// What mydocker can do. Each use case has a file of its own; this value only knows where things are.
package struct Engine: Sendable {
    let host: Host
    let imageStore: ImageStore

    var layout: Layout { host.layout }
    var containerStore: ContainerStore { host.containerStore }
    var networkStore: NetworkStore { host.networkStore }
    /// The networks that `system check` looks at.
    var bridges: BridgeDriver { BridgeDriver() }

    package init(host: Host = Host()) {
        self.host = host
        imageStore = ImageStore(root: host.layout.images)
    }

    func warn(_ text: String) { host.warn(text) }
}
