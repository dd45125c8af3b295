import Foundation
import Testing

extension CLI {
    /// `make install` and `make uninstall`, into a directory of the test's own.
    @Suite struct Package {
        private static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../scripts").standardized.path

        private func files(_ directory: String) -> [String] {
            Host.shell("cd \(directory) && find . -type f -o -type l | sort").lines
        }

        @Test func installedFilesAreAllRemoved() throws {
            try withScratch { directory in
                let list = Host.run(["\(Self.scripts)/install-tree", Host.mydocker, directory, "/usr"])
                #expect(list.code == 0, "\(list.error)")
                #expect(files(directory) == list.lines.map { ".\($0)" }.sorted())
                #expect(list.lines.contains("/usr/bin/mydocker"))
                for page in succeed("man").lines { #expect(list.lines.contains("/usr/share/man/man1/\(page).1.gz")) }
                #expect(Host.run(["\(directory)/usr/bin/mydocker", "version"]).code == 0)
                let removal = Host.run(["\(Self.scripts)/uninstall-tree", directory, "/usr"])
                #expect(removal.code == 0, "\(removal.error)")
                #expect(files(directory) == [])
            }
        }

        @Test func anotherDockerIsNotHidden() throws {
            try withScratch { directory in
                let link = "\(directory)/bin/docker"
                Host.shell("mkdir \(directory)/bin \(directory)/other; touch \(directory)/bin/mydocker")
                let make = "PATH=/usr/bin:/bin \(Self.scripts)/install-docker-link \(directory)/bin"
                // Made, and made again.
                #expect(Host.shell("\(make) && \(make) && readlink \(link)").text == "mydocker\n")
                Host.shell(
                    "rm \(link); printf '#!/bin/sh\\n' >\(directory)/other/docker; chmod +x \(directory)/other/docker")
                let elsewhere = Host.shell(make.replacing("PATH=", with: "PATH=\(directory)/other:"))
                #expect(elsewhere.code == 1 && elsewhere.error.contains("\(directory)/other/docker is there"))
                #expect(files("\(directory)/bin") == ["./mydocker"])
                Host.shell("mv \(directory)/other/docker \(link)")
                let there = Host.shell(make)
                #expect(there.code == 1 && there.error.contains("\(link) is there"), "\(there.error)")
            }
        }

        /// All of its control files and what it depends on; scripts/test-deb installs it.
        @Test func debianPackage() throws {
            try withScratch { directory in
                let made = Host.run(["\(Self.scripts)/make-deb", Host.mydocker, directory], seconds: 120)
                try #require(made.code == 0, "\(made.error)")
                #expect(made.lines.count == 1 && made.word.hasSuffix(".deb"))
                let fields = Host.run(["dpkg-deb", "--field", made.word, "Package", "Version", "Depends"])
                #expect(fields.lines.prefix(2) == ["Package: mydocker", "Version: 0.1.0"])
                for library in ["libc6", "libmnl0", "libip4tc2", "libseccomp2"] {
                    #expect(fields.text.contains(library))
                }
                let contents = Host.run(["dpkg-deb", "--contents", made.word])
                #expect(contents.lines.allSatisfy { $0.contains(" root/root ") })
                #expect(contents.text.contains("./usr/bin/mydocker"))
                #expect(contents.text.contains("./usr/share/bash-completion/completions/mydocker"))
                #expect(contents.text.contains("./usr/share/man/man1/mydocker-run.1.gz"))
            }
        }
    }
}
