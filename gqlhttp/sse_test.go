package gqlhttp_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// stream is an answer of server-sent events, as it comes in.
type stream struct {
	t *testing.T
	*http.Response
	lines *bufio.Scanner
	hang  context.CancelFunc
}

// listen asks for a document as server-sent events.
func (k *watched) listen(t *testing.T, document string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request := asking("text/event-stream", document, nil).WithContext(ctx)
	request.RequestURI = ""
	request.URL.Scheme, request.URL.Host = "http", strings.TrimPrefix(k.open.URL, "http://")
	response, err := k.open.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return &stream{t, response, bufio.NewScanner(response.Body), cancel}
}

// block is what comes before the next empty line.
func (s *stream) block() (lines []string) {
	for s.lines.Scan() && s.lines.Text() != "" {
		lines = append(lines, s.lines.Text())
	}
	return lines
}

// next is the data of the next event, which must be of a kind; "" at the end.
func (s *stream) next(kind string) string {
	s.t.Helper()
	for {
		switch lines := s.block(); {
		case len(lines) == 1 && lines[0] == ":": // a sign of life
		case len(lines) == 2 && lines[0] == "event: "+kind:
			return strings.TrimPrefix(lines[1], "data: ")
		default:
			s.t.Fatalf("%q, want an event %q", lines, kind)
		}
	}
}

// expect reads all events to the end.
func (s *stream) expect(want ...string) {
	s.t.Helper()
	var got []string
	for lines := s.block(); lines != nil; lines = s.block() {
		if lines[0] != ":" {
			got = append(got, strings.Join(lines, "|"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Error(diff)
	}
}

const completed = "event: complete|data: "

func TestEvents(t *testing.T) {
	for name, test := range map[string]struct {
		document string
		want     []string
	}{
		"a query":            {"{ name }", []string{`event: next|data: {"data":{"name":"Rex"}}`, completed}},
		"a mutation":         {"mutation { feed }", []string{`event: next|data: {"data":{"feed":"Rex"}}`, completed}},
		"no document":        {"{ cat }", []string{`event: next|data: {"errors":[{"message":"Cannot query field \"cat\" on type \"Query\".","locations":[{"line":1,"column":3}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}`, completed}},
		"a resolver refuses": {"subscription { refused }", []string{`event: next|data: {"errors":[{"message":"Gone.","extensions":{"code":"GONE"}}]}`, completed}},
		"a panic":            {"subscription { bites }", []string{`event: next|data: {"errors":[{"message":"Something is wrong.","extensions":{"code":"INTERNAL"}}]}`, completed}},
		"out of time":        {"{ sleep }", []string{`event: next|data: {"errors":[{"message":"Something is wrong.","extensions":{"code":"INTERNAL"}}]}`, completed}},
	} {
		t.Run(name, func(t *testing.T) {
			k := serveWatched(t, func(k *watched) { k.streams.OperationTimeout = 10 * time.Millisecond })
			s := k.listen(t, test.document)
			s.expect(test.want...)
			for header, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
				if got := s.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if n := k.reports(); n != 1 {
				t.Errorf("reported %d times", n)
			}
		})
	}
}

// TestEventsOutliveTheServersTimeouts counts pings until both have passed.
func TestEventsOutliveTheServersTimeouts(t *testing.T) {
	k := serveWatched(t, func(k *watched) { k.streams.PingEvery, k.timeout = 10*time.Millisecond, 250*time.Millisecond })
	s := k.listen(t, "subscription { barks }")
	for range 50 {
		if diff := cmp.Diff([]string{":"}, s.block()); diff != "" {
			t.Fatal(diff)
		}
	}
	k.barks <- "wuff"
	if got := s.next("next"); got != `{"data":{"barks":"wuff"}}` {
		t.Error(got)
	}
	k.barks <- ""
	s.expect(completed)
}

func TestEventsEndWithTheClient(t *testing.T) {
	k := serveWatched(t, func(*watched) {})
	k.listen(t, "subscription { asleep }").hang()
	<-k.left
	waitFor(t, "the report", func() bool { return k.reports() == 1 })
}

func TestEventsEndWithTheLoginState(t *testing.T) {
	const refusal = `event: next|data: {"errors":[{"message":"Gone.","extensions":{"code":"UNAUTHENTICATED"}}]}`
	t.Run("before an event", func(t *testing.T) {
		k := serveWatched(t, func(*watched) {})
		s := k.listen(t, "subscription { barks }")
		k.expired.Store(true)
		k.barks <- "secret"
		s.expect(refusal, completed)
	})
	t.Run("in silence", func(t *testing.T) {
		k := serveWatched(t, func(k *watched) { k.streams.RecheckEvery = time.Millisecond })
		s := k.listen(t, "subscription { asleep }")
		k.expired.Store(true)
		s.expect(refusal, completed)
	})
}

func TestEventsEndAtShutdown(t *testing.T) {
	k := serveWatched(t, func(*watched) {})
	s := k.listen(t, "subscription { asleep }")
	waitFor(t, "the subscription", func() bool { return k.heard.Load() == 1 })
	k.streams.Close()
	s.expect()
	if got := k.listen(t, "subscription { asleep }"); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a stream began afterwards: %s", got.Status)
	}
}

func TestEventsAreBounded(t *testing.T) {
	for name, change := range map[string]func(*watched){
		"in all": func(k *watched) { k.streams.Total = 1 },
		"of a caller": func(k *watched) {
			k.streams.PerCaller = 1
			k.streams.Caller = func(context.Context) string { return "rex" }
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := serveWatched(t, change)
			first := k.listen(t, "subscription { asleep }")
			waitFor(t, "the subscription", func() bool { return k.heard.Load() == 1 })
			got := k.listen(t, "subscription { asleep }").next("next")
			if !strings.Contains(got, `"code":"RATE_LIMITED","retryAfter":5`) {
				t.Error(got)
			}
			first.hang()
			<-k.left
			waitFor(t, "the place", func() bool {
				k.listen(t, "subscription { asleep }")
				return k.heard.Load() == 2
			})
		})
	}
}
