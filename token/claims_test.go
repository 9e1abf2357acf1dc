package token_test

import (
	"strings"
	"testing"
	"time"

	"menshen/token"
)

func TestIssueRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*token.Claims)
	}{
		{"no user", func(c *token.Claims) { c.UserID = "" }},
		{"no session", func(c *token.Claims) { c.SessionID = "" }},
		{"no app", func(c *token.Claims) { c.AppID = "" }},
		{"a user that is not UTF-8", func(c *token.Claims) { c.UserID = "\xff" }},
		{"no time of expiry", func(c *token.Claims) { c.ExpiresAt = time.Time{} }},
		{"an expiry at the time of issue", func(c *token.Claims) { c.ExpiresAt = c.IssuedAt }},
		{"an expiry within the second of issue", func(c *token.Claims) {
			c.ExpiresAt = c.IssuedAt.Add(999 * time.Millisecond)
		}},
		{"a token of more than 4 KiB", func(c *token.Claims) { c.UserID = strings.Repeat("u", 3000) }},
	}
	f := open(t, token.ES256)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := f.claims()
			test.change(&c)
			if raw, err := f.Issue(c); err == nil || raw != "" {
				t.Errorf("issued %d bytes, error %v", len(raw), err)
			}
		})
	}
}

func TestIssueDrawsIDs(t *testing.T) {
	f := open(t, token.ES256)
	c := f.claims()
	c.ID = ""
	seen := map[string]bool{}
	for range 100 {
		raw, err := f.Issue(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Verify(raw)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.ID) < 22 || seen[got.ID] { // 128 bits
			t.Fatalf("jti of %d characters, or drawn before", len(got.ID))
		}
		seen[got.ID] = true
	}
}

// What JSON escapes or time cuts off must come back all the same.
func TestIssueAnyText(t *testing.T) {
	f := open(t, token.EdDSA)
	want := token.Claims{
		UserID: "<&>\u2028\"\\", SessionID: "门神", AppID: "\x00\x7f\U0001f600", ID: "\ufffd",
		IssuedAt: start, ExpiresAt: start.Add(time.Hour),
	}
	c := want
	c.IssuedAt = start.Add(900 * time.Millisecond).In(time.FixedZone("CST", 8*3600))
	c.ExpiresAt = c.ExpiresAt.Add(time.Nanosecond)
	raw, err := f.Issue(c)
	if err != nil {
		t.Fatal(err)
	}
	f.wantClaims(t, raw, want)
}
