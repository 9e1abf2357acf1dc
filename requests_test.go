package main

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOnlyGraphQLMayLast(t *testing.T) {
	for path, want := range map[string]bool{"/graphql": false, "/playground": true, "/wechat/push/wxone": true} {
		h := everyRequest(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, bounded := r.Context().Deadline(); bounded != want {
				t.Errorf("%s has a deadline: %t, want %t", path, bounded, want)
			}
		}), slog.New(slog.DiscardHandler))
		(&inside{handler: h}).send(t, "GET", path, "")
	}
}

func TestAHijackedConnectionIsLogged(t *testing.T) {
	log := &journal{}
	h := everyRequest(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: hello\r\n\r\nhello\n")
		rw.Flush()
	}), slog.New(slog.NewJSONHandler(log, nil)))
	answered := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(answered)
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/graphql")
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(response.Body).ReadString('\n'); line != "hello\n" {
		t.Errorf("%q %v", line, err)
	}
	response.Body.Close()
	<-answered
	if lines := log.lines(t, "request"); len(lines) != 1 || lines[0]["status"] != float64(http.StatusSwitchingProtocols) {
		t.Errorf("log lines %v, want one with status 101", lines)
	}
}
