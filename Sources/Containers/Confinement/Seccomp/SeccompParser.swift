import Core

/// Reads profiles in Docker's format (OCI's, with conditions). As Docker does, it overlooks members that
/// it does not know, but not among conditions: a rule whose condition is overlooked allows too much. So does one of two
/// lists of the same name: a key that is given twice is refused.
struct SeccompParser {
    let path: String

    func rules(_ bytes: [UInt8]) throws(OperationError) -> SeccompRules {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsingHandwritten: bytes) } catch { throw failure(error.description) }
        guard json.members != nil else { throw failure("not a JSON object") }
        let defaultErrno = try errno(json["defaultErrnoRet"], "defaultErrnoRet")
        let defaultAction = try action(json["defaultAction"], errno: defaultErrno, "defaultAction")
        var rules: [SeccompRule] = []
        for (index, element) in try list(json["syscalls"], "syscalls").enumerated() {
            rules.append(try rule(element, "syscalls[\(index)]"))
        }
        return SeccompRules(defaultAction: defaultAction, architectures: try architectures(json), rules: rules)
    }

    private func failure(_ reason: String) -> OperationError {
        OperationError("load seccomp profile", path, reason: reason)
    }

    private func failure(_ place: String, _ reason: String) -> OperationError { failure("\(place): \(reason)") }

    // MARK: - Rules

    private func rule(_ json: JSON, _ place: String) throws(OperationError) -> SeccompRule {
        guard json.members != nil else { throw failure(place, "not an object") }
        var rule = SeccompRule(
            names: try names(json, place),
            action: try action(
                json["action"], errno: try errno(json["errnoRet"], "\(place).errnoRet"), "\(place).action"))
        for (index, element) in try list(json["args"], "\(place).args").enumerated() {
            rule.comparisons.append(try comparison(element, "\(place).args[\(index)]"))
        }
        rule.includes = try condition(json["includes"], "\(place).includes")
        rule.excludes = try condition(json["excludes"], "\(place).excludes")
        return rule
    }

    /// `names`, or the single `name` of older profiles.
    private func names(_ json: JSON, _ place: String) throws(OperationError) -> [String] {
        let names = try strings(json["names"], "\(place).names")
        guard let name = json["name"], !name.isNull, name != "" else { return names }
        guard names.isEmpty else { throw failure(place, "use either name or names") }
        return try strings(.array([name]), "\(place).name")
    }

    private func action(_ json: JSON?, errno: UInt16?, _ place: String) throws(OperationError) -> SeccompAction {
        guard let json else { throw failure(place, "missing") }
        switch json.string {
        case "SCMP_ACT_ALLOW": return .allow
        case "SCMP_ACT_ERRNO": return .errno(errno ?? 1)
        case "SCMP_ACT_LOG": return .log
        case "SCMP_ACT_TRAP": return .trap
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return .killThread
        case "SCMP_ACT_KILL_PROCESS": return .killProcess
        case "SCMP_ACT_TRACE": return .trace(errno ?? 1)
        case "SCMP_ACT_NOTIFY": throw failure(place, "SCMP_ACT_NOTIFY is not supported")
        default: throw failure(place, "unknown action \(json.compact)")
        }
    }

    private func errno(_ json: JSON?, _ place: String) throws(OperationError) -> UInt16? {
        guard let json, !json.isNull else { return nil }
        guard let value = json.int, (0...4095).contains(value) else { throw failure(place, "not 0 to 4095") }
        return UInt16(value)
    }

    private func comparison(_ json: JSON, _ place: String) throws(OperationError) -> SeccompComparison {
        let argument = try number(json["index"], "\(place).index")
        guard argument <= 5 else { throw failure("\(place).index", "not 0 to 5") }
        return SeccompComparison(
            argument: Int(argument), operation: try operation(json["op"], "\(place).op"),
            value: try number(json["value"], "\(place).value"),
            second: try number(json["valueTwo"], "\(place).valueTwo"))
    }

    private func operation(_ json: JSON?, _ place: String) throws(OperationError) -> SeccompComparison.Operation {
        switch json?.string {
        case "SCMP_CMP_EQ": return .equal
        case "SCMP_CMP_NE": return .notEqual
        case "SCMP_CMP_LT": return .less
        case "SCMP_CMP_LE": return .lessOrEqual
        case "SCMP_CMP_GT": return .greater
        case "SCMP_CMP_GE": return .greaterOrEqual
        case "SCMP_CMP_MASKED_EQ": return .maskedEqual
        default: throw failure(place, "unknown operation \((json ?? .null).compact)")
        }
    }

    // MARK: - Conditions

    private func condition(_ json: JSON?, _ place: String) throws(OperationError) -> SeccompCondition {
        guard let json, !json.isNull else { return SeccompCondition() }
        guard let members = json.members else { throw failure(place, "not an object") }
        var condition = SeccompCondition()
        for (key, value) in members {
            switch key {
            case "caps": condition.capabilities = try capabilities(value, "\(place).caps")
            case "arches": condition.architectures = try strings(value, "\(place).arches")
            case "minKernel": condition.kernel = try kernel(value, "\(place).minKernel")
            default: throw failure(place, "unknown condition \(JSON.quoted(key))")
            }
        }
        return condition
    }

    private func capabilities(_ json: JSON, _ place: String) throws(OperationError) -> [String] {
        try strings(json, place).map { $0.hasPrefix("CAP_") ? String($0.dropFirst(4)) : $0 }
    }

    private func kernel(_ json: JSON, _ place: String) throws(OperationError) -> KernelVersion? {
        if json.isNull || json == "" { return nil }
        guard let version = json.string.flatMap({ KernelVersion($0) }) else {
            throw failure(place, "not a version such as \"4.8\"")
        }
        return version
    }

    // MARK: - Architectures

    /// Those of `archMap` that go with this machine, or the plain list of `architectures`.
    private func architectures(_ json: JSON) throws(OperationError) -> [String] {
        let map = try list(json["archMap"], "archMap")
        let plain = try strings(json["architectures"], "architectures")
        guard map.isEmpty || plain.isEmpty else { throw failure("use either architectures or archMap") }
        var found = plain
        for (index, entry) in map.enumerated() {
            guard let name = entry["architecture"]?.string else {
                throw failure("archMap[\(index)].architecture", "missing")
            }
            guard Self.libraryName(name) == SeccompArchitecture.current.native else { continue }
            found += try strings(entry["subArchitectures"], "archMap[\(index)].subArchitectures")
        }
        return found.map(Self.libraryName).filter { $0 != SeccompArchitecture.current.native }
    }

    private static func libraryName(_ name: String) -> String {
        (name.hasPrefix("SCMP_ARCH_") ? String(name.dropFirst(10)) : name).lowercased()
    }

    // MARK: - Values

    /// Nothing counts as zero.
    private func number(_ json: JSON?, _ place: String) throws(OperationError) -> UInt64 {
        guard let json, !json.isNull else { return 0 }
        guard let value = json.int.flatMap({ UInt64(exactly: $0) }) else {
            throw failure(place, "not a whole number from 0 to \(Int64.max)")
        }
        return value
    }

    /// Nothing counts as empty.
    private func list(_ json: JSON?, _ place: String) throws(OperationError) -> [JSON] {
        guard let json, !json.isNull else { return [] }
        guard let elements = json.array else { throw failure(place, "not a list") }
        return elements
    }

    /// No text may hold a zero byte: in C it would be a shorter one.
    private func strings(_ json: JSON?, _ place: String) throws(OperationError) -> [String] {
        guard let json, !json.isNull else { return [] }
        guard let strings = json.strings, strings.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) }) else {
            throw failure(place, "not a list of names")
        }
        return strings
    }
}
