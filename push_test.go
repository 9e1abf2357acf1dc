package main_test

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/wechat/wechattest"
)

// TestPushErasesWhatItNames looks at the guest when WeChat has its answer.
func TestPushErasesWhatItNames(t *testing.T) {
	h := newPushHouse(t, wechattest.Options{})
	tests := []struct {
		name, event, revoked string
		nickName, avatar     bool // erased
		phone                bool
	}{
		{"nickname and avatar", "user_authorization_revoke", "6", true, true, false},
		{"the phone number", "user_authorization_revoke", "8", false, false, true},
		{"the nickname", "user_authorization_revoke", "19", true, false, false},
		{"the avatar and the phone number", "user_authorization_revoke", "20,8", false, true, true},
		{"what is not held", "user_authorization_revoke", "1", false, false, false},
		{"a profile against the rules", "user_info_modified", "", true, true, false},
		{"an event of another kind", "subscribe", "", false, false, false},
	}
	for _, app := range []string{wechattest.DevAppID, plainApp} {
		for _, test := range tests {
			t.Run(app+" "+test.name, func(t *testing.T) {
				g := h.guest(app, app+" "+test.name)
				want := h.shown(g)
				if want.NickName == "" || want.AvatarURL == "" || want.Phone == "" {
					t.Fatalf("the guest shows %+v", want)
				}
				if got := h.push(g, wechattest.Push{Event: test.event, Payload: map[string]any{"RevokeInfo": test.revoked}}); got != pushSuccess {
					t.Fatalf("answered %+v", got)
				}
				for field, erased := range map[*string]bool{&want.NickName: test.nickName, &want.AvatarURL: test.avatar, &want.Phone: test.phone} {
					if erased {
						*field = ""
					}
				}
				if diff := cmp.Diff(want, h.shown(g)); diff != "" {
					t.Errorf("the guest shows (-want +got):\n%s", diff)
				}
			})
		}
	}
	if n, want := h.pushEvents(), 2*(len(tests)-1); n != want { // all but the event of another kind
		t.Errorf("the audit has %d messages, want %d", n, want)
	}
}

// TestPushOfAClosedAccount erases the user.
func TestPushOfAClosedAccount(t *testing.T) {
	h := newPushHouse(t, wechattest.Options{})
	g := h.guest(wechattest.DevAppID, "mei")
	if got := h.push(g, wechattest.Push{Event: "user_authorization_cancellation"}); got != pushSuccess {
		t.Fatalf("answered %+v", got)
	}
	if _, err := h.me(t.Context(), g.AccessToken); err != refused("UNAUTHENTICATED") {
		t.Errorf("me: %v", err)
	}
	var data struct{ User *struct{ ID string } }
	h.must(h.adminKey, `query($id: ID) { user(id: $id) { id } }`, map[string]any{"id": g.User.ID}, &data)
	if data.User != nil {
		t.Errorf("%s is still there", data.User.ID)
	}
	if again := h.guest(wechattest.DevAppID, "mei"); again.User.ID == g.User.ID {
		t.Error("who was erased is back")
	}
}

// TestPushRefused sends what WeChat does not.
func TestPushRefused(t *testing.T) {
	h := newPushHouse(t, wechattest.Options{})
	secure, plain := h.guest(wechattest.DevAppID, "mei"), h.guest(plainApp, "lin")
	padding := strings.Repeat("x", 130<<10)
	tests := []struct {
		name string
		g    guest
		push wechattest.Push
		want int
	}{
		{"signed with another token", secure, wechattest.Push{Token: "another"}, http.StatusForbidden},
		{"encrypted with another key", secure, wechattest.Push{AESKey: strings.Repeat("k", 43)}, http.StatusForbidden},
		{"in clear, where it must be secure", secure, wechattest.Push{Mode: "plain"}, http.StatusForbidden},
		{"in clear with another token", plain, wechattest.Push{Token: "another"}, http.StatusForbidden},
		{"encrypted, where it is in clear", plain, wechattest.Push{Mode: "secure"}, http.StatusForbidden},
		{"about another app", plain, wechattest.Push{To: "/wechat/push/" + wechattest.DevAppID, Mode: "secure"}, http.StatusForbidden},
		{"in clear about another app", secure, wechattest.Push{To: "/wechat/push/" + plainApp, Mode: "plain"}, http.StatusForbidden},
		{"with a parameter twice", secure, wechattest.Push{To: "/wechat/push/" + wechattest.DevAppID + "?x=1&x=2"}, http.StatusForbidden},
		{"too large", plain, wechattest.Push{Payload: map[string]any{"Padding": padding}}, http.StatusForbidden},
		{"to an app without push", secure, wechattest.Push{To: "/wechat/push/" + unsetApp}, http.StatusNotFound},
		{"to an unknown app", secure, wechattest.Push{To: "/wechat/push/wxnobody"}, http.StatusNotFound},
		{"to no app", secure, wechattest.Push{To: "/wechat/push/"}, http.StatusNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := h.shown(test.g)
			test.push.Event = "user_info_modified"
			if got := h.push(test.g, test.push); got.Status != test.want {
				t.Errorf("answered %+v, want %d", got, test.want)
			}
			if diff := cmp.Diff(want, h.shown(test.g)); diff != "" {
				t.Errorf("something was erased (-before +after):\n%s", diff)
			}
		})
	}
	if n := h.pushEvents(); n != 0 {
		t.Errorf("the audit has %d messages", n)
	}
}

// TestPushInTime pushes six minutes late, in time, and six minutes early.
func TestPushInTime(t *testing.T) {
	const six = 6 * time.Minute
	h := newPushHouse(t, wechattest.Options{Now: func() time.Time { return time.Now().Add(-six) }})
	g := h.guest(wechattest.DevAppID, "mei")
	for _, want := range []int{http.StatusForbidden, http.StatusOK, http.StatusForbidden} {
		h.dress(g)
		got := h.push(g, wechattest.Push{Event: "user_info_modified"})
		if erased := h.shown(g).NickName == ""; got.Status != want || erased != (want == http.StatusOK) {
			t.Errorf("answered %+v, want %d; erased: %t", got, want, erased)
		}
		if err := h.sim.Advance(six); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPushRepeated sends a message once more, which WeChat encrypts anew.
func TestPushRepeated(t *testing.T) {
	h := newPushHouse(t, wechattest.Options{})
	g, begun := h.guest(wechattest.DevAppID, "mei"), time.Now().Unix()
	for n, want := range []shown{{}, h.shown(g), {}} {
		h.dress(g)
		message := map[string]any{"CreateTime": begun + int64(n/2)} // the first two are one
		if got := h.push(g, wechattest.Push{Event: "user_info_modified", Payload: message}); got != pushSuccess {
			t.Errorf("answered %+v", got)
		}
		if got := h.shown(g); got.NickName != want.NickName {
			t.Errorf("message %d leaves %+v, want %+v", n, got, want)
		}
	}
	if n := h.pushEvents(); n != 2 {
		t.Errorf("the audit has %d messages, want 2", n)
	}
}

// TestPushAboutAStranger is answered, so that WeChat does not repeat it.
func TestPushAboutAStranger(t *testing.T) {
	h := newPushHouse(t, wechattest.Options{})
	nobody := guest{app: wechattest.DevAppID, name: "nobody"}
	if got := h.push(nobody, wechattest.Push{Event: "user_authorization_cancellation"}); got != pushSuccess {
		t.Errorf("answered %+v", got)
	}
}

// TestPushAddressIsVerified answers the GET that WeChat's console sends.
func TestPushAddressIsVerified(t *testing.T) {
	h := newPushHouse(t, wechattest.Options{})
	const echo = "<script>alert(1)</script>"
	for token, want := range map[string]int{wechattest.DevPushToken: http.StatusOK, "another": http.StatusForbidden} {
		got := h.get("/wechat/push/"+wechattest.DevAppID+"?"+challenge(token, echo), "")
		if got.status != want || (got.body == echo) != (want == http.StatusOK) {
			t.Errorf("token %s: answered %d %q", token, got.status, got.body)
		}
		if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
			t.Errorf("sent as %s", kind)
		}
	}
	if got := h.get("/wechat/push/"+unsetApp+"?"+challenge(wechattest.DevPushToken, echo), ""); got.status != http.StatusNotFound {
		t.Errorf("an app without push answers %d", got.status)
	}
}

// challenge signs as WeChat's page on message push says.
func challenge(token, echo string) string {
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), "12345"
	sum := sha1.Sum([]byte(strings.Join(slices.Sorted(slices.Values([]string{token, timestamp, nonce})), "")))
	return url.Values{
		"signature": {hex.EncodeToString(sum[:])}, "timestamp": {timestamp}, "nonce": {nonce}, "echostr": {echo},
	}.Encode()
}

func TestPushTakesGetAndPostAlone(t *testing.T) {
	h := newPushHouse(t, wechattest.Options{})
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
		answer, err := h.send(newRequest(t.Context(), method, h.url+"/wechat/push/"+wechattest.DevAppID, "", "{}"))
		if err != nil {
			t.Fatal(err)
		}
		if allow := answer.header.Get("Allow"); answer.status != http.StatusMethodNotAllowed || allow != "GET, HEAD, POST" {
			t.Errorf("%s: %d, Allow: %s", method, answer.status, allow)
		}
	}
}

// TestPushSecretsFromFiles pushes to a server that came to its token and its key
// by each of the ways there are.
func TestPushSecretsFromFiles(t *testing.T) {
	sim := wechattest.New(t)
	app, secrets := wechattest.DevAppID+"=", wechattest.DevPushToken+":"+wechattest.DevPushAESKey
	secretFile, listFile := writeFile(t, secrets+"\n"), writeFile(t, app+secrets+"\n")
	tests := []struct {
		name      string
		variables []string
		flags     []string
		warned    []string // flags that stand in clear on the command line
	}{
		{"a variable", []string{"MENSHEN_PUSH=" + app + secrets}, nil, nil},
		{"a file named by a variable", []string{"MENSHEN_PUSH=" + app + "@" + secretFile}, nil, nil},
		{"a file named by a flag", nil, []string{"--push", app + "@" + secretFile}, nil},
		{"a file with the whole list", nil, []string{"--push=@" + listFile}, nil},
		{"in clear", nil, []string{"--push", app + secrets}, []string{"--push"}},
		{"in clear behind a sign", nil, []string{"--push=" + app + secrets}, []string{"--push"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			house := install(t, sim.URL())
			house.settings = append(house.settings, test.variables...)
			server := house.serve(test.flags...)
			reply, err := sim.Push(t.Context(), wechattest.Push{
				AppID: wechattest.DevAppID, User: "mei", Event: "user_info_modified", Mode: "secure",
				To: server.url + "/wechat/push/" + wechattest.DevAppID,
			})
			if err != nil || reply != pushSuccess {
				t.Errorf("a push is answered %+v, %v", reply, err)
			}
			expectWarnings(t, server, test.warned)
			if out := server.output(); strings.Contains(out, wechattest.DevPushAESKey) {
				t.Error("the log repeats a secret")
			}
		})
	}
}
