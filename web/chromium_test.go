package web_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds everything one tab does, on a machine that is busy with other
// tests.
const patience = 2 * time.Minute

// tab is one tab of a headless Chromium that has no network but 127.0.0.1. It
// remembers what the pages asked the network for and what they complained
// about.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	requests   []string
	complaints []string
}

// chromium gives the browser's path. On a machine without one the test is
// skipped, except in CI.
func chromium(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("the browser tests need chromium: %v", err)
	}
	if err != nil {
		t.Skipf("the browser tests need chromium, which is not here: %v", err)
	}
	return path
}

func newTab(t *testing.T, path string) *tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, chromiumFlags(path)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return b
}

// chromiumFlags starts a Chromium that keeps its files in a directory of its
// own, and in which no name resolves and nothing phones home.
func chromiumFlags(path string) []chromedp.ExecAllocatorOption {
	return append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
}

// note runs on the goroutine that reads the browser's messages.
func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		b.requests = append(b.requests, e.URL)
	case *log.EventEntryAdded:
		b.complain(e.Entry.Level == log.EntryLevelError, "%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
	case *runtime.EventExceptionThrown:
		b.complain(true, "exception: %s", e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		for _, arg := range e.Args {
			b.complain(e.Type == runtime.ConsoleAPICalledTypeError, "console: %s%s", arg.Value, arg.Description)
		}
	}
}

func (b *tab) complain(grave bool, format string, args ...any) {
	if grave {
		b.complaints = append(b.complaints, fmt.Sprintf(format, args...))
	}
}

// quiet fails the test when a page sent a request elsewhere than to the origins,
// broke its own policy or wrote an error to the console. A WebSocket counts as
// a request to the origin of the same host.
func (b *tab) quiet(origins ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) == 0 {
		b.t.Error("the browser told of no request, so it would not tell of a foreign one")
	}
	for _, request := range b.requests {
		u, err := url.Parse(request)
		if err != nil || u.Scheme != "data" && !slices.Contains(origins, "http://"+u.Host) {
			b.t.Errorf("the page asked for %.200s, which is not on %s", request, origins)
		}
	}
	for _, complaint := range b.complaints {
		b.t.Errorf("the browser complained: %s", complaint)
	}
}

// do takes the steps in order; each waits until its element is there.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%v; the browser's complaints: %q", err, b.heard())
	}
}

// await waits until the expression is neither false, null nor empty, and gives
// its value.
func (b *tab) await(expression string) string {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Poll[string](expression, chromedp.WithPollingTimeout(0)))
	if err != nil {
		b.t.Fatalf("wait for %s: %v; the browser's complaints: %q", expression, err, b.heard())
	}
	return value
}

func (b *tab) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.complaints)
}

// retype replaces the content of the focused editor, as someone who selects all
// and pastes.
func retype(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: text})
			return err
		}),
	)
}
