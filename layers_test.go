package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "menshen"

// layers says which of our packages each package may import. A package that is
// not here may not be in the house; an import that is not here may not be in
// the package. docs/adr/0001-the-house.md says why.
var layers = map[string][]string{
	".":                     {"events", "gate", "gqlhttp", "graph", "resolvers", "store", "store/bolt", "store/mysql", "store/seal", "store/transfer", "token", "web", "wechat", "wechat/wechattest"},
	"events":                {},
	"gate":                  {},
	"gqlhttp":               {},
	"graph":                 {"store"},
	"resolvers":             {"graph", "store", "token", "wechat"},
	"store":                 {},
	"store/bolt":            {"store", "store/seal"},
	"store/mysql":           {"store", "store/seal"},
	"store/mysql/mysqltest": {},
	"store/seal":            {},
	"store/storetest":       {"store"},
	"store/transfer":        {"store"},
	"token":                 {},
	"web":                   {},
	"wechat":                {},
	"wechat/wechattest":     {"web"},
}

// confined says where a foreign package may be imported, so that its types stay there.
var confined = map[string][]string{
	"go.etcd.io/bbolt":                    {"store/bolt"},
	"github.com/go-sql-driver/mysql":      {"store/mysql", "store/mysql/mysqltest"},
	"github.com/tink-crypto/tink-go":      {"store/seal"},
	"github.com/golang-jwt/jwt":           {"token"},
	"github.com/alecthomas/kong":          {"."},
	"github.com/boombuler/barcode":        {"resolvers", "wechat/wechattest"},
	"github.com/coder/websocket":          {"gqlhttp"},
	"github.com/prometheus/client_golang": {"."},
	"github.com/99designs/gqlgen":         {".", "gqlhttp", "graph", "resolvers"},
	"github.com/rs/cors":                  {"."},
	"github.com/schollz/progressbar":      {"."},
	"golang.org/x/time/rate":              {".", "gate", "gqlhttp"},
	"github.com/vektah/gqlparser":         {".", "gqlhttp", "graph", "resolvers"},
	"net/http":                            {".", "gqlhttp", "web", "wechat", "wechat/wechattest"},
}

func TestLayers(t *testing.T) {
	seen := map[string]bool{}
	for dir, imports := range importsByPackage(t) {
		allowed, known := layers[dir]
		if !known {
			t.Errorf("package %s is not in the map of the house", dir)
			continue
		}
		seen[dir] = true
		for _, imported := range imports {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s", dir, ours)
			}
			for foreign, homes := range confined {
				if (imported == foreign || strings.HasPrefix(imported, foreign+"/")) && !slices.Contains(homes, dir) {
					t.Errorf("%s imports %s, which belongs to %v", dir, imported, homes)
				}
			}
		}
	}
	for dir := range layers {
		if !seen[dir] {
			t.Errorf("the map of the house names %s, which has no Go file", dir)
		}
	}
}

// TestNoBannedRooms keeps names out of the house that say nothing.
func TestNoBannedRooms(t *testing.T) {
	banned := []string{"internal", "pkg", "cmd", "models", "services", "utils", "mocks", "middleware", "helpers"}
	for dir := range importsByPackage(t) {
		if slices.Contains(banned, path.Base(dir)) {
			t.Errorf("there is no %s in this house", dir)
		}
	}
}

// importsByPackage reads the imports of every package, tests apart.
func importsByPackage(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "node_modules" || name != "." && strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(name))
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[dir] = append(imports[dir], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}

// readFile returns a file of the project.
func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
