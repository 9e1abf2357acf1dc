package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"menshen/web"
)

// TestScanPageFallsBack opens the scan login page where neither events nor
// sockets get through, as behind some proxies.
func TestScanPageFallsBack(t *testing.T) {
	path := chromium(t)
	for _, test := range []struct {
		name, redeemed string
		streams        http.HandlerFunc
		status, says   string
	}{
		{"the ticket is too old", `{"data":{"redeemScanLogin":{"status":"EXPIRED"}}}`, heldBack, "EXPIRED", "too old"},
		{"the ticket is gone", refusal("NOT_FOUND"), refused, "NOT_FOUND", "does not know this code"},
		{"the user is blocked", refusal("USER_BLOCKED"), refused, "USER_BLOCKED", "is blocked"},
		{"the server has another reason", refusal("INTERNAL"), refused, "ERROR", "refused with INTERNAL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newTab(t, path)
			b.do(chromedp.Navigate(serveScripted(t, time.Minute, test.redeemed, test.streams) + "/playground/scan"))
			if says := awaitWords(b, test.status); !strings.Contains(says, test.says) {
				t.Errorf("the page says %q, want %q in it", says, test.says)
			}
			if over := carrier(b); !strings.HasPrefix(over, "asking") {
				t.Errorf("the page waited over %s, want asking", over)
			}
		})
	}
}

// TestScanPageEnds lets the scan login page hear of its ticket's end from the
// first way to wait, or from its own clock alone.
func TestScanPageEnds(t *testing.T) {
	path := chromium(t)
	pending := `{"data":{"redeemScanLogin":{"status":"PENDING"}}}`
	for _, test := range []struct {
		name         string
		life         time.Duration
		streams      http.HandlerFunc
		status, over string
	}{
		{"the ticket is gone", time.Minute, answers(refusal("NOT_FOUND")), "NOT_FOUND", "server-sent events"},
		{"the user is blocked", time.Minute, answers(refusal("USER_BLOCKED")), "USER_BLOCKED", "server-sent events"},
		{"the events stop", 0, eventThenSilence, "EXPIRED", "server-sent events"},
		{"nothing ends by asking", 0, refused, "EXPIRED", "asking every two seconds"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newTab(t, path)
			b.do(chromedp.Navigate(serveScripted(t, test.life, pending, test.streams) + "/playground/scan"))
			awaitWords(b, test.status)
			if over := carrier(b); over != test.over {
				t.Errorf("the page waited over %s, want %s", over, test.over)
			}
		})
	}
}

// awaitWords waits until the scan login page shows the status, and gives its
// words.
func awaitWords(b *tab, status string) string {
	b.t.Helper()
	return b.await(fmt.Sprintf(`(() => {
		const status = document.querySelector("#status");
		return status?.dataset.status === %q && status.textContent;
	})()`, status))
}

func carrier(b *tab) string {
	b.t.Helper()
	return b.await(`document.querySelector("#carrier").textContent`)
}

// serveScripted serves the playground's pages over an endpoint that opens
// tickets of that life, answers redeemScanLogin with redeemed, and leaves
// subscriptions to streams. Its clock is an hour ahead of the browser's.
func serveScripted(t *testing.T, life time.Duration, redeemed string, streams http.HandlerFunc) (url string) {
	now := time.Now().Add(time.Hour)
	ticket := fmt.Sprintf(`{"data":{"createScanLogin":{"id":"scn_1","secret":"s","qrCode":"data:,","expiresAt":%q}}}`,
		now.Add(life).Format(time.RFC3339))
	mux := http.NewServeMux()
	mux.Handle("/playground/", web.Playground("/graphql"))
	mux.HandleFunc("GET /graphql", streams) // a WebSocket
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		request, _ := io.ReadAll(r.Body)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		switch query := string(request); {
		case strings.Contains(query, "createScanLogin"):
			answers(ticket)(w, r)
		case strings.Contains(query, "redeemScanLogin"):
			answers(redeemed)(w, r)
		default:
			streams(w, r)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // what is held back would keep it open
	return server.URL
}

func answers(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}
}

func refusal(code string) string {
	return fmt.Sprintf(`{"errors":[{"message":"refused with %[1]s","extensions":{"code":%[1]q}}]}`, code)
}

func refused(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "no streams here", http.StatusBadGateway)
}

// heldBack is a proxy that waits for the end of an answer that has none.
func heldBack(w http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
}

// eventThenSilence tells one state, and no other.
func eventThenSilence(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	io.WriteString(w, "event: next\ndata: {\"data\":{\"scanLogin\":{\"status\":\"SCANNED\"}}}\n\n")
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// TestEventsCutAnywhere reads a stream of events in pieces of every length: a
// network cuts where it likes, between a CR and its LF too.
func TestEventsCutAnywhere(t *testing.T) {
	path := chromium(t)
	b := newTab(t, path)
	b.do(chromedp.Navigate(serveScripted(t, time.Minute, `{}`, refused) + "/playground/scan"))
	const stream = `": hello\n\nevent: next\ndata: {\"a\":\ndata: 1}\n\n` +
		`event:next\r\ndata:two\r\n\r\n: ping\r\revent: complete\rdata:\r\rdata: not whole"`
	const want = `[["next","{\"a\":\n1}"],["next","two"],["complete",""]]`
	got := b.await(fmt.Sprintf(`import("/playground/subscription.js").then(async ({ eventsOf }) => {
		const text = %s;
		const seen = new Set();
		for (let length = 1; length <= text.length; length++) {
			const events = [];
			for await (const { event, data } of eventsOf(text.match(new RegExp("[^]{1," + length + "}", "g")))) {
				events.push([event, data]);
			}
			seen.add(JSON.stringify(events));
		}
		return [...seen].join(" and ");
	})`, stream))
	if got != want {
		t.Errorf("the events are\n%s, want\n%s", got, want)
	}
}
