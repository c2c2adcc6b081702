# make check runs everything; the other targets are its parts. Arguments: make test ARGS="-run TestX ./store/..."
.PHONY: check deps lint vulns test race fuzz e2e bench bench-server bench-relay bench-others bench-exchange clean
.NOTPARALLEL:

ARGS ?=

check:
	@scripts/check.sh

deps:
	@scripts/deps.sh

lint:
	@scripts/lint.sh

# Needs GOVULNDB=https://vuln.go.dev, or a copy of it.
vulns:
	@scripts/vulns.sh

test:
	@scripts/test.sh $(ARGS)

race:
	@CGO_ENABLED=1 CGO_CFLAGS=-O0 scripts/test.sh -race $(ARGS)

fuzz:
	@scripts/fuzz.sh $(ARGS)

e2e:
	@scripts/e2e.sh -v $(ARGS)

# The tables of docs/benchmarks*.md, on SQLite and, where it is installed, PostgreSQL, and beside other servers, which are installed
# when root; no test, and not part of check. make bench-server, bench-relay, bench-others, bench-exchange and bench-pages make one of them.
bench: bench-server bench-relay bench-others bench-exchange bench-pages

bench-server:
	@go run ./internal/testenv/withpostgres go run ./bench $(or $(ARGS),-part server -write docs/benchmarks.md)

bench-relay:
	@go run ./internal/testenv/withpostgres go run ./bench $(or $(ARGS),-part relay -write docs/benchmarks-relay.md)

bench-others:
	@go run ./internal/testenv/withpostgres go run ./bench $(or $(ARGS),-part others -write docs/benchmarks-others.md)

bench-exchange:
	@go run ./bench $(or $(ARGS),-part exchange -write docs/benchmarks-exchange.md)

bench-pages:
	@go run ./internal/testenv/withpostgres go run ./bench $(or $(ARGS),-part pages -write docs/benchmarks-pages.md)

clean:
	@go clean
	@rm -rf bin
