import Core
import Linux
import Registry

/// What `login` has done.
package struct LoginOutcome: Sendable {
    /// Where the password is kept in plain text; nil when a program keeps it.
    package let plainFile: String?
}

extension Engine {
    /// `HOST[:PORT]` of what a user calls a registry; none is Docker's own.
    package func registryName(_ text: String?) throws(OperationError) -> String {
        guard let text, !text.isEmpty else { return Reference.dockerRegistry }
        var name = text[...]
        for scheme in ["https://", "http://"] where name.hasPrefix(scheme) { name = name.dropFirst(scheme.count) }
        name = name.prefix { $0 != "/" }
        if ["index.docker.io", "docker.io", "registry-1.docker.io"].contains(name) { return Reference.dockerRegistry }
        guard RegistryName.isValid(String(name)) else {
            throw OperationError(
                "invalid registry \(JSON.quoted(text))", remedy: "name a host, or HOST:PORT", kind: .invalid)
        }
        return String(name)
    }

    /// Asks the registry whether it still takes what is kept.
    /// - Returns: false when nothing is.
    package func logInAgain(to registry: String) throws(OperationError) -> Bool {
        let kept = try CredentialStore(environment: CallersEnvironment.value).credentials(for: registry)
        guard let kept else { return false }
        _ = try logIn(to: registry, kept)
        return true
    }

    /// Asks the registry whether it takes them, and keeps them.
    package func logIn(
        to registry: String, user: String, password: String
    ) throws(OperationError) -> LoginOutcome {
        guard !user.contains(":") else {
            throw OperationError("a user name has no colon", kind: .invalid)
        }
        return try logIn(to: registry, Credentials(user: user, secret: password))
    }

    private func logIn(to registry: String, _ credentials: Credentials) throws(OperationError) -> LoginOutcome {
        let settings = try RegistrySettings(environment: CallersEnvironment.value)
        let source = try settings.source(of: registry)
        try WorkerThread.result { () throws(OperationError) in
            let session = try RegistrySession(source, settings, credentials: credentials)
            try session.logIn(try session.connection())
        }
        return LoginOutcome(plainFile: try settings.credentials.store(credentials, for: registry))
    }

    /// - Returns: whether anybody was.
    package func logOut(of registry: String) throws(OperationError) -> Bool {
        try CredentialStore(environment: CallersEnvironment.value).erase(registry)
    }
}
