package wechat

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErasure(t *testing.T) {
	for name, test := range map[string]struct {
		push Push
		want Erasure
	}{
		"profile cleaned":        {Push{Event: "user_info_modified"}, Erasure{NickName: true, Avatar: true}},
		"account closed":         {Push{Event: "user_authorization_cancellation"}, Erasure{Account: true}},
		"profile revoked":        {revoked(6), Erasure{NickName: true, Avatar: true}},
		"phone revoked":          {revoked(8), Erasure{Phone: true}},
		"typed nickname revoked": {revoked(19), Erasure{NickName: true}},
		"chosen avatar revoked":  {revoked(20), Erasure{Avatar: true}},
		"several revoked":        {revoked(13, 8, 20), Erasure{Phone: true, Avatar: true}},
		"others revoked":         {revoked(1, 2, 3, 4, 5, 7, 12, 13, 14, 15, 16, 18), Erasure{}},
		"an unknown number":      {revoked(201), Erasure{}},
		"nothing named":          {revoked(), Erasure{}},
		"another event":          {Push{Event: "debug_demo", Revoked: []int{8}}, Erasure{}},
		"no event":               {Push{Revoked: []int{8}}, Erasure{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.push.Erasure()); diff != "" {
				t.Errorf("Erasure (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPrivacy(t *testing.T) {
	for event, want := range map[string]bool{
		"user_info_modified":              true,
		"user_authorization_revoke":       true, // also of what is not ours
		"user_authorization_cancellation": true,
		"debug_demo":                      false,
		"":                                false,
	} {
		if got := (Push{Event: event}).Privacy(); got != want {
			t.Errorf("%q: %t, want %t", event, got, want)
		}
	}
}

func revoked(numbers ...int) Push { return Push{Event: "user_authorization_revoke", Revoked: numbers} }
