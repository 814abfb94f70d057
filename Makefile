# Every target installs what the machine lacks and does nothing when all is there.

.DEFAULT_GOAL := help
.PHONY: help run test browser-test check bench siege streams sqlx deps

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: deps ## Start everything: database, demo data, mailbox, payment page, server on port 3000
	cargo run

# Most of a test is waiting for a database or for another process.
test: export RUST_TEST_THREADS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
test: deps ## Run all tests; TEST_DATABASE_URL chooses another server than a private one
	cargo test

browser-test: deps ## Look at pages and mails in Chromium; BROWSER_PICTURES=folder keeps pictures
	WITH_CHROMIUM=true .ci/install-deps.sh
	cargo test --test browser

check: deps ## Formatting, lints, query data and SQL dialect, without running the tests
	.ci/check.sh

bench: deps ## Measure reads beside a bare handler with the same statements (a release build, then some four minutes)
	cargo bench --bench http

siege: deps ## Besiege a server with hostile forms, slow bodies, deaf clients and streams (some two minutes)
	cargo bench --profile dev --bench siege

streams: deps ## Weigh ten thousand open streams of notifications (some two minutes)
	cargo bench --profile dev --bench streams

sqlx: deps ## Rewrite .sqlx after a change of a query or a migration
	.ci/with-database.sh .ci/sqlx-data.sh

deps: ## Install the database server and the build tools that are missing
	@.ci/install-deps.sh
