import Core
import Transfer

/// `HOST[:PORT]`.
package enum RegistryName {
    package static func isValid(_ text: String) -> Bool { Authority(text[...]) != nil }
}
