package gqlhttp_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestForeignClients has the clients that web pages use subscribe.
func TestForeignClients(t *testing.T) {
	requireNode(t)
	k := serveWatched(t, func(*watched) {})
	for transport, url := range map[string]string{"sse": k.open.URL, "ws": strings.Replace(k.open.URL, "http", "ws", 1)} {
		t.Run(transport, func(t *testing.T) {
			client := runClient(t, transport, url, "subscription { barks }", `{"name":"rex"}`)
			for _, bark := range []string{"wuff", "waff"} {
				k.barks <- bark
				client.expect(`{"data":{"barks":"` + bark + `"}}`)
			}
			k.barks <- ""
			client.expect("complete")
			runClient(t, transport, url, "{ name }").expect(`{"data":{"name":"Rex"}}`, "complete")
		})
	}
	t.Run("refused", func(t *testing.T) {
		runClient(t, "ws", strings.Replace(k.open.URL, "http", "ws", 1), "{ name }", `{"name":"stranger"}`).expect(`{"failed":4403}`)
	})
}

func requireNode(t *testing.T) {
	t.Helper()
	probe := exec.Command("node", "--input-type=module", "-e", "import 'graphql-ws'; import 'graphql-sse'; import 'ws'")
	probe.Dir = "../testdata/node"
	out, err := probe.CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("node or its packages are missing: %v\n%s", err, out)
	default:
		t.Skipf("node or its packages are missing; make test installs both: %v", err)
	}
}

// client is subscribe.mjs, running.
type client struct {
	t     *testing.T
	lines *bufio.Scanner
}

func runClient(t *testing.T, arguments ...string) client {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"subscribe.mjs"}, arguments...)...)
	cmd.Dir = "../testdata/node"
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Wait() }) // t.Context has ended and node with it
	return client{t, bufio.NewScanner(out)}
}

// expect reads the next lines.
func (c client) expect(want ...string) {
	c.t.Helper()
	for _, line := range want {
		c.lines.Scan()
		if diff := cmp.Diff(line, c.lines.Text()); diff != "" {
			c.t.Fatal(diff)
		}
	}
}
