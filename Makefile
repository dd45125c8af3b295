# Everything is built below .build; `make install` is the only target that writes elsewhere.
PREFIX ?= /usr/local
DESTDIR ?=
# Where systemd looks for units; `systemctl enable mydocker` has containers started after a boot.
UNITS ?= $(PREFIX)/lib/systemd/system
CC = gcc
# Kernel messages are structures laid over bytes, which the aliasing rules do not foresee.
CFLAGS = -std=gnu11 -O2 -fno-strict-aliasing -Wall -Wextra -Werror
BENCH_PROGRAMS = .build/bench/floor .build/bench/timeit .build/bench/netload
# e.g. make bench BENCH='--cases a,b,c -n 25'
BENCH ?=
# e.g. make bench FIREWALL=nftables; without one networks have that which they choose by themselves
FIREWALL ?=
# e.g. make bench PEERS='docker.io podman skopeo umoci docker-registry' BENCH='--cases n': packages that are there for this once
PEERS ?=
# e.g. make soak SOAK='--seed 1 kills=20000 xtables=60'; without names everything, in its long form
SOAK ?=
# e.g. make vm-test KERNEL=6.12 TESTS='Limit|Restart'
KERNEL ?= 6.1
TESTS ?= .

# make install DOCKER=yes: also as "docker", unless there is another one
DOCKER ?= no

.PHONY: build install uninstall deb deb-test test vm-test beside soak demo bench bench-programs lint clean bootstrap

build: bootstrap
	scripts/build release

bootstrap:
	scripts/bootstrap

# Does not build: `make && sudo make install` must not leave root's files in .build.
install:
	scripts/install-tree .build/release/mydocker '$(DESTDIR)' '$(PREFIX)'
	[ '$(DOCKER)' = no ] || scripts/install-docker-link '$(DESTDIR)$(PREFIX)/bin'

uninstall:
	scripts/uninstall-tree '$(DESTDIR)' '$(PREFIX)'

# .build/mydocker_VERSION_ARCHITECTURE.deb
deb: build
	scripts/make-deb .build/release/mydocker .build

# The package is installed, used and removed in a Debian root, which is made out here: the sandbox has no way to a mirror.
deb-test: deb
	scripts/debian-root .build
	scripts/in-sandbox scripts/test-deb "$$(ls -t .build/mydocker_*.deb | head -n 1)" .build/debian-root.tar

test: bootstrap
	scripts/run-tests

# The tests of the kernel and of the command once more, after `make test` has built them: an hour or more without a filter.
vm-test:
	MYDOCKER_BINARY=$(CURDIR)/.build/release/mydocker scripts/in-vm $(KERNEL) scripts/in-sandbox \
	  .build/debug/mydockerPackageTests.xctest --testing-library swift-testing --no-parallel \
	  --filter '^(?=.*(SandboxTests|CLITests)\.)(?=.*($(TESTS)))'

# Some 20 minutes. The walks over every fault point and the fuzzers are tests, which go further when they are told so.
soak: build
	scripts/in-sandbox scripts/soak $(SOAK)
	MYDOCKER_SOAK=1 scripts/run-tests 'FaultWalk|Fuzz'

# The Debian root is made out here, because the sandbox has no way to a mirror.
demo: build
	scripts/debian-root .build
	scripts/in-sandbox scripts/demo

# The real Docker, ufw and firewalld of Debian, each in a sandbox of its own: a mirror must be in reach.
beside: build
	for other in docker ufw firewalld; do scripts/beside $$other || exit 1; done

bench: build bench-programs
	$(if $(PEERS),scripts/borrow fetch $(PEERS))
	scripts/in-sandbox $(if $(PEERS),scripts/borrow use $(PEERS) --) $(if $(FIREWALL),scripts/configured '{"firewall-backend":"$(FIREWALL)"}') bench/with-peers python3 -B bench/bench.py --mydocker .build/release/mydocker --tools .build/bench $(BENCH)

bench-programs: $(BENCH_PROGRAMS)
$(BENCH_PROGRAMS): | bootstrap

# Static: their own start-up must be nothing beside what they measure.
.build/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -static -o $@ $<

lint:
	scripts/lint

clean:
	rm -rf .build
