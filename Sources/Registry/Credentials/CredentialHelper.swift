import Core
import Glibc
import Linux
import Transfer

/// A program of others that keeps credentials: `docker-credential-NAME` (docker-credential-helpers). It is the only program
/// that is run for a registry.
struct CredentialHelper {
    private let program: String
    /// Seconds: it may ask somebody.
    private static let patience: Int64 = 120
    private static let longestAnswer = 1 << 20

    /// - Parameter name: from the configuration: no path, so that it is one of PATH.
    init(name: String) throws(OperationError) {
        let isValid =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                $0.isDigit || $0.isASCIILetter || "._-".utf8.contains($0)
            }
        guard isValid else {
            throw OperationError(
                "use credential helper", name, reason: "the name may have letters, digits and ._- only", kind: .invalid)
        }
        program = "docker-credential-" + name
    }

    /// Nil when it has none.
    func get(_ server: String) throws(OperationError) -> Credentials? {
        let (code, output) = try run("get", input: server)
        let text = HTTPHeaders.trimmed(Substring(String(decoding: output, as: UTF8.self)))
        if code != 0 {
            // The sentence that the protocol has for it.
            if text.contains("credentials not found") { return nil }
            throw OperationError(
                "error getting credentials", program,
                reason: text.isEmpty ? "it has ended with code \(code)" : String(text.prefix(512)))
        }
        guard let json = try? JSON(parsing: output), let user = json["Username"]?.string,
            let secret = json["Secret"]?.string
        else { throw OperationError("error getting credentials", program, reason: "its answer is not valid") }
        return secret.isEmpty ? nil : Credentials(user: user, secret: secret)
    }

    func store(_ credentials: Credentials, for server: String) throws(OperationError) {
        let (user, secret) =
            switch credentials {
            case .password(let user, let password): (user, password)
            case .identityToken(let token): ("<token>", token)
            }
        let input: JSON = ["ServerURL": .string(server), "Username": .string(user), "Secret": .string(secret)]
        try expectSuccess("error storing credentials", run("store", input: input.compact))
    }

    func erase(_ server: String) throws(OperationError) {
        try expectSuccess("error erasing credentials", run("erase", input: server))
    }

    private func expectSuccess(
        _ operation: String, _ end: (code: Int32, output: [UInt8])
    ) throws(OperationError) {
        guard end.code != 0 else { return }
        let text = HTTPHeaders.trimmed(Substring(String(decoding: end.output, as: UTF8.self)))
        throw OperationError(
            operation, program, reason: text.isEmpty ? "it has ended with code \(end.code)" : String(text.prefix(512)))
    }

    // MARK: the process

    private func run(_ verb: String, input: String) throws(OperationError) -> (code: Int32, output: [UInt8]) {
        var requests = try Descriptor.socketPair()
        var answers = try Descriptor.pipe()
        let parent = getpid()
        switch try Fork.fork() {
        case .child:
            Fork.die(with: parent)
            dup2(requests.readNumber, STDIN_FILENO)
            dup2(answers.writeNumber, STDOUT_FILENO)
            _ = CallersProgram.become([program, verb], setting: [:])
            _exit(127)
        case .parent(let child):
            requests.closeRead()
            answers.closeWrite()
            send(input, &requests)
            let output = try collect(&answers, from: child)
            let code = reap(child).exitCode
            guard code != 127 else {
                throw OperationError(
                    "run", program, errno: ENOENT,
                    remedy: "install it, or take its name out of the configuration of your credentials")
            }
            return (code, output)
        }
    }

    /// All of it fits into a socket; a program that is gone reads nothing.
    private func send(_ input: String, _ requests: inout Pipe) {
        var rest = Array(input.utf8)[...]
        while !rest.isEmpty, let count = UnblockedTransfer.send(rest, to: requests.writeNumber), count > 0 {
            rest = rest.dropFirst(count)
        }
        requests.closeWrite()
    }

    private func collect(_ answers: inout Pipe, from child: pid_t) throws(OperationError) -> [UInt8] {
        guard let end = answers.takeRead() else { return [] }
        let deadline = Deadline(seconds: Self.patience)
        var output: [UInt8] = []
        while output.count <= Self.longestAnswer, deadline.millisecondsLeft > 0, !Interruption.isPending {
            guard Polling.wait(for: end, Int32(POLLIN), milliseconds: min(100, deadline.millisecondsLeft)) else {
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(end.number, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return output }
            output += buffer[..<count]
        }
        kill(child, SIGKILL)
        _ = reap(child)
        try Interruption.check("run", program)
        throw OperationError("run", program, reason: "it does not answer", kind: .timedOut)
    }
}
