package wechat

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewClientBaseURL(t *testing.T) {
	for _, good := range []string{
		"", "http://127.0.0.1:8081", "https://sh.api.weixin.qq.com", "https://[::1]:1/wechat/",
	} {
		t.Run("takes "+good, func(t *testing.T) {
			if _, err := NewClient(Options{BaseURL: good}); err != nil {
				t.Error(err)
			}
		})
	}
	for _, bad := range []string{
		"api.weixin.qq.com", "ftp://host", "http:host", "http://", "http://:8081", "http://h?", "http://h?canary=1",
		"http://h#canary", "http://canary@h", "http://user:canary@h", "http://canary:%zz@h", "http://h:canary",
	} {
		t.Run("refuses "+bad, func(t *testing.T) {
			_, err := NewClient(Options{BaseURL: bad})
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error repeats the URL: %v", err)
			}
		})
	}
}

func TestNewClientApps(t *testing.T) {
	long := strings.Repeat("x", 1025)
	for name, apps := range map[string]map[string]string{
		"an empty AppID":     {"": testSecret},
		"an empty AppSecret": {testSecret: ""},
		"a long AppID":       {long: testSecret},
		"a long AppSecret":   {testSecret: long},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			_, err := NewClient(Options{Apps: apps})
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), testSecret) {
				t.Errorf("the error repeats what it refuses: %v", err)
			}
		})
	}
}

func TestClientApps(t *testing.T) {
	apps := map[string]string{"wx3": "s", "wx1": "s", "wx2": "s"}
	c, err := NewClient(Options{Apps: apps})
	if err != nil {
		t.Fatal(err)
	}
	apps["wx4"] = "s"
	if diff := cmp.Diff([]string{"wx1", "wx2", "wx3"}, c.Apps()); diff != "" {
		t.Errorf("Apps (-want +got):\n%s", diff)
	}
}

func TestClientHidesItsSecrets(t *testing.T) {
	c, _ := newTestClient(t, "")
	config := Options{Apps: map[string]string{testApp: testSecret}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, v := range []any{c, config, &config, struct{ C Options }{config}} {
			if text := fmt.Sprintf(verb, v); !strings.Contains(text, "[wechat.") || strings.Contains(text, testSecret) {
				t.Errorf("%s of %T = %s", verb, v, text)
			}
		}
	}
}

func TestSecureProxy(t *testing.T) {
	for scheme, want := range map[string]string{
		"https": "http://gateway.invalid:3128",
		"http":  "<nil>",
	} {
		t.Run(scheme, func(t *testing.T) {
			req := &http.Request{URL: &url.URL{Scheme: scheme, Host: "api.weixin.qq.com"}}
			got, err := newTransport().Proxy(req)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(got); got != want {
				t.Errorf("proxy = %s, want %s", got, want)
			}
		})
	}
}
