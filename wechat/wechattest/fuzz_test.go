package wechattest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzServeHTTP sends anything to any path: every answer is an answer.
func FuzzServeHTTP(f *testing.F) {
	f.Add("GET", "/sns/jscode2session", "appid="+DevAppID, "")
	f.Add("POST", "/cgi-bin/stable_token", "", `{"grant_type":"client_credential"}`)
	f.Add("POST", "/wxa/getwxacodeunlimit", "access_token=TOKEN", `{"scene":"a"}`)
	f.Add("POST", "/wxa/business/getuserphonenumber", "access_token=TOKEN", `{"code":"a"}`)
	f.Add("POST", "/wxa/msg_sec_check", "access_token=TOKEN", `{"content":"a","version":2,"scene":1}`)
	f.Add("GET", "/wxa/resetusersessionkey", "access_token=TOKEN&openid=o", "")
	f.Add("POST", "/sim/login", "", `{"appId":"`+DevAppID+`","user":"mei"}`)
	f.Add("POST", "/sim/data", "",
		`{"appId":"`+DevAppID+`","user":"mei","kind":"profile","payload":{"watermark":{"a":null}}}`)
	f.Add("POST", "/sim/clock", "", `{"advance":"1h"}`)
	s := NewSimulator(Options{Now: clock})
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		if strings.HasPrefix(path, "/sim/faults") || strings.HasPrefix(path, "/sim/push") {
			return // these hang, or talk to others
		}
		r := httptest.NewRequestWithContext(t.Context(), "POST", "http://127.0.0.1/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: strings.Replace(query, "TOKEN", aToken(s), 1)}
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		if kind := w.Header().Get("Content-Type"); kind == plainText && !json.Valid(w.Body.Bytes()) {
			t.Errorf("not JSON: %s", w.Body)
		}
	})
}

// aToken is a live access_token.
func aToken(s *Simulator) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	line, c := lineOf(s.stable, DevAppID), &call{now: s.now(), appID: DevAppID}
	if line.latest == nil || line.latest.remaining(c.now) <= 0 {
		s.issue(line, c)
	}
	return line.latest.value
}
