# The commands of this project. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: demo demo-cluster test soak bench bench-full fuzz audit fmt lint check help

# The queries were checked against the database when .sqlx was written; building needs none.
export SQLX_OFFLINE := true

demo: ## Build and run it all: server, database, simulated WeChat and phone (ARGS=--lan)
	@scripts/rust-version.sh
	@scripts/install.sh demo
	@exec cargo run --profile demo --locked -- demo $(ARGS)

demo-cluster: ## The same with two instances, PostgreSQL, Redis and nginx (PORTS="page phone …")
	@scripts/rust-version.sh
	@scripts/install.sh demo-cluster
	@cargo build --profile demo --locked
	@exec scripts/demo-cluster.sh "$${CARGO_TARGET_DIR:-target}/demo/saoma"

test: ## Install what the tests need and run all of them
	@scripts/rust-version.sh
	@scripts/install.sh test
	@scripts/test.sh

soak: ## Run the load cases at full size, two hours at most (SOAK=abuse for one of them)
	@scripts/rust-version.sh
	@scripts/install.sh test
	@scripts/soak.sh $(SOAK)

bench: ## Measure Saoma beside other servers, up to 5,000 sockets, 20 minutes (SERVERS="saoma ws" for some)
	@scripts/rust-version.sh
	@scripts/install.sh bench
	@scripts/bench.sh quick $(SERVERS)

bench-full: ## The same three times up to 19,000 sockets, two hours; writes docs/BENCHMARKS.md
	@scripts/rust-version.sh
	@scripts/install.sh bench
	@scripts/bench.sh full

fuzz: ## Feed made-up input to the parsers, SECONDS=60 for each
	@scripts/rust-version.sh
	@scripts/install.sh test
	@scripts/fuzz.sh $(or $(SECONDS),60)

audit: ## Ask the advisory database about everything that is built in
	@scripts/audit.sh

fmt: ## Format the Rust code
	cargo fmt
	cargo fmt --manifest-path fuzz/Cargo.toml
	cargo fmt --manifest-path benches/peers/rust/Cargo.toml

lint: ## Look for mistakes with clippy; warnings are errors
	cargo clippy --all-targets --locked -- -D warnings

check: ## Run everything that CI runs
	.ci/run

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
