package wechat

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestMain sets a proxy before net/http looks at the environment for the first
// time. Loopback addresses are never proxied, so only TestSecureProxy sees it.
func TestMain(m *testing.M) {
	os.Setenv("HTTP_PROXY", "http://gateway.invalid:3128")
	os.Setenv("HTTPS_PROXY", "http://gateway.invalid:3128")
	os.Unsetenv("NO_PROXY")
	os.Unsetenv("no_proxy")
	os.Exit(m.Run())
}

// payload is one file of testdata, made by make.sh.
type payload struct {
	AppID         string     `json:"appid"`
	SessionKey    SessionKey `json:"session_key"`
	IV            string     `json:"iv"`
	EncryptedData string     `json:"encryptedData"`
	Plaintext     []byte     `json:"plaintext"` // base64 in the file
}

func (p payload) open(t *testing.T) (*OpenData, error) {
	t.Helper()
	e, err := ParseEncrypted(p.EncryptedData, p.IV)
	if err != nil {
		t.Fatalf("ParseEncrypted: %v", err)
	}
	return e.Open(p.SessionKey)
}

func readPayload(t *testing.T, name string) payload {
	t.Helper()
	var p payload
	readJSON(t, filepath.Join("testdata", name+".json"), &p)
	return p
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, path), v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
