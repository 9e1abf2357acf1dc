package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadmeTwoApps runs what the README says of two mini programs, with the
// addresses of this test's own dev in the place of the default ones.
func TestReadmeTwoApps(t *testing.T) {
	for _, command := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(command); err != nil {
			skipOrFail(t, "%s is not here: %v", command, err)
		}
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)`go run \\. (dev [^`]*)`[^`]*<!-- two apps -->\n```sh\n(.*?)```\n<!-- end -->").FindSubmatch(text)
	if block == nil {
		t.Fatal("the README does not tell how two mini programs share their users")
	}
	server, simulator := devAsSaid(t, strings.Fields(string(block[1])))
	script := strings.NewReplacer("http://127.0.0.1:8080", server, "http://127.0.0.1:8081", simulator).Replace(string(block[2]))
	out, err := exec.CommandContext(t.Context(), "bash", "-euc", script).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	logins := loginsIn(t, string(out))
	if len(logins) != 4 || logins[0].ID == logins[1].ID {
		t.Fatalf("before the apps are bound: %v\n%s", logins, out)
	}
	one := loggedIn{ID: logins[0].ID, Apps: "wxone wxtwo"} // the older id stays
	want := []loggedIn{{logins[0].ID, "wxone"}, {logins[1].ID, "wxtwo"}, {logins[0].ID, "wxone"}, one}
	if diff := cmp.Diff(want, logins); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// devAsSaid starts dev with these arguments on free ports.
func devAsSaid(t *testing.T, args []string) (server, simulator string) {
	t.Helper()
	dir := t.TempDir()
	p := start(t, nil, append(append([]string{program(t)}, args...), "--addr", "127.0.0.1:0", "--simulator-addr", "127.0.0.1:0", "--log-format", "json",
		"--store", "bolt:"+filepath.Join(dir, "menshen.db"), "--key-file", filepath.Join(dir, "menshen.key"))...)
	server = listening(p).url
	address := regexp.MustCompile(`(?m)^ +simulator +(http://127\.0\.0\.1:\d+)/`)
	p.await("greeting", &p.stdout, func(text string) bool { return address.MatchString(text) })
	return server, address.FindStringSubmatch(p.stdout.String())[1]
}

// loggedIn is whom a login answered, and the apps of their identities.
type loggedIn struct{ ID, Apps string }

// loginsIn picks the logins out of what was printed.
func loginsIn(t *testing.T, text string) (logins []loggedIn) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var answer struct {
			Data struct {
				Login struct {
					User struct {
						ID         string
						Identities []struct{ AppID string }
					}
				}
			}
		}
		err := d.Decode(&answer)
		if errors.Is(err, io.EOF) {
			return logins
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		user := answer.Data.Login.User
		if user.ID == "" {
			continue // the simulator's own answer
		}
		var apps []string
		for _, identity := range user.Identities {
			apps = append(apps, identity.AppID)
		}
		logins = append(logins, loggedIn{user.ID, strings.Join(apps, " ")})
	}
}
