package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"menshen/events"
	"menshen/gqlhttp"
	"menshen/resolvers"
	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/seal"
	"menshen/token"
	"menshen/wechat"
	"menshen/wechat/wechattest"
)

const testAdminKey = "admin-key-of-the-tests-and-of-nothing-else"

// inside is the whole handler in this process, over a real store and a pretend
// WeChat.
type inside struct {
	handler   http.Handler
	sim       *wechattest.Simulator
	store     *bolt.Store
	readiness *readiness
	log       *journal
}

// journal is a log that can be read while it is written.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.b.Reset()
}

// lines are the entries with a message.
func (j *journal) lines(t testing.TB, message string) (lines []map[string]any) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for d := json.NewDecoder(bytes.NewReader(j.b.Bytes())); d.More(); {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if line["msg"] == message {
			lines = append(lines, line)
		}
	}
	return lines
}

// newInside wires the handler as listen does.
func newInside(t testing.TB, s settings) *inside {
	t.Helper()
	dir := t.TempDir()
	db, err := bolt.Open(filepath.Join(dir, "menshen.db"), seal.KeyFile(filepath.Join(dir, "menshen.key")),
		store.Options{SessionLife: 720 * time.Hour, MaxSessions: 20, AuditRetention: 720 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) // a test may have closed it
	signer, err := openSigner(t.Context(), db, "menshen", token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	i := &inside{sim: wechattest.New(t), store: db, readiness: &readiness{store: db}, log: &journal{}}
	client, err := wechat.NewClient(wechat.Options{
		BaseURL: i.sim.URL(), Apps: map[string]string{wechattest.DevAppID: wechattest.DevAppSecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	log := slog.New(slog.NewJSONHandler(i.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	meters := newMeters()
	if s.Limits == (documentLimits{}) {
		s.Limits = documentLimits(gqlhttp.Defaults)
	}
	resolver := &resolvers.Resolver{
		Store: db, WeChat: client, Tokens: signer, AccessTTL: time.Hour, AdminKey: testAdminKey,
		Limits: newLimits(s, meters), Events: events.NewBus(), Now: time.Now, Log: log,
	}
	trusted, err := s.loadTrusted()
	if err != nil {
		t.Fatal(err)
	}
	i.handler = newHandler(parts{
		settings: s, trusted: trusted, readiness: i.readiness, meters: meters, metrics: meters.handler(), log: log,
		resolver: resolver, streams: newStreams(s, resolver),
	})
	return i
}

// response is an answer of the handler.
type response struct {
	status int
	header http.Header
	body   string
	graphQL
}

type graphQL struct {
	Data   map[string]json.RawMessage
	Errors []struct {
		Message    string
		Extensions struct{ Code, RequestID string }
	}
}

// codes joins the codes of the errors.
func (r response) codes() string {
	var codes []string
	for _, e := range r.Errors {
		codes = append(codes, e.Extensions.Code)
	}
	return strings.Join(codes, " ")
}

// send sends a request, given with its headers as name, value, …, over a real
// connection.
func (i *inside) send(t testing.TB, method, path, body string, headers ...string) response {
	t.Helper()
	server := httptest.NewServer(i.handler)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(headers); n += 2 {
		request.Header.Set(headers[n], headers[n+1])
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{status: answer.StatusCode, header: answer.Header, body: string(text)}
}

// ask sends a document.
func (i *inside) ask(t testing.TB, authorization, document string) response {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	r := i.send(t, http.MethodPost, "/graphql", string(body), "Content-Type", "application/json", "Authorization", authorization)
	if err := json.Unmarshal([]byte(r.body), &r.graphQL); err != nil {
		t.Fatalf("%v: %q", err, r.body)
	}
	return r
}

// login returns an access token of somebody new.
func (i *inside) login(t testing.TB) string {
	t.Helper()
	phone, err := i.sim.Login(wechattest.DevAppID, rand.Text())
	if err != nil {
		t.Fatal(err)
	}
	r := i.ask(t, "", `mutation { login(code: "`+phone.Code+`") { accessToken } }`)
	var got struct{ AccessToken string }
	if err := json.Unmarshal(r.Data["login"], &got); err != nil || got.AccessToken == "" {
		t.Fatalf("%v: %s", err, r.body)
	}
	return got.AccessToken
}
