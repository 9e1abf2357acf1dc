package token

import (
	"context"
	"strconv"
	"testing"
	"time"
)

// Only this test looks inside: that what is refused is not remembered shows
// nowhere else.
func TestCacheHoldsVerifiedTokensOnly(t *testing.T) {
	var saved []byte
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), Options{
		Issuer: "menshen",
		Load:   func(context.Context) ([]byte, error) { return saved, nil },
		Update: func(_ context.Context, change func([]byte) ([]byte, error)) (err error) {
			saved, err = change(saved)
			return err
		},
		Now:       func() time.Time { return now },
		CacheSize: 8,
	})
	if err != nil {
		t.Fatal(err)
	}
	issue := func(user string, at time.Time) string {
		raw, err := s.Issue(Claims{
			UserID: user, SessionID: "ses", AppID: "app", IssuedAt: at, ExpiresAt: at.Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	want := func(n int) {
		t.Helper()
		if got := s.verified.Len(); got != n {
			t.Fatalf("%d tokens remembered, want %d", got, n)
		}
	}
	good := issue("usr", now)
	for _, bad := range []string{
		"", "a.b.c", good[:len(good)-2] + "AA", good + "A", issue("usr", now.Add(time.Minute)),
	} {
		if _, err := s.Verify(bad); err == nil {
			t.Fatal("accepted a bad token")
		}
	}
	want(0)
	for range 3 {
		if _, err := s.Verify(good); err != nil {
			t.Fatal(err)
		}
	}
	want(1)
	for i := range 20 {
		if _, err := s.Verify(issue(strconv.Itoa(i), now)); err != nil {
			t.Fatal(err)
		}
	}
	want(8)
}
