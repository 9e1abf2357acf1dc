package store_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"menshen/store"
)

func TestJudge(t *testing.T) {
	hash, other := [32]byte{1}, [32]byte{2}
	used := begin
	expires := begin.Add(time.Hour)
	tests := []struct {
		name       string
		current    uint32
		generation uint32
		hash       [32]byte
		now        time.Time
		want       store.RefreshOutcome
	}{
		{"the first token", 0, 0, hash, used, store.RefreshExchange},
		{"the current token", 5, 5, hash, used.Add(time.Minute), store.RefreshExchange},
		{"the current token with another hash", 5, 5, other, used, store.RefreshInvalid},
		{"the one before at once", 5, 4, other, used, store.RefreshRepeat},
		{"the one before at the end of the grace", 5, 4, other, used.Add(10 * time.Second), store.RefreshRepeat},
		{"the one before just after the grace", 5, 4, other, used.Add(10*time.Second + 1), store.RefreshTheft},
		{"the one before, by a clock that was set back", 5, 4, other, used.Add(-time.Second), store.RefreshRepeat},
		{"two before, its own successor forgotten", 5, 3, hash, used, store.RefreshTheft},
		{"the first of many", 5, 0, hash, used, store.RefreshTheft},
		{"the next one", 5, 6, hash, used, store.RefreshInvalid},
		{"the last there could be, when none was exchanged", 0, math.MaxUint32, hash, used, store.RefreshInvalid},
		{"the one before the last there can be", math.MaxUint32, math.MaxUint32 - 1, other, used, store.RefreshRepeat},
		{"the current token just before the end", 5, 5, hash, expires.Add(-1), store.RefreshExchange},
		{"the current token at the end", 5, 5, hash, expires, store.RefreshInvalid},
		{"an old token at the end", 5, 1, hash, expires, store.RefreshInvalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			session := store.Session{ExpiresAt: expires, Refresh: store.RefreshToken{Generation: test.current, Hash: hash, IssuedAt: used}}
			in := store.Refresh{Generation: test.generation, Hash: test.hash}
			if got, _ := session.Judge(in, test.now); got != test.want {
				t.Errorf("outcome %d, want %d", got, test.want)
			}
		})
	}
}

func TestClipUserAgent(t *testing.T) {
	long := strings.Repeat("x", store.MaxUserAgent)
	tests := map[string]struct{ in, want string }{
		"nothing":                {"", ""},
		"a short one":            {"MicroMessenger/8.0", "MicroMessenger/8.0"},
		"the longest":            {long, long},
		"one too long":           {long + "y", long},
		"one cut inside a rune":  {long[1:] + "门", long[1:]},
		"one that is not UTF-8":  {"a\xffb\xc3", "ab"},
		"long and all not UTF-8": {strings.Repeat("\xff", 1000), ""},
		"commands to a terminal": {"a\x1b[31m\u009b2J\x7f\n门", "a[31m2J门"},
		"turned writing":         {"a\u202eb\u2066c\u061c", "abc"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := string(store.ClipUserAgent(store.Optional(test.in)))
			if got != test.want || !utf8.ValidString(got) {
				t.Errorf("kept %q, want %q", got, test.want)
			}
		})
	}
}

func TestLive(t *testing.T) {
	session := store.Session{ExpiresAt: begin}
	if !session.Live(begin.Add(-1)) || session.Live(begin) {
		t.Error("a session does not die at the instant it expires")
	}
	if session.Blocked = true; session.Live(begin.Add(-1)) {
		t.Error("a session that a block has ended is live")
	}
}
