# Two commands do everything on a fresh clone: `make demo` and `make test`. Node 20.19 or newer is all they need.
SHELL := /bin/bash
.PHONY: install bundle demo reproduce test lint format schema bench zoo engines services sbom pack clean

# One install per lock file; npm's `prepare` generates what is generated.
install: node_modules/.installed
node_modules/.installed: package-lock.json package.json
	npm ci
	@touch $@

bundle: install # What starts fast, once more if a source has changed since
	@node scripts/bundle.mjs
	@node scripts/bundle-page.mjs

demo: bundle ## Synthetic faces, a network, the matrix, curves, a pruned network and its report, on embedded defaults
	node packages/cli/bin/kneepoint.mjs demo

# QUICK=1 takes a share of it, in minutes, and leaves the page of the whole alone.
reproduce: bundle ## The paper's figures and tables on drawn faces: docs/reproduction.md. Over an hour; killed and started again it goes on
	node packages/cli/bin/kneepoint.mjs reproduce $(if $(QUICK),--quick,--page docs/reproduction.md)

test: bundle ## Lint, types, and every test, against real NATS, PostgreSQL and MinIO
	$(MAKE) --no-print-directory -j2 --output-sync=target services lint
	npm run --silent test

services: install ## Find or install nats-server, PostgreSQL and MinIO for the tests
	npx tsx scripts/services.ts

lint: install
	npm run --silent lint

format: install
	npx prettier --write .

schema: install ## Write schema.graphql from the resolvers
	npm run --silent schema

bench: install ## Every figure of docs/performance.md, as ratios measured in one run
	npx tsx bench/run.ts

zoo: install ## Every torchvision network exported, pruned and proved: docs/coverage.md. Hours; goes on where it was stopped. python3-torch, python3-torchvision, python3-onnx
	npx tsx bench/coverage/run.ts

engines: install ## Pruned networks beside their originals in OpenVINO, OpenCV DNN, ncnn and tract: docs/engines.md. Two minutes, pip
	npx tsx test/engines/run.ts

sbom: install ## What the product is made of, and under which licences: dist/sbom.cyclonedx.json, dist/licences.md
	npx tsx scripts/sbom.ts

pack: bundle ## What is published, into dist/: npm packages of the command and of the client, and the chart where helm is there
	npx tsx scripts/pack.ts

clean:
	rm -rf .kneepoint dist node_modules
