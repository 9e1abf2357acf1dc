package web_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestScanLogin lets the phone's page scan the code that the web page shows.
func TestScanLogin(t *testing.T) {
	path := chromium(t)
	plain := startDev(t)
	miniProgram := startDev(t, "--scan-page", "pages/scan/index")
	for _, test := range []struct {
		name               string
		d                  dev
		transport, carrier string
		answer             string // the button that the person presses
		status             string // what the web page shows then
	}{
		{"approved, over server-sent events", plain, "sse", "server-sent events", "Approve", "REDEEMED"},
		{"approved, over a WebSocket", plain, "ws", "WebSocket", "Approve", "REDEEMED"},
		{"refused, with a mini program code", miniProgram, "sse", "server-sent events", "Refuse", "DENIED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			page, phone := newTab(t, path), newTab(t, path)
			page.do(chromedp.Navigate(test.d.server + "/playground/scan#transport=" + test.transport))
			awaitStatus(page, "PENDING")
			phone.do(chromedp.Navigate(test.d.simulator + "/#server=" + test.d.server))
			scans(phone, shownCode(page))
			awaitStatus(page, "SCANNED")
			phone.do(chromedp.Click(chromedp.Search(fmt.Sprintf(`//*[@id="answer"]//button[text()=%q]`, test.answer))))
			awaitStatus(page, test.status)
			if carrier := page.await(`document.querySelector("#carrier").textContent`); carrier != test.carrier {
				t.Errorf("the page waited over %s, want %s", carrier, test.carrier)
			}
			if test.status == "REDEEMED" {
				isIn(page)
			}
			page.quiet(test.d.server)
			phone.quiet(test.d.simulator, test.d.server)
		})
	}
}

// awaitStatus waits until the scan login page shows the status, or fails when it
// shows an error.
func awaitStatus(b *tab, want string) {
	b.t.Helper()
	got := b.await(fmt.Sprintf(`(() => {
		const { dataset, textContent } = document.querySelector("#status") ?? { dataset: {} };
		return dataset.status === "ERROR" ? textContent : dataset.status === %q && %[1]q;
	})()`, want))
	if got != want {
		b.t.Fatalf("the page says %q, want the status %s", got, want)
	}
}

// shownCode saves the image of the code that the scan login page shows.
func shownCode(b *tab) string {
	b.t.Helper()
	encoded, isPNG := strings.CutPrefix(b.await(`document.querySelector("#code").src`), "data:image/png;base64,")
	image, err := base64.StdEncoding.DecodeString(encoded)
	if !isPNG || err != nil {
		b.t.Fatalf("the code is no PNG in a data: URI: %v", err)
	}
	file := filepath.Join(b.t.TempDir(), "code.png")
	if err := os.WriteFile(file, image, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return file
}

// scans lets the user mei scan the image; the phone then shows where the web
// page was opened.
func scans(b *tab, image string) {
	b.t.Helper()
	b.await(`document.querySelector("#users input:checked")?.value`)
	b.do(
		chromedp.SetUploadFiles(chromedp.CSS("#image"), []string{image}),
		chromedp.Click(chromedp.CSS("#scan button")),
		chromedp.WaitVisible(chromedp.CSS("#answer")),
	)
	if opened := b.await(`document.querySelector("#opened").textContent`); !strings.Contains(opened, "127.0.0.1") ||
		!strings.Contains(opened, "Chrome") {
		b.t.Errorf("the phone says %q of where the web page was opened, want its address and browser", opened)
	}
}

// isIn reads who is signed in on the scan login page, and that the page kept
// nothing of it.
func isIn(b *tab) {
	b.t.Helper()
	user := b.await(`document.querySelector("#user").textContent`)
	session := b.await(`document.querySelector("#session-id").textContent`)
	if !strings.HasPrefix(user, "usr_") || !strings.HasPrefix(session, "ses_") {
		b.t.Errorf("the page is in as %q with session %q, want a user and a session", user, session)
	}
	if kept := b.await(`String(localStorage.length + sessionStorage.length + document.cookie.length)`); kept != "0" {
		b.t.Errorf("the page stores %s items in the browser, want none", kept)
	}
}

// TestSubscriptionInPlayground follows a ticket in GraphiQL.
func TestSubscriptionInPlayground(t *testing.T) {
	path := chromium(t)
	d := startDev(t)
	var created struct {
		Data struct {
			CreateScanLogin struct {
				ID     string `json:"id"`
				Secret string `json:"secret"`
			}
		}
	}
	post(t, d.server+"/graphql", map[string]string{"query": `mutation { createScanLogin { id secret } }`}, &created)
	variables, err := json.Marshal(created.Data.CreateScanLogin)
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, path)
	b.do(
		chromedp.Navigate(d.server+"/playground"),
		chromedp.Click(chromedp.Search(`//button[text()="FollowScanLogin"]`)),
		chromedp.Click(chromedp.Search(`//button[text()="Variables"]`)),
		chromedp.Click(chromedp.CSS(`section[aria-label="Variables"]`)),
		retype(string(variables)),
	)
	awaitOperation(b, "FollowScanLogin")
	b.do(chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
	if status := answered(b).ScanLogin.Status; status != "PENDING" {
		t.Errorf("the ticket is %s, want PENDING", status)
	}
	b.do(
		chromedp.Click(chromedp.CSS(`.graphiql-execute-button[aria-label^="Stop"]`)),
		chromedp.WaitVisible(chromedp.CSS(`.graphiql-execute-button[aria-label^="Execute"]`)),
	)
	b.quiet(d.server)
}
