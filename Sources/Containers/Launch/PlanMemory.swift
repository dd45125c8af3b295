import CLaunch
import Core
import Glibc
import Linux

/// The C form of a plan. It owns every byte that the plan points to, until the child has been released.
final class PlanMemory {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit { for block in blocks { free(block) } }

    func string(_ text: String?) -> UnsafePointer<CChar>? {
        guard let text, let copy = text.withKernelString({ strdup($0) }) else { return nil }
        blocks.append(copy)
        return UnsafePointer(copy)
    }

    /// Nil-terminated, as execve(2) wants them.
    func strings(_ texts: [String]) -> UnsafePointer<UnsafePointer<CChar>?>? {
        array(texts.map { string($0) } + [nil])
    }

    func array<Element>(_ elements: [Element]) -> UnsafePointer<Element>? {
        guard !elements.isEmpty, let block = malloc(MemoryLayout<Element>.stride * elements.count) else { return nil }
        blocks.append(block)
        let copy = block.bindMemory(to: Element.self, capacity: elements.count)
        copy.initialize(from: elements, count: elements.count)
        return UnsafePointer(copy)
    }

    func steps(_ steps: [LaunchStep]) -> UnsafePointer<claunch_step>? {
        array(
            steps.map { step in
                claunch_step(
                    operation: step.operation.rawValue, optional: step.optional ? 1 : 0, source: string(step.source),
                    target: string(step.target), type: string(step.type), data: string(step.data), flags: step.flags,
                    number: step.number, user: step.owner.user, group: step.owner.group)
            })
    }

    /// Those that were asked for first: their places are what a failure names.
    private static func limits(asked: [ResourceUlimit]) -> [claunch_rlimit] {
        let others = ResourceUlimit.defaults.filter { limit in !asked.contains { $0.resource == limit.resource } }
        return asked.map { $0.launchLimit(isDefault: false) } + others.map { $0.launchLimit(isDefault: true) }
    }

    func process(_ plan: ProcessPlan, stdio: StandardStreams) -> claunch_process {
        var process = claunch_process()
        process.candidates = strings(plan.candidates)
        process.arguments = strings(plan.arguments)
        process.environment = strings(plan.environment)
        process.directory = string(plan.directory)
        process.stdio = (stdio.input, stdio.output, stdio.error)
        process.rows = plan.terminalSize?.rows ?? 0
        process.columns = plan.terminalSize?.columns ?? 0
        process.user = plan.user
        process.group = plan.group
        process.groups = array(plan.groups)
        process.group_count = plan.groups.count
        process.capabilities = plan.capabilities
        process.no_new_privileges = plan.noNewPrivileges ? 1 : 0
        if let filter = plan.seccomp {
            process.seccomp = array(filter).map { UnsafeRawPointer($0) }
            process.seccomp_count = UInt16(filter.count / 8)
        }
        let limits = Self.limits(asked: plan.ulimits)
        process.rlimits = array(limits)
        process.rlimit_count = limits.count
        process.oom_score = plan.oomScore
        process.`init` = plan.usesInit ? 1 : 0
        process.die_with_parent = plan.diesWithParent ? 1 : 0
        if let binary = Files.status("/proc/self/exe") {
            process.host_device = UInt64(binary.st_dev)
            process.host_inode = UInt64(binary.st_ino)
        }
        return process
    }
}

extension ResourceUlimit {
    fileprivate func launchLimit(isDefault: Bool) -> claunch_rlimit {
        claunch_rlimit(
            resource: resource, is_default: isDefault ? 1 : 0, soft: UInt64(bitPattern: soft),
            hard: UInt64(bitPattern: hard))
    }
}

/// Descriptors of the calling process that become 0, 1 and 2 of the program; -1 is the null device of the container.
package struct StandardStreams: Sendable {
    package static let null = StandardStreams(input: -1, output: -1, error: -1)

    package var input: Int32
    package var output: Int32
    package var error: Int32

    package init(input: Int32, output: Int32, error: Int32) {
        self.input = input
        self.output = output
        self.error = error
    }
}
