package main_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
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

// TestNoSecretLeaves runs a server at debug level through every operation, every
// error, every push message and every command, and then looks for its secrets: in
// its log, its metrics, its answers and what the commands print, and in the files
// it leaves behind.
func TestNoSecretLeaves(t *testing.T) {
	tr := newTour(t)
	tr.visitAlone()
	tr.visitOnGuard()
	tr.visitInCompany()
	tr.expectCovered()
	tr.stop()
	tr.visitCommands()
	tr.addKeys()

	files := readFiles(t, tr.house.dir)
	index := newProbe(tr.vault.known())
	tr.vault.search(t, index, "the log", []byte(tr.log))
	for _, e := range tr.answers {
		tr.vault.search(t, index, e.request, []byte(e.header+tr.vault.residue(e)))
	}
	for name, file := range tr.backups {
		files[name] = file
	}
	stored, unstored := tr.vault.stored()
	index = newProbe(unstored)
	for name, file := range files {
		if name != "menshen.key" {
			tr.searchStore(index, name, file)
		}
	}
	tr.expectStored(newProbe(stored), files["menshen.db"])
	tr.expectKnown()
}

// visitAlone meets the server with one app.
func (tr *tour) visitAlone() {
	tr.serve()
	tr.stranger = tr.login("stranger")
	for _, field := range slices.Sorted(maps.Keys(rootFields())) {
		visit := visits[field]
		if visit == nil {
			tr.t.Fatalf("no visit to %s: what secrets does it meet?", field)
		}
		visit(tr)
	}
	tr.visitPush()
	tr.visitMisplaced()
	tr.visitOddRequests()
	tr.visitOddDocuments()
	tr.visitQueryStrings()
	tr.visitPersisted()
	tr.visitOddSockets()
	tr.visitPages()
	tr.stop()
}

// searchStore looks through a store's file.
func (tr *tour) searchStore(index probe, name string, file []byte) {
	tr.t.Helper()
	if !bytes.Contains(file, []byte(wechattest.DevAppID)) {
		tr.t.Errorf("%s lacks the AppID: is this a store?", name)
	}
	tr.vault.search(tr.t, index, name, file)
}

// expectStored fails the test unless a store's file holds what it is to hold:
// tickets were there, and the search would have found what came with them.
func (tr *tour) expectStored(index probe, file []byte) {
	tr.t.Helper()
	for range index.all(file) {
		return
	}
	tr.t.Error("the store holds no ticket")
}

// expectCovered fails the test unless each field answered something and each code
// was met: what was not tried proves nothing.
func (tr *tour) expectCovered() {
	for field := range rootFields() {
		if !tr.answered[field] {
			tr.t.Errorf("%s answered nothing", field)
		}
	}
	if !tr.zipped {
		tr.t.Error("no answer was compressed")
	}
	tr.expectErrors()
	actions := tr.auditActions()
	for _, action := range []string{ // all but refresh_theft, which no run this short meets
		store.ActionLogin, store.ActionLoginRefused, store.ActionJoin, store.ActionMerge, store.ActionLogout,
		store.ActionBindPhone, store.ActionUnbindPhone, store.ActionPhoneConflict, store.ActionBlock, store.ActionUnblock,
		store.ActionSetRole, store.ActionDelete, store.ActionPush, store.ActionScanLoginDenied,
	} {
		if actions[action] == 0 {
			tr.t.Errorf("the audit has no %s", action)
		}
	}
	if !strings.Contains(tr.log, `"level":"DEBUG"`) {
		tr.t.Error("the log has no line at debug level")
	}
}

// expectErrors fails the test unless each code was met and, since several rows of
// the table share one, each row's message.
func (tr *tour) expectErrors() {
	tr.ask("", `{ __schema { queryType { name } } }`, nil)
	codes := []string{
		gqlhttp.CodeBadRequest, gqlhttp.CodeQueryTooComplex, gqlhttp.CodeIntrospectionDisabled,
		gqlhttp.CodeDocumentNotTrusted, gqlhttp.CodePersistedQueryNotFound, gqlhttp.CodeRateLimited,
	}
	for _, row := range resolvers.Table {
		codes = append(codes, row.Code)
		if row.Errors != nil && !tr.messages[row.Message] { // else it is told in other words
			tr.t.Errorf("the error %s was not met as %q", row.Code, row.Message)
		}
	}
	for _, code := range codes {
		if !tr.codes[code] {
			tr.t.Errorf("the error %s was not met", code)
		}
	}
}

// addKeys adds the key file's key and the signing keys that it seals.
func (tr *tour) addKeys() {
	keyFile := filepath.Join(tr.house.dir, "menshen.key")
	content, err := os.ReadFile(keyFile)
	if err != nil {
		tr.t.Fatal(err)
	}
	_, key, found := strings.Cut(string(content), "menshen-key-1:")
	if !found {
		tr.t.Fatal("the key file holds no key")
	}
	tr.vault.add("key file", strings.TrimSpace(key))
	db, err := bolt.Open(tr.house.store(), seal.KeyFile(keyFile), store.Options{SessionLife: patience, MaxSessions: 1, AuditRetention: patience})
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

// expectKnown fails the test unless the run made secrets of every kind, and
// answered those that have a home.
func (tr *tour) expectKnown() {
	kinds := tr.vault.kinds()
	for _, kind := range []string{
		"AppSecret", "admin key", "session_key", "WeChat's access_token", "login code", "phone code", "phone number", "open data",
		"push token", "EncodingAESKey", "access token", "refresh token", "ticket secret", ticketHash,
		"private key", "key file",
	} {
		if kinds[kind] == 0 {
			tr.t.Errorf("the run made no %s", kind)
		}
	}
	for kind := range homes {
		if tr.vault.atHome[kind] == 0 {
			tr.t.Errorf("no answer had a %s where it belongs", kind)
		}
	}
	tr.t.Logf("%d answers; secrets: %v; at home: %v", len(tr.answers), kinds, tr.vault.atHome)
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
