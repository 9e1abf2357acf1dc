package web_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"
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

// TestVendorSums keeps SHA256SUMS complete: every file of the directory is
// named there, and unchanged.
func TestVendorSums(t *testing.T) {
	want := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(read(t, "playground/vendor/SHA256SUMS")))
	for lines.Scan() {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		want[name] = sum
	}
	for _, name := range sources(t, "playground/vendor/*.*") {
		sum := sha256.Sum256([]byte(read(t, name)))
		if got := hex.EncodeToString(sum[:]); got != want[filepath.Base(name)] {
			t.Errorf("%s has the sum %s, SHA256SUMS says %q", name, got, want[filepath.Base(name)])
		}
		delete(want, filepath.Base(name))
	}
	for name := range want {
		t.Errorf("SHA256SUMS names %s, which is not there", name)
	}
}
