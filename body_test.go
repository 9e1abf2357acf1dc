package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"

	"menshen/gate"
)

func TestLongBodiesNeedRoom(t *testing.T) {
	const refusal = "The server has no room for a request of this length. Wait before trying again."
	const inGraphQL = `{"errors":[{"message":"` + refusal + `","extensions":{"code":"RATE_LIMITED","retryAfter":15}}]}`
	tests := []struct {
		name   string
		path   string
		bytes  int
		length int64 // as the request says; -1 for none
		status int
		answer string // or how many bytes of the room are held meanwhile
	}{
		{"a small one", graphqlPath, smallBody - 1, smallBody - 1, 200, "0"},
		{"a small one of unknown length", graphqlPath, smallBody - 1, -1, 200, "0"},
		{"a long one", graphqlPath, smallBody + 1, smallBody + 1, 200, "16385"},
		{"as much as there is room", graphqlPath, 100_000, 100_000, 200, "100000"},
		{"more than there is room", graphqlPath, 100_001, 100_001, 503, inGraphQL},
		{"a long one of unknown length", graphqlPath, smallBody + 1, -1, 503, inGraphQL},
		{"a push that is too long", "/wechat/push/wxone", 100_001, 100_001, 503, refusal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			room := gate.NewRoom(100_000, 0)
			w := httptest.NewRecorder()
			r := httptest.NewRequest("POST", test.path, strings.NewReader(strings.Repeat("x", test.bytes)))
			r.ContentLength = test.length
			wholeBodies(t, room, test.bytes).ServeHTTP(w, r)
			if got := strings.TrimSpace(w.Body.String()); w.Code != test.status || got != test.answer {
				t.Errorf("%d %s, want %d %s", w.Code, got, test.status, test.answer)
			}
			if refused := w.Code == http.StatusServiceUnavailable; refused != (w.Header().Get("Retry-After") == "15") {
				t.Errorf("%d with Retry-After %q", w.Code, w.Header().Get("Retry-After"))
			}
			if !room.Enter("", 100_000) {
				t.Error("some of the room stays taken")
			}
		})
	}
}

// wholeBodies answers with the bytes of the room that are held, for bodies of so
// many bytes.
func wholeBodies(t *testing.T, room *gate.Room, bytes int) http.Handler {
	e := newEntrance(parts{meters: newMeters(), log: slog.New(slog.DiscardHandler), bodies: room})
	return e.admit(e.wholeBody(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, held(room))
		body, err := io.ReadAll(r.Body)
		if len(body) != bytes || err != nil {
			t.Errorf("%d bytes, %v, want %d", len(body), err, bytes)
		}
		if left := held(room); left != 0 { // the answer may be a stream
			t.Errorf("%d bytes are held after the body was read", left)
		}
		if kept := r.Body.(*lentBody).Reader; kept != (broken{io.EOF}) {
			t.Errorf("the request still holds what was read: %T", kept)
		}
	})))
}

// held finds how many bytes of a room of 100,000 are taken.
func held(room *gate.Room) int {
	return sort.Search(100_000, func(taken int) bool {
		fits := room.Enter("", 100_000-taken)
		if fits {
			room.Leave("", 100_000-taken)
		}
		return fits
	})
}
