package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"menshen/web"
)

// TestScanPageFallsBack opens the scan login page where neither events nor
// sockets get through, as behind some proxies.
func TestScanPageFallsBack(t *testing.T) {
	path := chromium(t)
	for _, test := range []struct{ name, redeemed, status, says string }{
		{"the ticket is too old", `{"data":{"redeemScanLogin":{"status":"EXPIRED"}}}`, "EXPIRED", "too old"},
		{"the ticket is gone", `{"errors":[{"message":"there is no such ticket"}]}`, "ERROR", "there is no such ticket"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newTab(t, path)
			b.do(chromedp.Navigate(serveScripted(t, test.redeemed) + "/playground/scan"))
			says := b.await(fmt.Sprintf(`(() => {
				const status = document.querySelector("#status");
				return status?.dataset.status === %q && status.textContent;
			})()`, test.status))
			if !strings.Contains(says, test.says) {
				t.Errorf("the page says %q, want %q in it", says, test.says)
			}
			if carrier := b.await(`document.querySelector("#carrier").textContent`); !strings.HasPrefix(carrier, "asking") {
				t.Errorf("the page waited over %s, want asking", carrier)
			}
		})
	}
}

// serveScripted serves the playground's pages over an endpoint that opens
// tickets, answers redeemScanLogin with redeemed, and refuses subscriptions.
func serveScripted(t *testing.T, redeemed string) (url string) {
	mux := http.NewServeMux()
	mux.Handle("/playground/", web.Playground("/graphql"))
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		request, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		switch query := string(request); {
		case strings.Contains(query, "createScanLogin"):
			io.WriteString(w, `{"data":{"createScanLogin":{"id":"scn_1","secret":"s","qrCode":"data:,","expiresAt":"2030-01-01T00:00:00Z"}}}`)
		case strings.Contains(query, "redeemScanLogin"):
			io.WriteString(w, redeemed)
		default:
			http.Error(w, "no streams here", http.StatusBadGateway)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestEventsCutAnywhere reads a stream of events in pieces of every length: a
// network cuts where it likes, between a CR and its LF too.
func TestEventsCutAnywhere(t *testing.T) {
	path := chromium(t)
	b := newTab(t, path)
	b.do(chromedp.Navigate(serveScripted(t, `{}`) + "/playground/scan"))
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
