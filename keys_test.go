package main_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"menshen/wechat/wechattest"
)

// TestKeysCommands does the same jobs with a running server, over its socket,
// and without one.
func TestKeysCommands(t *testing.T) {
	sim := wechattest.New(t)
	online, offline := install(t, sim.URL()), install(t, sim.URL())
	offline.serve().stop()
	server := online.serve()

	fresh := []string{"access active ES256", "refresh active HMAC-SHA256", "sealing active AES256-GCM"}
	rotated := []string{
		"access retired ES256", "access active ES256",
		"refresh retired HMAC-SHA256", "refresh active HMAC-SHA256",
		"sealing retired AES256-GCM", "sealing active AES256-GCM",
	}
	// The retired refresh key stays: a login under way may bring a token of it.
	pruned := []string{"access active ES256", "refresh retired HMAC-SHA256", "refresh active HMAC-SHA256", "sealing active AES256-GCM", "forgotten", "forgotten"}
	for _, step := range []struct {
		job  string
		want []string
	}{{"list", fresh}, {"rotate", rotated}, {"list", rotated}, {"prune", pruned}} {
		for name, house := range map[string]installation{"online": online, "offline": offline} {
			if got := keyTable(t, house, step.job); !cmp.Equal(got, step.want) {
				t.Errorf("keys %s %s: %s", step.job, name, cmp.Diff(step.want, got))
			}
		}
	}

	listed := online.run("keys", "list").stdout
	server.stop()
	if got := online.run("keys", "list").stdout; got != listed {
		t.Errorf("with the server gone the keys are\n%s, with it they were\n%s", got, listed)
	}
	if got := offline.run("keys", "list", "--store", "bolt:"+offline.store()+"x"); got.code != 1 || !strings.Contains(got.stderr, "there is no store at") {
		t.Errorf("keys list of no store: %d %s", got.code, got.stderr)
	}
}

// TestPruneLogsNobodyOut prunes a store without its server, which alone knows
// how long a refresh token lives. The retired key was retired less than a minute
// ago; that sessions keep theirs for longer is proven in store and token.
func TestPruneLogsNobodyOut(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	server := house.serve()
	in := server.loginAs(sim, "mei")
	server.stop()
	keyTable(t, house, "rotate")
	keyTable(t, house, "prune")
	if _, err := house.serve().refresh(t.Context(), in.RefreshToken); err != nil {
		t.Errorf("refreshLogin after rotate and prune: %v", err)
	}
}

// keyTable runs a job and returns its table without the columns that differ
// from time to time.
func keyTable(t *testing.T, house installation, job string) (rows []string) {
	t.Helper()
	got := house.run("keys", job)
	if got.code != 0 {
		t.Fatalf("keys %s: %s", job, got.stderr)
	}
	for line := range strings.Lines(got.stdout) {
		columns := strings.Fields(line)
		switch columns[0] {
		case "USE":
		case "forgotten":
			rows = append(rows, columns[0])
		default:
			rows = append(rows, strings.Join(columns[:3], " "))
		}
	}
	return rows
}

func TestSocket(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	server := house.serve()
	if got := modeOf(t, house.socket()); got != 0o600 {
		t.Errorf("the socket has mode %v", got)
	}
	server.kill()
	if got := kindOf(t, house.socket()); got != fs.ModeSocket {
		t.Fatalf("kill -9 leaves %v where the socket was", got)
	}
	before := keyTable(t, house, "list") // offline, past the dead socket

	server = house.serve()
	if got := keyTable(t, house, "list"); !cmp.Equal(got, before) { // the store is locked: only the socket can tell
		t.Error(cmp.Diff(before, got))
	}
	server.stop()
	if _, err := os.Lstat(house.socket()); err == nil {
		t.Error("a server that stopped leaves its socket behind")
	}
}

func kindOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Type()
}

// TestListingChangesNothing lists the keys of a store that signs with another
// algorithm than the default.
func TestListingChangesNothing(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	house.serve("--token-alg", "EdDSA").stop()
	want := []string{"access active EdDSA", "refresh active HMAC-SHA256", "sealing active AES256-GCM"}
	for range 2 {
		if got := keyTable(t, house, "list"); !cmp.Equal(got, want) {
			t.Error(cmp.Diff(want, got))
		}
	}
}

// TestPruneKeepsRefreshTokens proves that only access tokens die with their key.
func TestPruneKeepsRefreshTokens(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	server := house.serve()
	tokens := server.loginAs(sim, "mei")
	keyTable(t, house, "rotate")
	server.expectUser(tokens.AccessToken, tokens.User.ID)
	keyTable(t, house, "prune")
	if _, err := server.me(t.Context(), tokens.AccessToken); err != refused("UNAUTHENTICATED") {
		t.Errorf("an access token of a pruned key: %v", err)
	}
	next, err := server.refresh(t.Context(), tokens.RefreshToken)
	if err != nil {
		t.Fatalf("a refresh token across rotate and prune: %v", err)
	}
	server.expectUser(next.AccessToken, tokens.User.ID)
}
