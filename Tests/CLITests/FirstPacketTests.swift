import Foundation
import Testing

extension CLI.Connectivity {
    /// A link takes up its work some time after it was made, and the kernel takes its time over that while others change
    /// links too. What a program sends before that is lost, and ARP asks again a second later.
    @Test func theFirstPacketArrivesHoweverBusyTheHostIs() throws {
        let change = "while :; do ip link add LINK type dummy; ip link set LINK up; ip link delete LINK; done"
        let work = ["ccbusy0", "ccbusy1"].map { change.replacing("LINK", with: $0) } + ["while :; do :; done"]
        let others = try work.map { try Background(["/bin/bash", "-c", $0 + " 2>/dev/null"]) }
        defer {
            for other in others {
                kill(other.pid, SIGKILL)
                _ = other.end()
            }
            Host.shell("for link in ccbusy0 ccbusy1; do ip link delete $link; done")
        }
        // As the first one on a bridge, which has been without a port.
        let outcome = Host.shell(
            """
            for number in $(seq 50); do
              $MYDOCKER network create --subnet 10.78.$number.0/24 ccfirst$number >/dev/null
              $MYDOCKER run --rm --net ccfirst$number \(Frames.flags.joined(separator: " ")) /frames ping 10.78.$number.1 800 ||
                echo late: $number
              $MYDOCKER network rm ccfirst$number >/dev/null
            done
            """)
        #expect(outcome.text == "" && outcome.error == "")
    }
}
