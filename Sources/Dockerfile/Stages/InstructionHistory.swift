extension Instruction {
    /// As an image's history has it: with the values of variables where BuildKit's has them.
    /// - Parameter directory: the image's, once this is carried out.
    package func history(in directory: String) -> String {
        switch command {
        case .workingDirectory: "WORKDIR " + directory
        case .environment(let settings): "ENV" + settings.map { " \($0.name)=\($0.value)" }.joined()
        case .expose(let ports): "EXPOSE [\(ports.joined(separator: " "))]"
        default: text
        }
    }
}
