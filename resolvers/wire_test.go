package resolvers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"menshen/wechat/wechattest"
)

// wire stands between the server and the pretend WeChat: it remembers the
// secrets that pass and can hold the answers back.
type wire struct {
	sim *wechattest.Simulator
	url string

	mu   sync.Mutex
	seen []string
	gate chan struct{} // answers wait until it is closed
}

func newWire(t *testing.T, sim *wechattest.Simulator) *wire {
	w := &wire{sim: sim, gate: make(chan struct{})}
	close(w.gate)
	s := httptest.NewServer(w)
	w.url = s.URL
	t.Cleanup(s.Close)
	return w
}

// hold keeps WeChat's answers back until release is called.
func (w *wire) hold(t *testing.T) (release func()) {
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate = gate
	return release
}

// ServeHTTP lets a call through and its answer out when the gate is open.
func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	tap := &tap{ResponseWriter: out, wire: w}
	w.mu.Lock()
	gate := w.gate
	w.mu.Unlock()
	<-gate
	w.sim.ServeHTTP(tap, r)
}

// tap reads what WeChat answers.
type tap struct {
	http.ResponseWriter
	wire *wire
}

func (t *tap) Write(b []byte) (int, error) {
	var answer struct {
		SessionKey  string `json:"session_key"`
		AccessToken string `json:"access_token"`
		ErrMsg      string `json:"errmsg"`
	}
	if json.Unmarshal(b, &answer) == nil {
		t.wire.note(answer.SessionKey, answer.AccessToken, answer.ErrMsg)
	}
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through, by which faults cut connections.
func (t *tap) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (w *wire) note(texts ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range texts {
		if text != "" && text != "ok" { // the errmsg of success, and a part of many words
			w.seen = append(w.seen, text)
		}
	}
}

// overheard are the session_keys, access_tokens and errmsgs that passed.
func (w *wire) overheard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[:len(w.seen):len(w.seen)]
}

// logbook is a log that can be read while it is written.
type logbook struct {
	taken int // bytes that take has returned

	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logbook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logbook) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// entry is one line of the log.
type entry struct{ Level, RequestID, Code string }

// take returns the entries since it was last called.
func (l *logbook) take(t *testing.T) (entries []entry) {
	t.Helper()
	text := l.text()
	d := json.NewDecoder(strings.NewReader(text[l.taken:]))
	l.taken = len(text)
	for d.More() {
		var e entry
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

// await returns when just so many goroutines of this process wait in a select
// of the function. It asks the runtime, since nobody else can tell.
func await(t *testing.T, function string, count int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for waiting(function) != count {
		if ctx.Err() != nil {
			t.Fatalf("%d goroutines wait in %s, want %d", waiting(function), function, count)
		}
		runtime.Gosched()
	}
}

func waiting(function string) (n int) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		head, frames, _ := strings.Cut(stack, "\n")
		if strings.Contains(head, "[select") && strings.HasPrefix(frames, "menshen/"+function+"(") {
			n++
		}
	}
	return n
}
