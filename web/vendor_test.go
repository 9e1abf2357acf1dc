package web_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVendorIntegrity compares with the subresource integrity hashes of the
// same files in gqlgen v0.17.95, graphql/playground/playground.go: someone
// else's download of what is embedded here.
func TestVendorIntegrity(t *testing.T) {
	for name, want := range map[string]string{
		"graphiql.min.js":             "sha256-hnImuor1znlJkD/FOTL3jayfS/xsyNoP04abi8bFJWs=",
		"graphiql.min.css":            "sha256-MEh+B2NdMSpj9kexQNN3QKc8UzMrCXW/Sx/phcpuyIU=",
		"react.production.min.js":     "sha256-S0lp+k7zWUMk2ixteM6HZvu8L9Eh//OVrt+ZfbCpmgY=",
		"react-dom.production.min.js": "sha256-IXWO0ITNDjfnNXIu5POVfqlgYoop36bDzhodR6LW5Pc=",
	} {
		sum := sha256.Sum256([]byte(read(t, filepath.Join("playground/vendor", name))))
		if got := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestVendorSums keeps each SHA256SUMS complete: every file of the directory is
// named there, and unchanged.
func TestVendorSums(t *testing.T) {
	for _, dir := range []string{"playground/vendor", "phone/vendor"} {
		want := map[string]string{}
		lines := bufio.NewScanner(strings.NewReader(read(t, filepath.Join(dir, "SHA256SUMS"))))
		for lines.Scan() {
			sum, name, _ := strings.Cut(lines.Text(), "  ")
			want[filepath.Join(dir, name)] = sum
		}
		got := map[string]string{}
		for _, name := range sources(t, filepath.Join(dir, "*.*")) {
			sum := sha256.Sum256([]byte(read(t, name)))
			got[name] = hex.EncodeToString(sum[:])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: SHA256SUMS (-), the files (+):\n%s", dir, diff)
		}
	}
}
