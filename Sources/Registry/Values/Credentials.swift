import Core

/// What a registry knows somebody by.
package enum Credentials: Equatable, Sendable {
    case password(user: String, password: String)
    /// A refresh token of OAuth 2, which a token server changes into others.
    case identityToken(String)

    /// As a credential helper or `auths` has them: `<token>` is no user.
    package init(user: String, secret: String) {
        self = user == "<token>" ? .identityToken(secret) : .password(user: user, password: secret)
    }

    /// The value of `Authorization` of the basic scheme (RFC 7617); nil of a token.
    package var basic: String? {
        guard case .password(let user, let password) = self else { return nil }
        return "Basic " + Base64Text.encoded("\(user):\(password)".utf8)
    }
}
