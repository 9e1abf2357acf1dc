# test and race install what they need, where they may.
SHELL := /bin/bash
FUZZTIME ?= 10m
INTERLEAVINGS ?= 1000
MIGRANTS ?= 1000000
NODE := testdata/node

.PHONY: help run test race verify lint soak fuzz bench tools

help: ## Print this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: ## Run everything on this machine with a simulated WeChat
	go run . dev

test: tools verify lint race ## All tests, with the race detector

race: tools ## The tests alone, with the race detector
	go test -race -shuffle=on -timeout 30m ./...
	cd store/mysql/tidbtest && go test ./...

verify: ## Generated code and go.mod are what their sources say
	go generate ./...
	@git diff --exit-code -- graph || { echo "graph/ is not what its sources generate: commit the output of go generate"; exit 1; }
	go mod tidy -diff

lint: ## gofmt, go vet and staticcheck
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go tool staticcheck ./...

soak: tools ## INTERLEAVINGS (1000) of lives and kill -9 with the race detector, and MIGRANTS (1000000) copied there and back
	go test -race -timeout 2h -count 1 -run '^TestInterleavings$$' -interleavings $(INTERLEAVINGS) .
	go test -timeout 2h -count 1 -v -run '^TestMigration' -migrants $(MIGRANTS) .

fuzz: ## Fuzz each entry point for FUZZTIME (10m)
	@set -e; for target in $$(.ci/fuzz-targets); do \
		echo "== $$target"; \
		go test -run '^$$' -fuzz "^$${target#*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$${target%%:*}"; \
	done

bench: ## Benchmarks of the parts, and commits per login
	go test -run '^$$' -bench . -benchmem ./...

tools: ## Install what the tests need (as root on Debian; otherwise say what is missing)
	@.ci/tools
	@if command -v npm >/dev/null; then npm ci --prefix $(NODE) --no-audit --no-fund; fi
