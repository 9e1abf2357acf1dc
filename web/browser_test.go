package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestInBrowser(t *testing.T) {
	path := chromium(t)
	d := startDev(t)
	t.Run("the playground logs in and shows the user", func(t *testing.T) {
		b := newTab(t, path)
		showsSchema(b, d.server+"/playground#code=", d.loginCode(t, "mei"))
		logsIn(b)
		storesNothing(b)
		b.quiet(d.server)
	})
	t.Run("the phone plays a user", func(t *testing.T) {
		b := newTab(t, path)
		b.do(chromedp.Navigate(d.simulator + "/#server=" + d.server))
		code := getsCode(b, d)
		getsProfile(b)
		scriptsFault(b, d, code)
		b.quiet(d.simulator)
	})
	t.Run("the phone calls ::1 localhost, which its policy can name", func(t *testing.T) {
		b := newTab(t, path)
		b.do(chromedp.Navigate(d.simulator + "/#server=http://[::1]:8080"))
		getsCode(b, dev{server: "http://localhost:8080"})
	})
}

// showsSchema opens the playground with a login code, and looks for login in
// the documentation.
func showsSchema(b *tab, page, code string) {
	b.t.Helper()
	b.do(
		chromedp.Navigate(page+code),
		chromedp.Click(chromedp.CSS(`button[aria-label="Show Documentation Explorer"]`)),
		chromedp.Click(chromedp.Search(`//a[@class="graphiql-doc-explorer-type-name"][text()="Mutation"]`)),
		chromedp.WaitVisible(chromedp.Search(`//a[@class="graphiql-doc-explorer-field-name"][text()="login"]`)),
	)
	if strings.Contains(b.await(`location.href`), code) {
		b.t.Error("the login code is still in the address bar")
	}
}

// logsIn runs Login, carries its accessToken to the tab Me by hand, and runs
// Me.
func logsIn(b *tab) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
	login := answered(b).Login
	if login.AccessToken == "" || login.User.ID == "" {
		b.t.Fatal("Login answers no accessToken or no user")
	}
	b.do(
		chromedp.Click(chromedp.Search(`//button[text()="Me"]`)),
		chromedp.Click(chromedp.Search(`//button[text()="Headers"]`)),
		chromedp.Click(chromedp.CSS(`section[aria-label="Headers"]`)),
		retype(fmt.Sprintf(`{"Authorization": "Bearer %s"}`, login.AccessToken)),
	)
	awaitOperation(b, "Me")
	b.do(chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
	if me := answered(b).Me; me.ID != login.User.ID {
		b.t.Errorf("me is %q, want the user who logged in, %q", me.ID, login.User.ID)
	}
}

// awaitOperation waits until GraphiQL notices, a moment after the change of
// tab, which operation stands there.
func awaitOperation(b *tab, name string) {
	b.t.Helper()
	b.await(fmt.Sprintf(
		`document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === %q && %[1]q`, name))
}

// storesNothing opens a dialog, the one part of GraphiQL that needs the
// policy's nonce, and then looks at what the browser keeps.
func storesNothing(b *tab) {
	b.t.Helper()
	b.do(
		chromedp.Click(chromedp.CSS(`button[aria-label="Open settings dialog"]`)),
		chromedp.WaitVisible(chromedp.CSS(".graphiql-dialog")),
	)
	if kept := b.await(`String(localStorage.length + sessionStorage.length)`); kept != "0" {
		b.t.Errorf("the playground stores %s items in the browser, want none", kept)
	}
}

type data struct {
	Login struct {
		AccessToken string
		User        struct{ ID string }
	}
	Me        struct{ ID string }
	ScanLogin struct{ Status string }
}

// answered waits for GraphiQL's answer pane to hold an answer, and reads it.
func answered(b *tab) data {
	b.t.Helper()
	text := b.await(`(() => {
		const text = document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue() ?? "";
		return /"(data|errors)"/.test(text) && text;
	})()`)
	var answer struct {
		Data   data
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		b.t.Fatalf("the answer is not JSON: %v", err)
	}
	if len(answer.Errors) > 0 {
		b.t.Fatalf("the answer holds errors: %v", answer.Errors)
	}
	return answer.Data
}

// getsCode makes a user whose name is HTML, and gives the code of its login.
func getsCode(b *tab, d dev) string {
	b.t.Helper()
	b.do(
		chromedp.SendKeys(chromedp.CSS("#user-name"), "<b>xiao mei</b>\n"),
		chromedp.WaitVisible(chromedp.Search(`//*[@id="users"]//span[text()="<b>xiao mei</b>"]`)),
		chromedp.Click(chromedp.CSS("#login button")),
	)
	code, command := received(b, "code"), received(b, "curl")
	if !strings.Contains(command, d.server+"/graphql") || !strings.Contains(command, code) {
		b.t.Error("the curl command does not send the code to the server")
	}
	return code
}

func getsProfile(b *tab) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(`#data button[value="profile"]`)))
	for _, name := range []string{"encryptedData", "iv", "rawData", "signature"} {
		received(b, name) // waits until it is there
	}
}

// scriptsFault lets the next login meet errcode 45011, and looks for that call
// on the page.
func scriptsFault(b *tab, d dev, code string) {
	b.t.Helper()
	b.do(
		chromedp.SendKeys(chromedp.CSS("#fault-value"), "45011"),
		chromedp.Click(chromedp.CSS("#faults button")),
		chromedp.WaitVisible(chromedp.Search(`//*[@id="pending"]/li[contains(text(), "45011")]`)),
	)
	var refused struct{ Errors []struct{ Message string } }
	post(b.t, d.server+"/graphql", map[string]any{
		"query":     `mutation($code: String!) { login(code: $code) { accessToken } }`,
		"variables": map[string]string{"code": code},
	}, &refused)
	if len(refused.Errors) != 1 {
		b.t.Errorf("the login that meets the fault gives %d errors, want 1", len(refused.Errors))
	}
	b.do(chromedp.WaitVisible(chromedp.Search(
		`//*[@id="calls"]/tr[contains(., "/sns/jscode2session")][contains(., "45011")]`)))
}

// received waits for the value of that name under "What the mini program
// receives".
func received(b *tab, name string) string {
	b.t.Helper()
	return b.await(fmt.Sprintf(`[...document.querySelectorAll("#values .value")]
		.find((value) => value.querySelector("h3").textContent === %q)?.querySelector("pre").textContent`, name))
}
