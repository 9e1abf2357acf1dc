package token_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"menshen/token"
)

// FuzzVerify holds Verify to its promise: it accepts the issued token and no
// other text.
func FuzzVerify(f *testing.F) {
	issued := map[string]fixture{}
	for _, alg := range algorithms {
		s := open(f, alg)
		raw := s.issue(f)
		issued[raw] = s
		header, payload, sig := segments(f, raw)
		none := b64([]byte(strings.Replace(header, string(alg), "none", 1))) + "." + b64([]byte(payload)) + "."
		for _, seed := range []string{
			raw, raw[1:], raw + ".", none, none + b64(sig), strings.ToUpper(raw), raw + "\n",
		} {
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for own, s := range issued {
			for _, text := range []string{raw, own + raw, raw + own, own[:len(own)/2] + raw + own[len(own)/2:]} {
				got, err := s.Verify(text)
				if text != own {
					wantErr(t, err, token.ErrInvalid)
					continue
				}
				if diff := cmp.Diff(s.claims(), got); err != nil || diff != "" {
					t.Errorf("%v %s", err, diff)
				}
			}
		}
	})
}

// FuzzParseRefresh holds ParseRefresh to the same.
func FuzzParseRefresh(f *testing.F) {
	s := open(f, token.ES256)
	own := s.refresh(f, s.NextRefresh("ses_1", 1))
	for _, seed := range []string{own, own[4:], own + "A", own[:10], "mrt_", "mrt_AQAAAAAAAAAA", "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, text := range []string{raw, "mrt_" + raw, own + raw, own[:20] + raw + own[20:]} {
			r, err := s.ParseRefresh(text)
			if text != own && !errors.Is(err, token.ErrInvalid) {
				t.Errorf("accepted as %+v", r)
			}
			if text == own && (err != nil || r != s.NextRefresh("ses_1", 1)) {
				t.Errorf("%+v, error %v", r, err)
			}
		}
	})
}
