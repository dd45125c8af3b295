import Core
import Engine
import Glibc
import Linux

/// `mydocker login`: keeps what a registry knows the caller by.
package struct LoginCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "login", group: .images, operands: "[SERVER]", summary: "Log in to a registry",
            operandCount: 0...1)
    }

    var user: String?
    var password: String?
    var readsPassword = false

    package init() {}

    package static var flags: [Flag<LoginCommand>] {
        [
            .value("username", short: "u", "NAME", "User name") { command, text throws(OperationError) in
                command.user = SimpleValue.given(text)
            },
            .value("password", short: "p", "PASSWORD", "Password") { command, text throws(OperationError) in
                command.password = text
            },
            .toggle("password-stdin", "Read the password from standard input") { $0.readsPassword = $1 },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try check()
        let engine = context.engine
        let registry = try engine.registryName(operands.first)
        context.isReceipt = true
        if user == nil, password == nil, try engine.logInAgain(to: registry) {
            succeed(registry, &context)
            return 0
        }
        if password != nil, !readsPassword {
            context.warn([OperationError("--password shows it to others: use --password-stdin")])
        }
        let name = try givenUser(&context)
        let secret = try givenPassword(&context)
        guard !name.isEmpty, !secret.isEmpty else {
            throw OperationError(name.isEmpty ? "username is empty" : "password is empty", kind: .invalid)
        }
        let outcome = try engine.logIn(to: registry, user: name, password: secret)
        if let file = outcome.plainFile {
            context.warn([
                OperationError(
                    "your password is stored unencrypted in \(file)",
                    remedy: "a credential helper (credsStore) keeps it elsewhere")
            ])
        }
        succeed(registry, &context)
        return 0
    }

    /// In Docker's words.
    private func check() throws(OperationError) {
        if readsPassword, password != nil {
            throw OperationError("--password and --password-stdin are mutually exclusive", kind: .invalid)
        }
        if readsPassword, user == nil {
            throw OperationError("Must provide --username with --password-stdin", kind: .invalid)
        }
    }

    private func succeed(_ registry: String, _ context: inout CommandContext) {
        context.answer = ["registry": .string(registry)]
        context.output.line("Login Succeeded")
    }

    private func givenUser(_ context: inout CommandContext) throws(OperationError) -> String {
        if let user { return user }
        try checkTerminal()
        context.errors.question("Username: ")
        context.flush()
        return readLine() ?? ""
    }

    private func givenPassword(_ context: inout CommandContext) throws(OperationError) -> String {
        if readsPassword { return try readPassword() }
        if let password { return password }
        try checkTerminal()
        context.errors.question("Password: ")
        context.flush()
        guard let terminal = HiddenInput(STDIN_FILENO) else { return "" }
        return try terminal.line()
    }

    private func checkTerminal() throws(OperationError) {
        guard Terminal.isTerminal(STDIN_FILENO) else {
            throw OperationError(
                "Cannot perform an interactive login from a non TTY device",
                remedy: "name the user with -u and give the password with --password-stdin", kind: .invalid)
        }
    }

    private func readPassword() throws(OperationError) -> String {
        let input = try Descriptor.standard(STDIN_FILENO)
        var bytes = try Files.read(input, named: "standard input", limit: 64 << 10)
        // One line end of it.
        if bytes.last == 0x0a { bytes.removeLast() }
        if bytes.last == 0x0d { bytes.removeLast() }
        return String(kernel: bytes)
    }
}
