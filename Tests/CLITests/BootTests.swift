import Foundation
import Testing

extension CLI {
    /// `system boot` after the host was switched off: what runs again, and what does not.
    @Suite struct Boot {
        @Test func whatWasToRunRunsAgain() {
            let outcome = Host.elsewhere(
                Reboot.powerLoss + """

                    exec 2>&1
                    run() { name=$1; shift; $m run -d --net none --name $name "$@" >/dev/null; }
                    run always --restart always sleep 1000
                    run ended --restart always sleep 1000
                    run unless --restart unless-stopped sleep 1000
                    run stopped --restart unless-stopped sleep 1000
                    run killed --restart unless-stopped sleep 1000
                    run again --restart unless-stopped sleep 1000
                    run failure --restart on-failure sleep 1000
                    run plain sleep 1000
                    run quick --restart always --health-cmd true sh -c 'sleep 0.05; exit 3'
                    $m create --net none --name created --restart always sleep 1000 >/dev/null
                    $m stop -t 0 ended stopped again >/dev/null; $m kill killed >/dev/null; $m start again >/dev/null
                    run broken --restart always -v /run/broken:/in sleep 1000; rmdir /run/broken; ln -s /nowhere /run/broken
                    lose_power

                    $m system boot; echo boot: $?
                    echo up: $($m ps --format '{{.Names}}' -f status=running -f status=restarting | sort)
                    $m system boot 2>/dev/null; echo again: $?
                    # Between two starts nothing is lost of what a user wanted.
                    lose_power
                    $m system boot 2>/dev/null | sort | tr '\\n' ' '; echo
                    $m rm -f $($m ps -aq) >/dev/null
                    find /var/lib/mydocker/{containers,names} /run/mydocker/{containers,networks} -mindepth 1
                    """)
            #expect(
                outcome.lines.filter { !$0.contains("broken") } == [
                    "always", "ended", "unless", "again", "quick", "boot: 1", "up: again always ended quick unless",
                    "again: 1", "again always ended quick unless ",
                ], "\(outcome.text)")
            #expect(outcome.text.contains("mydocker: start container \"broken\": "), "\(outcome.text)")
        }

        /// The mark is on disk, and is written for those alone whom it concerns.
        @Test func theMark() throws {
            try withContainer("bomark", "--restart", "unless-stopped", "sleep", "1000") { id in
                let mark = "/var/lib/mydocker/containers/\(id)/stopped"
                succeed("stop", "-t", "0", "bomark")
                #expect(FileManager.default.fileExists(atPath: mark))
                succeed("start", "bomark")
                #expect(!FileManager.default.fileExists(atPath: mark))
            }
            try withContainer("boplain", "sleep", "1000") { id in
                succeed("stop", "-t", "0", "boplain")
                #expect(!FileManager.default.fileExists(atPath: "/var/lib/mydocker/containers/\(id)/stopped"))
            }
        }

        /// systemd ends no supervisor with the unit, and counts none against its limits.
        @Test func theUnit() throws {
            let path = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
                .appendingPathComponent("../../packaging/mydocker.service").path
            let lines = Host.read(path).split(separator: "\n").map(String.init)
            for line in [
                "Type=oneshot", "RemainAfterExit=yes", "KillMode=process", "TasksMax=infinity", "OOMPolicy=continue",
                "ExecStart=/usr/local/bin/mydocker system boot", "WantedBy=multi-user.target",
            ] { #expect(lines.contains(line), "\(line)") }
            #expect(!lines.contains { $0.hasPrefix("ExecStop") })
        }
    }
}
