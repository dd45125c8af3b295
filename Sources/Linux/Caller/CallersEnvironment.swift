import Core
import Glibc

/// What the caller has set for programs; a container gets none of it.
package enum CallersEnvironment {
    package static func value(_ name: String) -> String? {
        name.withKernelString { getenv($0) }.map { String(kernel: $0) }
    }
}
