package main_test

import (
	"os/exec"
	"strings"
	"testing"

	"menshen/wechat/wechattest"
)

// TestAudit holds the server against the audit suite of GraphQL over HTTP, all of
// it. Two of its audits ask for the schema, so introspection is on.
func TestAudit(t *testing.T) {
	requireAudits(t)
	server := install(t, wechattest.New(t).URL()).serve("--introspection", "on")
	audit := exec.CommandContext(t.Context(), "node", "audit.mjs", server.url+"/graphql")
	audit.Dir = "testdata/node"
	out, err := audit.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "61 of 61" {
		t.Errorf("%v, want 61 of 61:\n%s", err, out)
	}
}

func requireAudits(t *testing.T) {
	t.Helper()
	probe := exec.Command("node", "--input-type=module", "-e", "import 'graphql-http'")
	probe.Dir = "testdata/node"
	if out, err := probe.CombinedOutput(); err != nil {
		skipOrFail(t, "node or its package graphql-http is missing; make test installs both: %v\n%s", err, out)
	}
}
