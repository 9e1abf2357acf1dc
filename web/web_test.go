package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"menshen/web"
)

// serve starts both pages on real ports. Its client leaves encodings and
// redirects to the test.
func serve(t *testing.T) (playground, phone *httptest.Server, client *http.Client) {
	t.Helper()
	playground = httptest.NewServer(web.Playground("/graphql"))
	t.Cleanup(playground.Close)
	phone = httptest.NewServer(web.Phone())
	t.Cleanup(phone.Close)
	client = &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return playground, phone, client
}

// do sends a request with the headers, given as name, value, …, and reads the
// answer whole.
func do(t *testing.T, client *http.Client, method, url string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestStatus(t *testing.T) {
	const (
		html   = "text/html; charset=utf-8"
		script = "text/javascript; charset=utf-8"
		style  = "text/css; charset=utf-8"
		text   = "text/plain; charset=utf-8"
	)
	playground, phone, client := serve(t)
	for _, test := range []struct {
		name, method, url string
		status            int
		contentType       string
	}{
		{"the playground's page", "GET", playground.URL + "/playground", 200, html},
		{"the playground's page with a slash", "GET", playground.URL + "/playground/", 308, html},
		{"the playground's script", "GET", playground.URL + "/playground/playground.js", 200, script},
		{"the scan login page", "GET", playground.URL + "/playground/scan", 200, html},
		{"the scan login page's script", "GET", playground.URL + "/playground/scan.js", 200, script},
		{"graphiql", "HEAD", playground.URL + "/playground/vendor/graphiql.min.js", 200, script},
		{"a licence", "GET", playground.URL + "/playground/vendor/NOTICE.txt", 200, text},
		{"the template", "GET", playground.URL + "/playground/index.html", 404, text},
		{"the scan login page's template", "GET", playground.URL + "/playground/scan.html", 404, text},
		{"a directory", "GET", playground.URL + "/playground/vendor/", 404, text},
		{"a way out of the directory", "GET", playground.URL + "/playground/%2e%2e/phone/phone.js", 404, text},
		{"a write to the playground", "POST", playground.URL + "/playground", 405, text},
		{"the phone's page", "GET", phone.URL + "/", 200, html},
		{"the phone's script", "GET", phone.URL + "/phone/phone.js", 200, script},
		{"the phone's style", "GET", phone.URL + "/phone/phone.css", 200, style},
		{"the phone's reader of codes", "GET", phone.URL + "/phone/vendor/decode.js", 200, script},
		{"the phone's sums", "GET", phone.URL + "/phone/vendor/SHA256SUMS", 404, text},
		{"another path of the phone", "GET", phone.URL + "/index.html", 404, text},
		{"a write to the phone", "POST", phone.URL + "/phone/phone.js", 405, text},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, _ := do(t, client, test.method, test.url)
			if response.StatusCode != test.status {
				t.Errorf("status is %d, want %d", response.StatusCode, test.status)
			}
			if got := response.Header.Get("Content-Type"); got != test.contentType {
				t.Errorf("Content-Type is %q, want %q", got, test.contentType)
			}
			connect := "connect-src 'self';"
			if strings.HasPrefix(test.url, phone.URL) {
				connect = "connect-src 'self' http://127.0.0.1:* http://localhost:*;"
			}
			checkProtected(t, response.Header, connect)
		})
	}
}

// checkProtected reads the headers of an answer. Its policy holds connect and is
// strict otherwise.
func checkProtected(t *testing.T, h http.Header, connect string) {
	t.Helper()
	for name, want := range map[string]string{
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := h.Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none';", "script-src 'self';", connect,
		"base-uri 'none';", "form-action 'none';", "frame-ancestors 'none'",
	} {
		if !strings.Contains(policy, want) {
			t.Errorf("Content-Security-Policy lacks %s", want)
		}
	}
	if rest := strings.Replace(policy, connect, "", 1); strings.Contains(rest, "unsafe") || strings.Contains(rest, "*") {
		t.Errorf("Content-Security-Policy is loose: %s", policy)
	}
}

func TestPlaygroundPage(t *testing.T) {
	playground := httptest.NewServer(web.Playground(`/graphql?a="><b>`))
	t.Cleanup(playground.Close)
	first, page := do(t, playground.Client(), "GET", playground.URL+"/playground")
	second, _ := do(t, playground.Client(), "GET", playground.URL+"/playground")

	nonce := regexp.MustCompile(`nonce="([^"]{20,})"`).FindStringSubmatch(page)
	if nonce == nil || !strings.Contains(first.Header.Get("Content-Security-Policy"), "'nonce-"+nonce[1]+"'") {
		t.Error("the page's nonce is not the policy's")
	}
	if first.Header.Get("Content-Security-Policy") == second.Header.Get("Content-Security-Policy") {
		t.Error("two answers have the same nonce")
	}
	_, scan := do(t, playground.Client(), "GET", playground.URL+"/playground/scan")
	for _, page := range []string{page, scan} {
		if !strings.Contains(page, `content="/graphql?a=&#34;&gt;&lt;b&gt;"`) {
			t.Error("the endpoint is not in the page, escaped")
		}
	}
	if got := first.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control is %q, want no-cache", got)
	}
}

func TestCaching(t *testing.T) {
	playground, phone, client := serve(t)
	for _, url := range []string{playground.URL + "/playground/vendor/graphiql.min.css", phone.URL + "/"} {
		plain, content := do(t, client, "GET", url)
		packed, compressed := do(t, client, "GET", url, "Accept-Encoding", "br, gzip")
		if got := packed.Header.Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("Content-Encoding is %q, want gzip", got)
		}
		if gunzip(t, compressed) != content {
			t.Error("the compressed form holds something else")
		}
		if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
			t.Error("both forms have one ETag")
		}
		for _, answer := range []*http.Response{plain, packed} {
			if answer.Header.Get("Cache-Control") != "no-cache" || answer.Header.Get("Vary") != "Accept-Encoding" {
				t.Error("the answer may be kept without asking, or for clients of another encoding")
			}
		}
		again, body := do(t, client, "GET", url, "If-None-Match", plain.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("with the ETag known the status is %d, want 304 and no body", again.StatusCode)
		}
	}
}

func TestEncoding(t *testing.T) {
	_, phone, client := serve(t)
	for header, want := range map[string]string{
		"gzip":               "gzip",
		"deflate , GZIP;q=1": "gzip",
		"gzip; q=0.5, br":    "gzip",
		"gzip;q=0":           "",
		"gzip;q=0.000":       "",
		"gzip;q=x":           "",
		"br":                 "",
		"xgzip":              "",
	} {
		response, _ := do(t, client, "GET", phone.URL+"/phone/phone.js", "Accept-Encoding", header)
		if got := response.Header.Get("Content-Encoding"); got != want {
			t.Errorf("for Accept-Encoding %q the Content-Encoding is %q, want %q", header, got, want)
		}
	}
}

func gunzip(t *testing.T, compressed string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestPagesAreSelfContained reads the sources: an address of another machine or
// a piece of inline code would be stopped by the policy, in the browser of
// someone else.
func TestPagesAreSelfContained(t *testing.T) {
	address := regexp.MustCompile(`https?://[\w.-]+`)
	inline := regexp.MustCompile(
		`(?i)<script(?:\s+type="module")?>|<style|\sstyle=|\son\w+=|innerHTML|insertAdjacentHTML`)
	known := map[string]bool{"http://127.0.0.1": true, "http://www.w3.org": true}
	for _, name := range append(sources(t, "playground/*.*"), sources(t, "phone/*.*")...) {
		content := read(t, name)
		for _, found := range address.FindAllString(content, -1) {
			if !known[found] {
				t.Errorf("%s names %s", name, found)
			}
		}
		if found := inline.FindString(content); found != "" {
			t.Errorf("%s holds %q", name, found)
		}
	}
	if regexp.MustCompile(`url\(["']?(https?:)?//|@import`).MatchString(read(t, "playground/vendor/graphiql.min.css")) {
		t.Error("graphiql.min.css loads something from elsewhere")
	}
}

func sources(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) < 3 {
		t.Fatalf("%s matches %d files: %v", pattern, len(names), err)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
