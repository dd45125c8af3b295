import Core
import Netlink

/// The way back.
extension PacketTracer {
    /// Has it go out, and its answer come back.
    mutating func leaveAndBeAnswered(by route: RouteInfo, _ packet: inout TracedPacket) {
        let sent = packet
        leave(by: route, &packet)
        if way.arrives { answer(to: sent, sentAs: packet.source) }
    }

    /// What is let through one way need not be the other way.
    private mutating func answer(to packet: TracedPacket, sentAs sender: IPAddress) {
        var answer = packet.answer(to: sender)
        let before = (way.steps, way.end)
        conclude(comesBack(&answer), before)
    }

    /// - Parameter before: what was noted of the way there, which is what is told of an answer that arrives.
    mutating func conclude(_ answerArrives: Bool, _ before: (steps: [PacketWay.Step], end: PacketWay.End)) {
        if answerArrives {
            (way.steps, way.end) = before
        } else {
            way.end = way.end.ofAnswer
        }
    }

    private mutating func comesBack(_ answer: inout TracedPacket) -> Bool {
        guard comeFrom(answer.source, on: answer.input, &answer), pass(.prerouting, &answer) else { return false }
        if answer.isTracked == false, answer.hasNewDestination || answer.untranslatedDestination != nil {
            stop("it is not tracked, and so is not translated back")
            return false
        }
        answer.translateBack()
        guard let name = answer.input, let input = link(named: name) else { return leaves(.forward, &answer) }
        guard let route = route(answer, input: input) else { return false }
        // This host has asked.
        if route.isLocal { return pass(.input, &answer) }
        guard route.isOrdinary else {
            stop("routing drops what is for \(answer.destination)")
            return false
        }
        answer.output = link(route.link)?.name
        return leaves(.forward, &answer)
    }

    /// - Parameter place: what it passes before it goes out.
    private mutating func leaves(_ place: PacketHook.Place, _ answer: inout TracedPacket) -> Bool {
        guard pass(place, &answer), pass(.postrouting, &answer) else { return false }
        return goTo(answer.destination, on: answer.output, &answer)
    }

    /// What this host answers has to have a route, too.
    mutating func answerFromHere(to packet: TracedPacket) {
        if packet.input == "lo" { return }
        let before = (way.steps, way.end)
        var answer = packet.answer(to: packet.source)
        (answer.input, answer.output) = (nil, nil)
        guard let route = route(answer) else { return conclude(false, before) }
        answer.output = link(route.link)?.name
        conclude(leaves(.output, &answer), before)
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
