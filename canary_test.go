package main_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"menshen/gqlhttp"
	"menshen/resolvers"
	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/seal"
	"menshen/wechat/wechattest"
)

// TestNoSecretLeaves runs a server at debug level through every operation and
// every error, and then looks for its secrets: in its log, its metrics and its
// answers, and in the files it leaves behind.
func TestNoSecretLeaves(t *testing.T) {
	tr := newTour(t)
	for _, field := range slices.Sorted(maps.Keys(rootFields())) {
		visit := visits[field]
		if visit == nil {
			t.Fatalf("no visit to %s: what secrets does it meet?", field)
		}
		visit(tr)
	}
	tr.visitOddRequests()
	tr.visitOddDocuments()
	tr.visitPages()
	tr.expectCovered()
	list := tr.house.run("keys", "list")
	tr.server.stop()

	files := readFiles(t, tr.house.dir)
	tr.addKeys(files)
	tr.expectKnown()
	tr.vault.search(t, "the log", []byte(tr.server.output()))
	tr.vault.search(t, "keys list", []byte(list.stdout+list.stderr))
	for _, e := range tr.answers {
		tr.vault.search(t, e.request, []byte(e.header+tr.vault.residue(e.body)))
	}
	store := files["menshen.db"]
	if !bytes.Contains(store, []byte(wechattest.DevAppID)) {
		t.Error("the store's file lacks the AppID: is this the file?")
	}
	tr.vault.search(t, "the store's file", store)
}

func newTour(t *testing.T) *tour {
	t.Helper()
	tr := &tour{t: t, vault: &vault{canaries: map[canary]bool{}}, codes: map[string]bool{}, answered: map[string]bool{}}
	tr.sim = wechattest.New(t)
	tr.relay = &relay{sim: tr.sim, vault: tr.vault}
	front := httptest.NewServer(tr.relay)
	t.Cleanup(front.Close)
	tr.house = install(t, front.URL)
	tr.vault.add("AppSecret", wechattest.DevAppSecret)
	tr.vault.add("admin key", tr.house.adminKey)
	tr.server = tr.house.serve("--log-level", "debug", "--playground", "on")
	tr.server.http.Transport = tr
	return tr
}

// expectCovered fails the test unless each field answered something and each code
// was met: what was not tried proves nothing.
func (tr *tour) expectCovered() {
	for field := range rootFields() {
		if !tr.answered[field] {
			tr.t.Errorf("%s answered nothing", field)
		}
	}
	codes := []string{"BAD_USER_INPUT", "INTERNAL", gqlhttp.CodeBadRequest, gqlhttp.CodeQueryTooComplex, gqlhttp.CodeIntrospectionDisabled}
	for _, row := range resolvers.Table {
		codes = append(codes, row.Code)
	}
	tr.ask("", `{ __schema { queryType { name } } }`, nil)
	for _, code := range codes {
		if !tr.codes[code] {
			tr.t.Errorf("the error %s was not met", code)
		}
	}
	if !strings.Contains(tr.server.output(), `"level":"DEBUG"`) {
		tr.t.Error("the log has no line at debug level")
	}
}

// addKeys adds the key file's key and the signing keys that it seals.
func (tr *tour) addKeys(files map[string][]byte) {
	_, key, found := strings.Cut(string(files["menshen.key"]), "menshen-key-1:")
	if !found {
		tr.t.Fatal("the key file holds no key")
	}
	tr.vault.add("key file", strings.TrimSpace(key))
	db, err := bolt.Open(tr.house.store(), seal.KeyFile(filepath.Join(tr.house.dir, "menshen.key")), store.Options{SessionLife: patience, MaxSessions: 1, AuditLife: patience})
	if err != nil {
		tr.t.Fatal(err)
	}
	defer db.Close()
	text, err := db.Secret(tr.t.Context(), "token")
	if err != nil {
		tr.t.Fatal(err)
	}
	var keys struct {
		Access  []struct{ D string }
		Refresh []struct{ Secret string }
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		tr.t.Fatal(err)
	}
	for _, access := range keys.Access {
		tr.vault.add("private key", access.D)
	}
	for _, refresh := range keys.Refresh {
		tr.vault.add("private key", refresh.Secret)
	}
}

// expectKnown fails the test unless the run made secrets of every kind.
func (tr *tour) expectKnown() {
	kinds := tr.vault.kinds()
	for _, kind := range append(slices.Collect(maps.Keys(homes)), "AppSecret", "admin key", "session_key", "login code", "private key", "key file") {
		if kinds[kind] == 0 {
			tr.t.Errorf("the run made no %s", kind)
		}
	}
	tr.t.Logf("%d answers; secrets: %v", len(tr.answers), kinds)
}

// readFiles reads what the server leaves behind.
func readFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files[name], err = os.ReadFile(filepath.Join(dir, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, []string{"menshen.db", "menshen.key"}) {
		t.Errorf("the server leaves %v", names)
	}
	return files
}
