package resolvers_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"menshen/store"
)

// refresh exchanges a refresh token.
func (s *server) refresh(token string) payload {
	s.Helper()
	return ask[payload](s, "", refreshDocument, variables{"token": token})
}

func TestRefresh(t *testing.T) {
	s := start(t)
	first := s.login("mei")
	now := s.clock.Advance(accessTTL)
	s.refused("UNAUTHENTICATED", first.AccessToken, meDocument, nil)
	second := s.refresh(first.RefreshToken)

	want := first
	want.AccessToken, want.RefreshToken, want.IsNewUser = second.AccessToken, second.RefreshToken, false
	want.ExpiresAt, want.RefreshExpiresAt = now.Add(accessTTL), now.Add(sessionLife)
	want.User.Sessions[0].LastUsedAt, want.User.Sessions[0].ExpiresAt = now, now.Add(sessionLife)
	s.same("payload", second, want)
	if second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
		t.Error("refreshing changed no token")
	}
	s.same("me", ask[user](s, second.AccessToken, meDocument, nil).ID, first.User.ID)
	if third := s.refresh(second.RefreshToken); third.RefreshToken == second.RefreshToken {
		t.Error("the successor has no successor")
	}
}

func TestRefreshWithinTheGrace(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	next := s.refresh(in.RefreshToken)
	s.clock.Advance(store.RefreshGrace)
	s.same("successor within the grace", s.refresh(in.RefreshToken).RefreshToken, next.RefreshToken)
	s.clock.Advance(time.Millisecond)
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": in.RefreshToken})
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": next.RefreshToken}) // theft ended the session
	s.refused("UNAUTHENTICATED", next.AccessToken, meDocument, nil)
	s.liveSessions(0)
}

func TestRefreshAcrossARotation(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	next := s.refresh(in.RefreshToken)
	s.need(s.tokens.Rotate(t.Context()))
	s.same("successor after the rotation", s.refresh(in.RefreshToken).RefreshToken, next.RefreshToken)
	ask[user](s, in.AccessToken, meDocument, nil) // the old key still verifies
	s.refresh(next.RefreshToken)
}

func TestPruneKeepsRefreshKeysInUse(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	prune := func(want int) {
		t.Helper()
		s.clock.Advance(2 * time.Minute)
		oldest, err := s.store.OldestSession(t.Context())
		s.need(err)
		dropped, err := s.tokens.Prune(t.Context(), oldest)
		s.need(err)
		s.same("keys dropped", len(dropped), want)
	}
	s.need(s.tokens.Rotate(t.Context()))
	prune(1) // the access key
	in = s.refresh(in.RefreshToken)
	prune(0) // the session might still see the token of its first day again
	ask[struct{}](s, in.AccessToken, logoutDocument, nil)
	prune(1)
}

func TestEarlierTokensAreTheft(t *testing.T) {
	s := start(t)
	first := s.login("mei")
	second := s.refresh(first.RefreshToken)
	s.clock.Advance(store.RefreshGrace + time.Millisecond)
	third := s.refresh(second.RefreshToken)
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": first.RefreshToken})
	s.refused("UNAUTHENTICATED", third.AccessToken, meDocument, nil)
}

func TestTheftEndsOneSession(t *testing.T) {
	s := start(t)
	phone, tablet := s.login("mei"), s.login("mei")
	s.refresh(phone.RefreshToken)
	s.clock.Advance(store.RefreshGrace + time.Millisecond)
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": phone.RefreshToken})
	s.same("sessions", len(ask[user](s, tablet.AccessToken, meDocument, nil).Sessions), 1)
}

func TestRefreshRefuses(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	ended := s.login("mei")
	ask[struct{}](s, ended.AccessToken, logoutDocument, nil)
	raw := in.RefreshToken
	for name, token := range map[string]string{
		"nothing":            "",
		"garbage":            "garbage",
		"an access token":    in.AccessToken,
		"a session id":       in.User.Sessions[0].ID,
		"the admin key":      adminKey,
		"a changed byte":     raw[:len(raw)/2] + flip(raw[len(raw)/2]) + raw[len(raw)/2+1:],
		"one character less": raw[:len(raw)-1],
		"one character more": raw + "A",
		"of ended session":   ended.RefreshToken,
	} {
		s.run(name, func(s *server) {
			s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": token})
		})
	}
	s.refresh(raw) // nothing was held against its owner
	s.clock.Advance(sessionLife)
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": raw})
}

// flip is another character of the base64url alphabet.
func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func TestManyRefreshesOfOneToken(t *testing.T) {
	const many = 32
	s := start(t)
	in := s.login("mei")
	answers := make(chan answer, many)
	var group sync.WaitGroup
	for range many {
		group.Go(func() {
			a, err := s.post(t.Context(), "", refreshDocument, variables{"token": in.RefreshToken})
			if err != nil {
				t.Error(err)
			}
			answers <- a
		})
	}
	group.Wait()
	close(answers)
	successors := map[string]bool{}
	for a := range answers {
		var got payload
		if err := json.Unmarshal(a.Data["refreshLogin"], &got); err != nil {
			t.Error(err, a.body)
		}
		successors[got.RefreshToken] = true
	}
	s.same("successors", len(successors), 1)
	s.liveSessions(1)
	for successor := range successors {
		s.refresh(successor)
	}
}
