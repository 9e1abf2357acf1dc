package wechat

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// phoneCode plays the phone number button.
func (w *world) phoneCode(t *testing.T, appID, user, number string) string {
	t.Helper()
	code, err := w.PhoneCode(appID, user, number)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestPhoneNumber(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		mei := w.login(t, c, "mei")
		for number, want := range map[string]Phone{
			testPhone:        {PhoneNumber: testPhone, PurePhoneNumber: testPhone, CountryCode: "86"},
			"+44 7700900123": {PhoneNumber: "+447700900123", PurePhoneNumber: "7700900123", CountryCode: "44"},
		} {
			got, err := c.PhoneNumber(t.Context(), testApp, mei.OpenID, w.phoneCode(t, testApp, "mei", number))
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("the number of %s is another", number)
			}
		}
	})
}

func TestPhoneCodeRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		mei, lei := w.login(t, c, "mei"), w.login(t, c, "lei")
		code := w.phoneCode(t, testApp, "mei", testPhone)
		wantPhoneCodeInvalid(t, c, lei.OpenID, code, 40029) // a stranger's
		if _, err := c.PhoneNumber(t.Context(), testApp, mei.OpenID, code); err != nil {
			t.Fatal(err)
		}
		wantPhoneCodeInvalid(t, c, mei.OpenID, code, 40029) // used
		wantPhoneCodeInvalid(t, c, mei.OpenID, w.phoneCode(t, otherApp, "mei", testPhone), 40013)
		for _, errcode := range []int{40003, 40163} {
			w.fault(t, phoneNumberPath, errcode, 1)
			wantPhoneCodeInvalid(t, c, mei.OpenID, code, errcode)
		}
		calls := w.Calls()[phoneNumberPath]
		wantPhoneCodeInvalid(t, c, mei.OpenID, "", 0)
		wantPhoneCodeInvalid(t, c, mei.OpenID, strings.Repeat("c", maxParameter+1), 0)
		wantPhoneCodeInvalid(t, c, "", code, 0) // or WeChat would not check whose it is
		if w.Calls()[phoneNumberPath] != calls {
			t.Error("a code that cannot be one was sent")
		}
	})
}

func wantPhoneCodeInvalid(t *testing.T, c *Client, openID, code string, errcode int) {
	t.Helper()
	phone, err := c.PhoneNumber(t.Context(), testApp, openID, code)
	failure := new(Error)
	if !errors.As(err, &failure) || failure.Class != ErrPhoneCodeInvalid || failure.Errcode != errcode || phone != (Phone{}) {
		t.Errorf("err = %v, want ErrPhoneCodeInvalid with errcode %d", err, errcode)
	}
	wantNoSecret(t, err)
	if code != "" && strings.Contains(err.Error(), code) {
		t.Errorf("the error repeats the code: %v", err)
	}
}

func TestPhoneConsistent(t *testing.T) {
	for phone, want := range map[Phone]bool{
		{"13800138000", "13800138000", "86"}:         true,
		{"+86 138-0013-8000", "13800138000", "86"}:   true,
		{"+447700900123", "7700900123", "44"}:        true,
		{"+447700900123", "7700900123", "49"}:        false,
		{"13800138000", "13900139000", "86"}:         false,
		{"99138001380", "13800138000", "86"}:         false,
		{"none", "none", "86"}:                       false,
		{"0086 13800138000", "13800138000", "0086"}:  true,
		{"12345", "12345", "1"}:                      true,
		{"1234", "1234", "1"}:                        false,
		{"13800138000", "13800138000", "00086"}:      false,
		{"13800138000", "13800138000", "8\x006"}:     false,
		{"13800138000", "13800138000", "+"}:          false,
		{"138\xff00138000", "13800138000", "86"}:     false,
		{"138001\x1738000", "138001\x1738000", "86"}: false,
		{"1380013٣8000", "1380013٣8000", "86"}:       false,
		{"138  00138000", "13800138000", "86"}:       false,
		{"138 -00138000", "13800138000", "86"}:       false,
		{"13800138000 ", "13800138000", "86"}:        false,
		{"13800138000\n", "13800138000", "86"}:       false,
		{"++13800138000", "13800138000", "86"}:       false,
		{"13800138000", "-13800138000", "86"}:        false,
	} {
		if got := phone.Consistent(); got != want {
			t.Errorf("%q and %q of %q: %t, want %t", phone.PhoneNumber, phone.PurePhoneNumber, phone.CountryCode, got, want)
		}
	}
}

// A code leaves again when its token was refused, and never for another reason.
func TestPhoneCodeIsRepeatedAfterTokenRefusalOnly(t *testing.T) {
	for errcode, want := range map[int]int{40001: 2, 40014: 2, 42001: 2, -1: 1, 45011: 1, 40029: 1, 47001: 1} {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				c := w.client(t)
				mei := w.login(t, c, "mei")
				w.fault(t, phoneNumberPath, errcode, 1)
				_, err := c.PhoneNumber(t.Context(), testApp, mei.OpenID, w.phoneCode(t, testApp, "mei", ""))
				if (err == nil) != (want == 2) {
					t.Errorf("err = %v", err)
				}
				if got := w.Calls()[phoneNumberPath]; got != want {
					t.Errorf("%d calls, want %d", got, want)
				}
			})
		})
	}
}

func TestPhoneNumberAnswers(t *testing.T) {
	const numbers = `"phoneNumber":"` + testPhone + `","purePhoneNumber":"` + testPhone + `"`
	for name, test := range map[string]struct {
		body string
		ok   bool
	}{
		"country code as string": {`{"errcode":0,"phone_info":{` + numbers + `,"countryCode":"86"}}`, true},
		"country code as number": {`{"errcode":0,"phone_info":{` + numbers + `,"countryCode":86}}`, true},
		"no country code":        {`{"errcode":0,"phone_info":{` + numbers + `}}`, false},
		"no phone_info":          {`{"errcode":0}`, false},
		"phone_info as list":     {`{"errcode":0,"phone_info":[]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			var sent, path, kind string
			c, _ := newTestClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				sent, path, kind = string(body), r.Method+" "+r.URL.String(), r.Header.Get("Content-Type")
				io.WriteString(w, test.body)
			}))
			c.loadToken = savedToken(t, time.Now().Add(time.Hour))
			phone, err := c.PhoneNumber(t.Context(), testApp, "oTest-1", `a"b`)
			switch {
			case test.ok && (err != nil || phone != (Phone{testPhone, testPhone, "86"})):
				t.Errorf("err = %v, or another number", err)
			case !test.ok && !errors.Is(err, ErrUnavailable):
				t.Errorf("err = %v, want ErrUnavailable", err)
			}
			if sent != `{"code":"a\"b","openid":"oTest-1"}` || kind != "application/json" ||
				path != "POST "+phoneNumberPath+"?access_token=76_saved" {
				t.Errorf("request = %s, %s %s", path, kind, sent)
			}
		})
	}
}
