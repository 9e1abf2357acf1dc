package storetest

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"menshen/store"
)

var loginLaws = []law{
	{"a login of an unknown identity makes a user", testLoginNew},
	{"a login of a known identity finds its user", testLoginKnown},
	{"one openid in two apps is two identities", testLoginTwoApps},
	{"an identity joins the user who holds its unionid", testLoginJoins},
	{"no unionid joins nobody", testLoginNoUnionID},
	{"a login fills an empty unionid", testLoginFillsUnionID},
	{"another unionid is added to the one that a user has", testLoginAddsUnionID},
	{"what WeChat tells is kept as it is, whatever is in it", testLoginOddities},
	{"a login merges the profile", testLoginProfile},
	{"a login clips the user agent", testLoginUserAgent},
	{"a login beyond the limit ends the oldest session", testLoginLimit},
	{"an expired session takes no live one's place", testLoginLimitExpired},
	{"sessions of others do not count against the limit", testLoginLimitOthers},
	{"times are UTC and kept to the millisecond", testTimes},
}

func testLoginNew(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.comingTo(app, "alice", "union-alice")
	out := f.login(in)

	if _, ok := store.ParseID(store.UserPrefix, out.User.ID); !ok {
		t.Errorf("not a user id: %q", out.User.ID)
	}
	f.same("what a first login leaves", out, store.LoggedIn{
		IsNewUser: true,
		User: store.User{
			ID: out.User.ID, Role: store.RoleUser, UnionID: "union-alice",
			Identities: []store.Identity{linked(app, "alice", begin)},
			CreatedAt:  begin, LastLoginAt: begin, LoginCount: 1,
		},
		Session: store.Session{
			ID: in.SessionID, UserID: out.User.ID, AppID: app, OpenID: "alice",
			CreatedAt: begin, LastUsedAt: begin, ExpiresAt: begin.Add(life),
			UserAgent: "MicroMessenger/8.0", IPAddress: "192.0.2.1", Refresh: token(in.SessionID, 0),
		},
	})
	session, user, err := f.store.Authenticate(t.Context(), in.SessionID)
	f.need(err)
	f.same("what is read back", store.LoggedIn{User: user, Session: session, IsNewUser: true}, out)
	f.same("the user", f.user(user.ID), out.User)
	f.same("the session", f.session(session.ID), out.Session)
	f.same("session_keys", f.keyTexts("alice"), []string{in.SessionKey.Text})
	f.liveSessions(1)
}

func testLoginKnown(t *testing.T, h Harness) {
	f := open(t, h)
	first := f.enter("alice")
	later := f.clock.Advance(time.Hour)
	second := f.enter("alice")

	want := first.User
	want.LastLoginAt, want.LoginCount = later, 2
	f.same("the user", second.User, want)
	f.same("a new user", second.IsNewUser, false)
	f.same("sessions", f.sessionIDs(want.ID), []string{second.Session.ID, first.Session.ID})
	f.same("what is read back", f.user(want.ID), want)
}

func testLoginTwoApps(t *testing.T, h Harness) {
	f := open(t, h)
	here := f.enter("alice")
	there := f.login(f.comingTo(otherApp, "alice", ""))
	if here.User.ID == there.User.ID || !there.IsNewUser {
		t.Errorf("users %s and %s, want two", here.User.ID, there.User.ID)
	}
	if _, err := f.store.SessionKeys(t.Context(), "wx000000000000000", "1alice"); err == nil {
		t.Error("an appid and an openid ran together")
	}
}

func testLoginJoins(t *testing.T, h Harness) {
	f := open(t, h)
	first := f.login(f.comingTo(app, "alice", "union-alice"))
	later := f.clock.Advance(time.Hour)
	second := f.login(f.comingTo(otherApp, "alice-there", "union-alice"))

	want := first.User
	want.Identities = append(want.Identities, linked(otherApp, "alice-there", later))
	want.LastLoginAt, want.LoginCount = later, 2
	f.same("the user", second.User, want)
	f.same("a new user", second.IsNewUser, false)
	f.same("what is read back", f.user(want.ID), want)

	untold := f.comingTo(otherApp, "alice-there", "") // WeChat does not tell the unionid every time
	f.same("the next login's user", f.login(untold).User.ID, want.ID)
}

func testLoginNoUnionID(t *testing.T, h Harness) {
	f := open(t, h)
	if alice, bob := f.enter("alice"), f.enter("bob"); alice.User.ID == bob.User.ID {
		t.Error("two people without a unionid became one")
	}
}

func testLoginFillsUnionID(t *testing.T, h Harness) {
	f := open(t, h)
	first := f.enter("alice")
	told := f.login(f.comingTo(app, "alice", "union-alice"))
	f.same("unionid", told.User.UnionID, store.Optional("union-alice"))
	f.same("unionid read back", f.user(first.User.ID).UnionID, store.Optional("union-alice"))

	joined := f.login(f.comingTo(otherApp, "alice-there", "union-alice"))
	f.same("who joins by it", joined.User.ID, first.User.ID)
}

func testLoginAddsUnionID(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.login(f.comingTo(app, "alice", "union-old"))
	f.clock.Advance(time.Hour)
	want := f.login(f.comingTo(app, "alice", "union-new")).User
	f.same("unionid", want.UnionID, store.Optional("union-new"))
	f.same("earlier ones", want.EarlierUnionIDs, []string{"union-old"})
	for _, unionID := range []string{"union-old", "union-new"} {
		got, err := f.store.UserByUnionID(t.Context(), unionID)
		f.need(err)
		f.same("the user of "+unionID, got, want)
	}

	stayed := f.login(f.comingTo(otherApp, "alice-there", "union-old")) // an app that has not moved
	f.same("who joins by the old one", stayed.User.ID, alice.User.ID)
	f.same("unionid after it", stayed.User.UnionID, store.Optional("union-new"))
	f.same("earlier ones after it", stayed.User.EarlierUnionIDs, []string{"union-old"})
}

func testLoginOddities(t *testing.T, h Harness) {
	f := open(t, h)
	unionIDs := []store.Optional{"two\nlines", "' OR 1=1; -- \x00", "\xff\xfe", "爱丽丝 "}
	var want store.User
	for _, unionID := range unionIDs {
		in := f.comingTo(app, "alice' \x00\xff", unionID)
		in.Profile = &store.Profile{NickName: "\x00'\\😀", Gender: math.MaxInt32}
		want = f.login(in).User
	}
	f.same("earlier unionids", want.EarlierUnionIDs, []string{string(unionIDs[2]), string(unionIDs[1]), string(unionIDs[0])})
	f.same("the user", f.user(want.ID), want)
	for _, unionID := range unionIDs {
		user, err := f.store.UserByUnionID(t.Context(), string(unionID))
		f.need(err)
		f.same("the user by a unionid", user, want)
	}
}

func testLoginProfile(t *testing.T, h Harness) {
	f := open(t, h)
	steps := []struct {
		name  string
		fresh *store.Profile
		want  store.Profile
	}{
		{"a placeholder fills nothing known", &store.Profile{NickName: "微信用户", Gender: store.GenderMale},
			store.Profile{NickName: "微信用户", Gender: store.GenderMale, UpdatedAt: begin.Add(1 * time.Hour)}},
		{"a chosen name replaces a placeholder", &store.Profile{NickName: "爱丽丝", City: "Shenzhen"},
			store.Profile{NickName: "爱丽丝", City: "Shenzhen", Gender: store.GenderMale, UpdatedAt: begin.Add(2 * time.Hour)}},
		{"a placeholder replaces nothing chosen", &store.Profile{NickName: "微信用户", City: "Nowhere"},
			store.Profile{NickName: "爱丽丝", City: "Shenzhen", Gender: store.GenderMale, UpdatedAt: begin.Add(2 * time.Hour)}},
		{"no profile changes nothing", nil,
			store.Profile{NickName: "爱丽丝", City: "Shenzhen", Gender: store.GenderMale, UpdatedAt: begin.Add(2 * time.Hour)}},
		{"what is empty stays",
			&store.Profile{
				Gender: store.GenderFemale, AvatarURL: "https://example.com/a",
				Language: "zh_CN", Province: "Guangdong", Country: "China",
			},
			store.Profile{
				NickName: "爱丽丝", City: "Shenzhen", Gender: store.GenderFemale, AvatarURL: "https://example.com/a",
				Language: "zh_CN", Province: "Guangdong", Country: "China", UpdatedAt: begin.Add(5 * time.Hour),
			}},
	}
	for _, step := range steps {
		f.clock.Advance(time.Hour)
		in := f.coming("alice")
		in.Profile = step.fresh
		out := f.login(in)
		f.same(step.name, out.User.Profile, step.want)
		f.same(step.name+", read back", f.user(out.User.ID).Profile, step.want)
	}
}

func testLoginUserAgent(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.coming("alice")
	in.UserAgent = store.Optional(strings.Repeat("门", store.MaxUserAgent))
	got := f.session(f.login(in).Session.ID).UserAgent
	if len(got) > store.MaxUserAgent || len(got) < store.MaxUserAgent-3 || !utf8.ValidString(string(got)) {
		t.Errorf("kept %d bytes: %q", len(got), got)
	}
}

func testLoginLimit(t *testing.T, h Harness) {
	f := openWith(t, h, func(o *store.Options) { o.MaxSessions = 3 })
	var ids []string
	for range 5 {
		f.clock.Advance(time.Second)
		ids = append([]string{f.enter("alice").Session.ID}, ids...)
	}
	userID := f.session(ids[0]).UserID
	f.same("sessions", f.sessionIDs(userID), ids[:3])
	f.dead(ids[3])
	f.dead(ids[4])
	f.liveSessions(3)

	f.refresh(ids[2], 0) // a refresh does not make a session younger
	f.clock.Advance(time.Second)
	newest := f.enter("alice").Session.ID
	f.same("sessions after a refresh", f.sessionIDs(userID), []string{newest, ids[0], ids[1]})
}

func testLoginLimitExpired(t *testing.T, h Harness) {
	f := openWith(t, h, func(o *store.Options) { o.MaxSessions = 2 })
	oldest := f.enter("alice").Session.ID
	f.clock.Advance(time.Second)
	f.enter("alice")
	f.clock.Advance(life / 2)
	f.refresh(oldest, 0)
	f.clock.Advance(life / 2)
	newest := f.enter("alice")
	f.same("sessions", f.sessionIDs(newest.User.ID), []string{newest.Session.ID, oldest})
}

func testLoginLimitOthers(t *testing.T, h Harness) {
	f := openWith(t, h, func(o *store.Options) { o.MaxSessions = 1 })
	alice, bob := f.enter("alice"), f.enter("bob")
	f.alive(alice.Session.ID)
	f.alive(bob.Session.ID)
}

func testTimes(t *testing.T, h Harness) {
	local := time.FixedZone("UTC+8", 8*60*60)
	odd := begin.Add(1_999_999 * time.Nanosecond).In(local)
	f := openWith(t, h, func(o *store.Options) { o.Now = func() time.Time { return odd } })
	in := f.coming("alice")
	in.SessionKey.GivenAt = odd
	out := f.login(in)
	want := begin.Add(time.Millisecond)
	if out.Session.CreatedAt != want || out.User.CreatedAt != want {
		t.Errorf("session made at %v, user at %v, want %v", out.Session.CreatedAt, out.User.CreatedAt, want)
	}
	session, user, err := f.store.Authenticate(t.Context(), in.SessionID)
	f.need(err)
	if session.CreatedAt != want || user.LastLoginAt != want || session.ExpiresAt != want.Add(life) {
		t.Errorf("read back: session of %v to %v, login %v", session.CreatedAt, session.ExpiresAt, user.LastLoginAt)
	}
	keys, err := f.store.SessionKeys(t.Context(), app, "alice")
	f.need(err)
	if len(keys) != 1 || keys[0].GivenAt != want {
		t.Errorf("%d session_keys, the first given at %v, want %v", len(keys), keys[0].GivenAt, want)
	}
}
