package gqlhttp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Manifest is a manifest of documents that a server trusts, those of its own
// clients. Nil is an empty one.
type Manifest struct {
	texts map[string]string // by key without "sha256:", and by hash
}

// maxManifest is the longest manifest in bytes. It is read as a whole.
const maxManifest = 4 << 20

// LoadManifest reads a manifest as graphql-codegen writes it with
// persistedDocuments (persisted-documents.json): a JSON object of at most 4 MiB
// from key to document. A key is "sha256:" and the hash of its document, or any
// other name. Every document must be valid under the schema; the error names the
// key of the first that is not.
func LoadManifest(name string, schema *ast.Schema) (*Manifest, error) {
	manifest, err := readManifest(name)
	if err != nil {
		return nil, fmt.Errorf("trusted documents in %s: %w", name, err)
	}
	trusted := &Manifest{texts: map[string]string{}}
	for _, key := range slices.Sorted(maps.Keys(manifest)) {
		if err := trusted.add(key, manifest[key], schema); err != nil {
			return nil, fmt.Errorf("trusted documents in %s, key %q: %w", name, key, err)
		}
	}
	return trusted, nil
}

func readManifest(name string) (manifest map[string]string, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) > maxManifest:
		return nil, fmt.Errorf("more than %d bytes", maxManifest)
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		return nil, errors.New("not a JSON object from key to document")
	}
	if len(manifest) == 0 {
		return nil, errors.New("no document")
	}
	return manifest, nil
}

func (t *Manifest) add(key, text string, schema *ast.Schema) error {
	hash := sum(text)
	name, isHash := strings.CutPrefix(key, hashPrefix)
	if isHash && name != hash {
		return errors.New("the key is not the hash of its document")
	}
	document, err := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
	switch {
	case err != nil:
		return err
	case len(document.Operations) == 0:
		return errors.New("no operation")
	}
	for _, name := range []string{name, hash} {
		if other, taken := t.texts[name]; taken && other != text {
			return errors.New("the key names another document too")
		}
		t.texts[name] = text
	}
	return nil
}

// named returns the document of a name, "" if the manifest has none.
func (t *Manifest) named(name string) string {
	if t == nil {
		return ""
	}
	return t.texts[name]
}

// has says whether exactly this text is in the manifest.
func (t *Manifest) has(text string) bool {
	return text != "" && t.named(sum(text)) == text
}
