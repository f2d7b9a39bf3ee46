# make demo    see it at work with simulated devices
# make test    everything that proves it
# Both install what they need on Debian and Ubuntu, and say what to install
# elsewhere.

SHELL := /bin/bash
GO ?= go
TAGS := migrated_fynedo
ifeq ($(shell uname -s),Linux)
TAGS := x11,$(TAGS)
endif
PROGRAM := build/vitalien
CLIENTS := app/testdata/clients
FUZZTIME ?= 25000x
FUZZ := fhirmap:FuzzDecimal hl7link:FuzzArmour hl7link:FuzzFields hl7link:FuzzFrames hl7link:FuzzDecode hl7link:FuzzAck app/api:FuzzParseEvent

.PHONY: demo run build test fuzz soak bench lint check package deps test-deps

demo: build
	$(PROGRAM) --demo

run: build
	$(PROGRAM)

build: deps
	$(GO) build -trimpath -ldflags "-s -w" -tags $(TAGS) -o $(PROGRAM) ./app

test: build test-deps fuzz
	VITALIEN_PROGRAM=$(CURDIR)/$(PROGRAM) $(GO) test -race -timeout 14m -tags $(TAGS),headless ./...

# The short form is about 30 s in all, and counts inputs: a run that ends by the
# clock now and then reports its own end as a failure. FUZZTIME=10m is the long
# form.
fuzz: deps
	@set -e; for target in $(FUZZ); do \
		$(GO) test -run '^$$' -fuzz "^$${target#*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x ./$${target%:*}; \
	done

# The stated, long forms: 500 kills instead of 50.
soak: build test-deps
	VITALIEN_SOAK=1 VITALIEN_PROGRAM=$(CURDIR)/$(PROGRAM) $(GO) test -count=1 -race -timeout 3h -tags $(TAGS),headless ./localstore ./app/api ./app

bench: deps
	$(GO) test -run '^$$' -bench . -benchmem ./fhirmap ./hl7link ./localstore ./app/api

check: deps
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet -tags $(TAGS) ./...
	$(GO) vet -tags $(TAGS),headless ./app

lint: check
	@changed=$$($(GO) tool gofumpt -l $$(git ls-files '*.go')); if [ -n "$$changed" ]; then echo "gofumpt would change:"; echo "$$changed"; exit 1; fi
	$(GO) tool staticcheck -tags $(TAGS) ./...

package:
	@echo "There are no packages yet: make build puts the program at $(PROGRAM)." && exit 1

deps:
	@packaging/deps.sh build

test-deps:
	@packaging/deps.sh test
	@cmp -s $(CLIENTS)/package-lock.json $(CLIENTS)/node_modules/.installed || \
		(cd $(CLIENTS) && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed)
