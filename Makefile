# Portal. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run build test check fuzz soak generate css bench clean

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null)

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: build ## start the demo at http://localhost:8080, with everything it needs
	@.ci/need postgres
	@./bin/portal demo

build: ## build bin/portal, one static binary
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION) -X main.revision=$(REVISION)" -o bin/portal ./cmd/portal

test: ## every check and every test there is, browser tests included
	@.ci/need gcc postgres chromium
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory fuzz
	go test -race -timeout 14m ./...

check: ## formatting, vet, staticcheck, generated files
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted (gofmt -w): $$unformatted"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	@before=$$(cat views/*_templ.go | cksum); go tool templ generate -path views >/dev/null 2>&1 && after=$$(cat views/*_templ.go | cksum); \
		test "$$before" = "$$after" || { echo "views/*_templ.go were not up to date: run make generate and commit"; exit 1; }
	@if command -v npm >/dev/null; then before=$$(cksum <static/app.css); $(MAKE) --no-print-directory css >/dev/null && after=$$(cksum <static/app.css); \
		test "$$before" = "$$after" || { echo "static/app.css was not up to date: run make css and commit"; exit 1; }; \
	elif test -n "$$CI"; then echo "CI compares static/app.css and needs npm"; exit 1; \
	else echo "static/app.css was not compared with its source: that needs npm"; fi

fuzz: ## each fuzz target for 10 seconds
	@.ci/fuzz 10s

soak: ## 2,000 stories, 1,000 schedules of payments and each fuzz target for 10 minutes; SOAK_STORIES=100 SOAK_SCHEDULES=50 SOAK_FUZZ=1m for less
	@.ci/need gcc postgres
	@.ci/soak

generate: ## make views/*_templ.go from views/*.templ
	@go tool templ generate -path views

css: ## make static/app.css from its source; needs npm
	@cd static/css && npm ci --silent --no-audit --no-fund && npm run --silent build

bench: build ## measure speed and size
	@.ci/need postgres
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./store ./cmd/portal ./integrations ./paper
	go test -run '^$$' -bench . -benchtime 20x -timeout 60m ./handlers

clean: ## remove what was built, not the data
	rm -rf bin
