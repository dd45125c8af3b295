import Core
import Netlink

/// The way back.
extension PacketTracer {
    /// What is let through one way need not be the other way.
    mutating func answer(to packet: TracedPacket, sentAs sender: IPAddress) {
        var answer = packet.answer(to: sender)
        let (steps, end) = (way.steps, way.end)
        if comesBack(&answer) {
            (way.steps, way.end) = (steps, end)
        } else {
            way.end = way.end.ofAnswer
        }
    }

    private mutating func comesBack(_ answer: inout TracedPacket) -> Bool {
        guard pass(.prerouting, &answer) else { return false }
        if answer.isTracked == false, answer.hasNewDestination || answer.untranslatedDestination != nil {
            stop("it is not tracked, and so is not translated back")
            return false
        }
        answer.translateBack()
        guard let name = answer.input, let input = link(named: name) else { return pass(.forward, &answer) }
        guard let route = route(answer, input: input) else { return false }
        guard route.isOrdinary else {
            stop("routing drops what is for \(answer.destination)")
            return false
        }
        answer.output = link(route.link)?.name
        return pass(.forward, &answer)
    }

    /// What this host answers has to have a route, too.
    mutating func answerFromHere(to packet: TracedPacket) {
        if packet.input == "lo" { return }
        let (steps, end) = (way.steps, way.end)
        let answer = TracedPacket(
            from: packet.destination, to: packet.source, packet.transport, port: packet.sourcePort)
        if route(answer) == nil {
            way.end = way.end.ofAnswer
        } else {
            (way.steps, way.end) = (steps, end)
        }
    }
}

extension PacketWay.End {
    /// The same, where it is the answer that does not arrive.
    fileprivate var ofAnswer: PacketWay.End {
        switch self {
        case .arrives: self
        case .stops(let why): .stops("its answer does not: \(why)")
        case .isStopped(let rule, let isOurs): .isStopped(by: "\(rule) (its answer)", isOurs: isOurs)
        }
    }
}
