import Core

/// Values of `--pid`, `--ipc`, `--uts` and `--cgroupns`. The errors are Docker's.
enum NamespaceValue {
    static func shared(_ text: String, _ kind: String) throws(OperationError) -> NamespaceMode<String> {
        guard kind != "PID" || text != "private", let mode = NamespaceMode(text, { $0.isEmpty ? nil : $0 }) else {
            throw invalid(kind)
        }
        return mode
    }

    static func own(_ text: String, _ kind: String) throws(OperationError) -> NamespaceMode<Never> {
        guard kind != "UTS" || text != "private", let mode = NamespaceMode<Never>(text, { _ in nil }) else {
            throw invalid(kind)
        }
        return mode
    }

    static func invalid(_ kind: String) -> OperationError { OperationError("invalid \(kind) mode", kind: .invalid) }
}
