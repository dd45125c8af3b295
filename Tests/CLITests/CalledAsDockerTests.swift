import Foundation
import Testing

extension CLI {
    /// A link of the name `docker`: Docker's reading where the two differ.
    @Suite struct CalledAsDocker {
        private func docker(_ line: String, _ check: (Outcome) -> Void) throws {
            #expect(Host.hasDefaultImage)
            try withScratch { directory in
                let link = "\(directory)/docker"
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Host.mydocker)
                check(Host.shell("PATH=\(directory):$PATH; \(line)"))
            }
        }

        @Test(arguments: [
            // `echo` is a program of the default image, and no image.
            ("docker run --net none echo hi", "", 125), ("$MYDOCKER run --rm --net none echo hi", "hi\n", 0),
            ("docker create --net none echo hi", "", 1),
            ("docker network ls | head -n 1 | tr -s ' '", "NETWORK ID NAME DRIVER SCOPE\n", 0),
            ("docker --version", "Docker version 20.10.24, build mydocker-0.1.0\n", 0),
            ("docker -v", "Docker version 20.10.24, build mydocker-0.1.0\n", 0),
            ("docker version --format '{{.Server.Version}}'", "20.10.24\n", 0),
            ("$MYDOCKER version --format '{{.Server.Version}}'", "0.1.0\n", 0),
            ("docker version | grep -c '^ *Version: *20'", "2\n", 0),
            ("docker -D --config /x -l error --context default --tls ps -q -f name=none", "", 0),
            ("docker -H unix:///var/run/docker.sock ps -q -f name=none", "", 0),
            ("DOCKER_HOST=unix:///run/docker.sock docker ps -q -f name=none", "", 0),
            ("docker -H tcp://10.0.0.1:2375 ps", "", 1), ("DOCKER_HOST=tcp://10.0.0.1:2375 docker ps", "", 1),
            ("docker --context elsewhere ps", "", 1), ("DOCKER_CONTEXT=elsewhere docker ps", "", 1),
            ("docker --nosuch ps", "", 125), ("docker compose up -d", "", 1),
            ("docker buildx version", "mydocker/buildx v0.20.1 0.1.0\n", 0), ("docker buildx bake", "", 1),
            ("docker swarm init", "", 1), ("docker network", "", 1), ("docker network nosuch", "", 1),
            ("docker --help | head -n 1", "Usage:  docker COMMAND\n", 0),
            ("docker run --help | head -n 1", "Usage:  docker run [OPTIONS] [IMAGE] [COMMAND] [ARG...]\n", 0),
        ]) func reads(line: String, output: String, code: Int32) throws {
            try docker(line) { outcome in
                #expect(outcome.text == output, "\(line): \(outcome.error)")
                #expect(outcome.code == code, "\(line): \(outcome.error)")
            }
        }

        @Test(arguments: [
            ("docker compose up", "docker: 'compose' is not a docker command.\nSee 'docker --help'\n"),
            ("docker logs idnosuch", "docker: No such container: idnosuch\n"),
            ("docker rm", "docker: 'docker rm' requires at least 1 argument\n"),
            ("docker run --net none idnosuch", "Unable to find image 'idnosuch:latest' locally\n"),
            (
                "docker -H tcp://x ps",
                "docker: cannot use host \"tcp://x\": mydocker runs containers on this host alone\n"
            ),
        ]) func says(line: String, start: String) throws {
            try docker(line) { #expect($0.error.hasPrefix(start), "\($0.error)") }
        }

        /// Those of the process that looks after a container, too.
        @Test func warnings() throws {
            try docker("docker run --rm --net none -v $TMPDIR/cadmissing:/x busybox true") { outcome in
                #expect(outcome.code == 0 && outcome.error.hasPrefix("docker: warning: "), "\(outcome.error)")
            }
        }
    }
}
