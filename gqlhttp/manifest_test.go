package gqlhttp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"menshen/gqlhttp"
)

// manifest loads a manifest of documents for a kennel.
func manifest(t *testing.T, documents map[string]string) *gqlhttp.Manifest {
	t.Helper()
	trusted, err := gqlhttp.LoadManifest(manifestFile(t, inJSON(documents)), newKennel().schema)
	if err != nil {
		t.Fatal(err)
	}
	return trusted
}

func manifestFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "persisted-documents.json")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestKeys finds a document by its key, with the prefix or without.
func TestKeys(t *testing.T) {
	other := hashOf("as SHA-1 would name it")
	for _, key := range []string{"sha256:" + hashOf(known), hashOf(known), "a-name", "x-ours:a-name", other} {
		s := newServer(false, gqlhttp.Persisted{Trusted: manifest(t, map[string]string{key: known})})
		for _, body := range []string{byID(key), byID("sha256:" + hashOf(known)), byID(hashOf(known)), apq("", hashOf(known))} {
			if got := s.do(t, post(body)); len(got.errors) > 0 {
				t.Errorf("key %s, %s: %s", key, body, got.body)
			}
		}
	}
}

func TestManifestsThatAreNone(t *testing.T) {
	for name, test := range map[string]struct{ content, says string }{
		"nothing":               {"", "not a JSON object from key to document"},
		"a list":                {"[]", "not a JSON object from key to document"},
		"a document of a list":  {`{"a":[]}`, "not a JSON object from key to document"},
		"something behind":      {`{"a":"{ name }"} {}`, "not a JSON object from key to document"},
		"no document":           {"{}", "no document"},
		"null":                  {"null", "no document"},
		"no GraphQL":            {`{"good":"{ name }","bad":"{ name"}`, `key "bad"`},
		"a field that is not":   {`{"good":"{ name }","bad":"{ cat }"}`, `key "bad"`},
		"an empty document":     {`{"good":"{ name }","bad":""}`, `key "bad"`},
		"a hash of another":     {`{"sha256:` + hashOf("a") + `":"{ name }"}`, "the key is not the hash of its document"},
		"a hash without prefix": {`{"` + hashOf("{ name }") + `":"{ name @skip(if: true) }","z":"{ name }"}`, "the key names another document too"},
		"too much":              {`{"a":"` + strings.Repeat(" ", 4<<20) + `"}`, "more than 4194304 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			file := manifestFile(t, test.content)
			_, err := gqlhttp.LoadManifest(file, newKennel().schema)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), file) {
				t.Errorf("%v, want %q of %s", err, test.says, file)
			}
		})
	}
}

func TestNoManifest(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "absent.json"), t.TempDir()} {
		if _, err := gqlhttp.LoadManifest(name, newKennel().schema); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want an error that names %s", err, name)
		}
	}
}
