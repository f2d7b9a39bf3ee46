# make demo    see it at work with simulated devices
# make test    everything that proves it
# Both install what they need on Debian and Ubuntu, and say what to install
# elsewhere.

SHELL := /bin/bash
GO ?= go
TAGS := migrated_fynedo,no_emoji
ifeq ($(shell uname -s),Linux)
TAGS := x11,$(TAGS)
endif
PROGRAM := build/vitalien
# The public key of whoever announces new versions (packaging/release.sh).
UPDATE_KEY ?=
export UPDATE_KEY
LDFLAGS := -s -w -X main.updateKey=$(UPDATE_KEY)
CLIENTS := app/testdata/clients
FUZZTIME ?= 30s
# The tests that draw pictures. The race detector makes them take ten times as
# long and has nothing to find in them.
PICTURES := ^(TestScreen|TestQuestions)_
# Nor in these, which compute and share nothing: passphrases, type and outlines.
RACE := -race $(foreach p,golang.org/x/crypto/scrypt golang.org/x/image/... \
	github.com/go-text/typesetting/... github.com/srwiley/rasterx github.com/fyne-io/oksvg,-gcflags=$(p)=-race=false)

.PHONY: demo run build test test-bluez fuzz soak bench lint check package package-linux package-windows package-macos test-packages deps test-deps package-deps

demo: build
	$(PROGRAM) --demo

run: build
	$(PROGRAM)

build: deps
	$(GO) build -trimpath -ldflags "$(LDFLAGS)" -tags $(TAGS) -o $(PROGRAM) ./app

test: build test-deps fuzz
	$(GO) test -tags $(TAGS) -run '$(PICTURES)' ./app/ui & pictures=$$!; trap "kill $$pictures 2>/dev/null" EXIT; \
	VITALIEN_PROGRAM=$(CURDIR)/$(PROGRAM) $(GO) test $(RACE) -timeout 30m -skip '$(PICTURES)' -tags $(TAGS),headless ./... && wait $$pictures

# The program and the real BlueZ, with real devices but for their insides, in a
# virtual machine: three minutes where there is no KVM, on Debian.
test-bluez: build test-deps
	@packaging/deps.sh bluez
	$(GO) test -c -tags $(TAGS),headless -o build/bluez.test ./app
	cd app && VITALIEN_BLUEZ_VM=1 VITALIEN_PROGRAM=$(CURDIR)/$(PROGRAM) ../packaging/bluez-vm/vm.sh \
		../build/bluez.test -test.run TestRealBlueZ -test.v -test.timeout 14m

fuzz: deps
	packaging/fuzz.sh $(FUZZTIME) 3 $(TAGS) $(GO)

# The stated, long forms, about two hours: half of one at 200 messages a second,
# 500 kills, hostile peers in their number, and 10 minutes of each fuzz target,
# six at a time beside the rest; then one of the window.
soak: build test-deps
	packaging/fuzz.sh 10m 6 $(TAGS) $(GO) & fuzz=$$!; trap "kill $$fuzz 2>/dev/null" EXIT; \
	VITALIEN_SOAK=1 VITALIEN_PROGRAM=$(CURDIR)/$(PROGRAM) $(GO) test -count=1 $(RACE) -timeout 3h -v \
		-tags $(TAGS),headless ./app ./app/api ./app/station ./hl7link ./localstore && wait $$fuzz
	$(GO) run ./app/bench -program $(PROGRAM) -only ward,window,recording -ward 5m -window 1h -recording 10m

# One table: the program beside what people use today, in turns on this machine.
# It fails when a line does not hold.
bench: build test-deps
	$(GO) run ./app/bench -program $(PROGRAM)

check: deps
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet -tags $(TAGS) ./...
	$(GO) vet -tags $(TAGS),headless ./app

lint: check
	@changed=$$($(GO) tool gofumpt -l $$(git ls-files '*.go')); if [ -n "$$changed" ]; then echo "gofumpt would change:"; echo "$$changed"; exit 1; fi
	$(GO) tool staticcheck -tags $(TAGS) ./...

# Everything that can be built on this machine, into build/packages.
package: package-linux package-windows

package-linux: build package-deps
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -tags headless -o build/vitalien-headless ./app
	packaging/linux/package.sh $(PROGRAM) build/vitalien-headless build/packages

package-windows: package-deps
	GO=$(GO) packaging/windows/package.sh build/packages

# On a Mac; not tried yet.
package-macos: build
	packaging/macos/package.sh $(PROGRAM) build/packages

# Installs, runs, upgrades and removes the packages: in a fresh Debian, as root,
# and under wine.
test-packages: package test-deps
	@packaging/deps.sh wine
	packaging/linux/test.sh build/packages
	packaging/windows/test.sh build/packages

deps:
	@packaging/deps.sh build

package-deps:
	@packaging/deps.sh package

test-deps:
	@packaging/deps.sh test
	@cmp -s $(CLIENTS)/package-lock.json $(CLIENTS)/node_modules/.installed || \
		(cd $(CLIENTS) && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed)
