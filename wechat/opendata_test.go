package wechat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	testMark = `"watermark":{"timestamp":1700000000,"appid":"` + testApp + `"}`
	testUser = "oTest-1"
)

// views is what a caller sees of OpenData. Phone is spelt out: as a Phone it
// would compare and print hidden.
type views struct {
	UserInfo *UserInfo
	Phone    []string
	WeRun    *WeRun
	Share    *Share
	Mark     *Watermark
}

func viewsOf(d *OpenData) views {
	v := views{UserInfo: d.UserInfo, WeRun: d.WeRun, Share: d.Share, Mark: d.Watermark}
	if p := d.Phone; p != nil {
		v.Phone = []string{p.PhoneNumber, p.PurePhoneNumber, p.CountryCode}
	}
	return v
}

func open(t *testing.T, e Encrypted) *OpenData {
	t.Helper()
	d, err := e.Open(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOpenDataViews(t *testing.T) {
	mark := &Watermark{AppID: testApp, Timestamp: time.Unix(1700000000, 0).UTC()}
	for name, want := range map[string]views{
		"profile": {Mark: mark, UserInfo: &UserInfo{
			OpenID: "oTest-1", UnionID: "uTest-1", NickName: "门神🚪", Gender: 1, Language: "zh_CN", City: "Suzhou",
			Province: "Jiangsu", Country: "CN", AvatarURL: "https://thirdwx.qlogo.cn/a/132",
		}},
		"phone": {Mark: mark, Phone: []string{"13800000000", "13800000000", "86"}},
		"werun": {Mark: mark, WeRun: &WeRun{Steps: []StepDay{
			{Date: time.Date(2023, 11, 13, 16, 0, 0, 0, time.UTC), Steps: 4096},
			{Date: time.Date(2023, 11, 14, 16, 0, 0, 0, time.UTC), Steps: 0},
		}}},
		"share":     {Mark: mark, Share: &Share{OpenGID: "tGTest-1"}},
		"one-block": {},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := readPayload(t, name).open(t)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, viewsOf(d)); diff != "" {
				t.Errorf("views (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenDataKinds(t *testing.T) {
	for plain, want := range map[string]string{
		`{"nickName":""}`: "user info",
		`{"nickName":"微信用户","avatarUrl":"a"}`:                                          "user info",
		`{"nickName":"a","gender":"2"}`:                                                "user info",
		`{"nickName":"a","gender":null}`:                                               "user info",
		`{"avatarUrl":"a"}`:                                                            "other",
		`{"openId":"a"}`:                                                               "other",
		`{"NickName":"a"}`:                                                             "other",
		`{"nickName":5}`:                                                               "other",
		`{"nickName":"a","gender":"male"}`:                                             "other",
		`{"nickName":"a","gender":2147483648}`:                                         "other",
		`{"nickName":"a","city":["a"]}`:                                                "other",
		`{"nickName":"a","openId":{}}`:                                                 "other",
		`{"nickName":"a","stepInfoList":[]}`:                                           "other",
		`{"nickName":"a","openGId":"g"}`:                                               "other",
		`{"nickName":"a","phoneNumber":"1"}`:                                           "other",
		`{"phoneNumber":"1"}`:                                                          "other",
		`{"phoneNumber":"1","countryCode":"86"}`:                                       "other",
		`{"phoneNumber":"1","purePhoneNumber":"1","countryCode":"86"}`:                 "phone",
		`{"phoneNumber":1,"purePhoneNumber":1,"countryCode":1}`:                        "phone",
		`{"phoneNumber":"1","purePhoneNumber":"1","countryCode":""}`:                   "other",
		`{"phoneNumber":"1","purePhoneNumber":"1","countryCode":-1}`:                   "other",
		`{"phoneNumber":"1","purePhoneNumber":"1","countryCode":8.6}`:                  "other",
		`{"phoneNumber":"1","purePhoneNumber":["1"],"countryCode":86}`:                 "other",
		`{"phoneNumber":"1","PurePhoneNumber":"1","countryCode":"86"}`:                 "other",
		`{"phoneNumber":"1","purePhoneNumber":"1","countryCode":"86","avatarUrl":"a"}`: "other",
		`{"stepInfoList":[]}`:                                                          "werun",
		`{"stepInfoList":[{"timestamp":1,"step":2147483647}]}`:                         "werun",
		`{"stepInfoList":[{"timestamp":"1","step":"2","x":{}}]}`:                       "werun",
		`{"stepInfoList":[{"timestamp":1,"step":2147483648}]}`:                         "other",
		`{"stepInfoList":[{"timestamp":1,"step":-1}]}`:                                 "other",
		`{"stepInfoList":[{"timestamp":1,"step":1.5}]}`:                                "other",
		`{"stepInfoList":[{"timestamp":1}]}`:                                           "other",
		`{"stepInfoList":[{"step":1}]}`:                                                "other",
		`{"stepInfoList":[{"timestamp":253402300800,"step":1}]}`:                       "other",
		`{"stepInfoList":[{"timestamp":1,"step":1,"step":2}]}`:                         "other",
		`{"stepInfoList":[1]}`:                                                         "other",
		`{"stepInfoList":[null]}`:                                                      "other",
		`{"stepInfoList":{}}`:                                                          "other",
		`{"stepInfoList":null}`:                                                        "other",
		`{"openGId":"g"}`:                                                              "share",
		`{"openGId":5}`:                                                                "other",
		`{"opengid":"g","chat_type":3}`:                                                "other",
		`{}`:                                                                           "other",
		"\t{\n\"a\" : [[[ {\"nickName\":\"a\"} ]]] } ":                                 "other",
		`{"` + strings.Repeat("a", 1000) + `":` + "1e999" + "}":                        "other",
		`{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}":          "other",
	} {
		t.Run(fmt.Sprintf("%.100s", plain), func(t *testing.T) {
			d := open(t, seal(t, plain))
			got := kindOf(d)
			if got != want {
				t.Errorf("kind = %s, want %s", got, want)
			}
			if d.JSON != plain {
				t.Errorf("JSON = %s, want %s", d.JSON, plain)
			}
		})
	}
}

func kindOf(d *OpenData) string {
	var kinds []string
	if d.UserInfo != nil {
		kinds = append(kinds, "user info")
	}
	if d.Phone != nil {
		kinds = append(kinds, "phone")
	}
	if d.WeRun != nil {
		kinds = append(kinds, "werun")
	}
	if d.Share != nil {
		kinds = append(kinds, "share")
	}
	if kinds == nil {
		return "other"
	}
	return strings.Join(kinds, "+")
}

func TestOpenRefusesWhatIsNoObject(t *testing.T) {
	for _, plain := range []string{
		"", " ", "null", "true", "5", `"a"`, "[]", "{", "}", "{}{}", `{"a":1,}`, `{a:1}`, `{"a":1}x`, "\ufeff{}",
		"{\"a\":\"\xff\"}", "{\"\xc3\x28\":1}", `{"a":1,"a":1}`, `{"a":1,"\u0061":2}`,
		`{"openId":"a","openId":null}`, strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000),
	} {
		t.Run(fmt.Sprintf("%.40q", plain), func(t *testing.T) {
			if d, err := seal(t, plain).Open(testKey); d != nil || err != ErrSessionKeyStale {
				t.Errorf("Open = %v, %v, want ErrSessionKeyStale itself", d, err)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	for name, test := range map[string]struct {
		plain string
		want  error
	}{
		"user info":                   {`{"openId":"oTest-1","nickName":"a",` + testMark + `}`, nil},
		"user info that names nobody": {`{"nickName":"a",` + testMark + `}`, nil},
		"phone": {`{"phoneNumber":"1","purePhoneNumber":"1","countryCode":"86",` + testMark + `}`,
			nil},
		"steps without watermark":         {`{"stepInfoList":[]}`, nil},
		"group without watermark":         {`{"openGId":"g"}`, nil},
		"unknown kind without watermark":  {`{"a":1}`, nil},
		"a null watermark is none":        {`{"openGId":"g","watermark":null}`, nil},
		"openid in other letters is none": {`{"openGId":"g","openid":"oTest-2"}`, nil},

		"user info without watermark":    {`{"nickName":"a"}`, ErrWrongApp},
		"half a user info, no watermark": {`{"avatarUrl":"a"}`, ErrWrongApp},
		"broken user info, no watermark": {`{"nickName":5}`, ErrWrongApp},
		"phone without watermark": {`{"phoneNumber":"1","purePhoneNumber":"1","countryCode":"86"}`,
			ErrWrongApp},
		"half a phone, no watermark": {`{"purePhoneNumber":"1"}`, ErrWrongApp},
		"openId without watermark":   {`{"openId":"oTest-1"}`, ErrWrongApp},
		"watermark in other letters": {`{"nickName":"a","Watermark":{"timestamp":1,"appid":"` + testApp + `"}}`,
			ErrWrongApp},
		"appid in other letters": {`{"nickName":"a","watermark":{"timestamp":1,"appId":"` + testApp + `"}}`,
			ErrWrongApp},
		"two appids": {`{"nickName":"a","watermark":{"timestamp":1,"appid":"wx0","appid":"` + testApp + `"}}`,
			ErrWrongApp},
		"another app's user info": {`{"nickName":"a","watermark":{"timestamp":1,"appid":"wx0"}}`, ErrWrongApp},
		"another app's steps": {`{"stepInfoList":[],"watermark":{"timestamp":1,"appid":"wx0"}}`,
			ErrWrongApp},
		"another app's unknown kind": {`{"a":1,"watermark":{"timestamp":1,"appid":"wx0"}}`, ErrWrongApp},
		"an empty appid":             {`{"a":1,"watermark":{"timestamp":1,"appid":""}}`, ErrWrongApp},
		"an appid that is no string": {`{"a":1,"watermark":{"timestamp":1,"appid":7}}`, ErrWrongApp},
		"a watermark without time":   {`{"a":1,"watermark":{"appid":"` + testApp + `"}}`, ErrWrongApp},
		"a watermark past the year 9999": {`{"a":1,"watermark":{"timestamp":253402300800,"appid":"` + testApp + `"}}`,
			ErrWrongApp},
		"a watermark that is a string":     {`{"a":1,"watermark":"` + testApp + `"}`, ErrWrongApp},
		"another user":                     {`{"openId":"oTest-2","nickName":"a",` + testMark + `}`, ErrWrongApp},
		"another user in an unknown kind":  {`{"openId":"oTest-2",` + testMark + `}`, ErrWrongApp},
		"another user in the group's data": {`{"openGId":"g","openId":"oTest-2",` + testMark + `}`, ErrWrongApp},
		"an openId that is no string":      {`{"openId":7,"nickName":"a",` + testMark + `}`, ErrWrongApp},
		"an empty openId":                  {`{"openId":"","nickName":"a",` + testMark + `}`, ErrWrongApp},
	} {
		t.Run(name, func(t *testing.T) {
			if err := open(t, seal(t, test.plain)).Verify(testApp, testUser); err != test.want {
				t.Errorf("Verify = %v, want %v", err, test.want)
			}
		})
	}
}

func TestVerifyWithoutUser(t *testing.T) {
	d := open(t, seal(t, `{"openId":"","nickName":"a",`+testMark+`}`))
	if err := d.Verify(testApp, ""); err != ErrWrongApp {
		t.Errorf("Verify = %v, want ErrWrongApp: nobody is not a user", err)
	}
}

// A user chooses his nickname and, without any key, the first block of what we
// decrypt. Neither another's phone number nor another's unionId must come out
// of that, though the watermark is right.
func TestBentFirstBlock(t *testing.T) {
	const rest = `13900000000","gender":0,"avatarUrl":"a",` + testMark + `}`
	e := seal(t, `{"nickName":"abc`+rest)
	for name, first := range map[string]string{
		"to a phone number": `{"phoneNumber":"`,
		"to a unionId":      `{"unionId":    "`,
		"to a group":        `{"openGId":    "`,
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, bend(e, `{"nickName":"abc`, first))
			if d.JSON != first+rest {
				t.Fatalf("JSON = %s, the bending itself failed", d.JSON)
			}
			if got := kindOf(d); got != "other" {
				t.Errorf("kind = %s, want other", got)
			}
		})
	}
}

func TestVerifyRawData(t *testing.T) {
	d, err := readPayload(t, "profile").open(t)
	if err != nil {
		t.Fatal(err)
	}
	raw := string(readFile(t, "testdata/rawdata.txt"))
	signature := strings.TrimSpace(string(readFile(t, "testdata/rawdata.sha1")))
	for name, test := range map[string]struct {
		raw, signature string
		want           error
	}{
		"as WeChat gave them":    {raw, signature, nil},
		"upper case":             {raw, strings.ToUpper(signature), nil},
		"rawData with a space":   {raw + " ", signature, ErrSignatureMismatch},
		"another signature":      {raw, strings.Repeat("0", 40), ErrSignatureMismatch},
		"half a signature":       {raw, signature[:20], ErrSignatureMismatch},
		"a signature and a half": {raw, signature + signature[:20], ErrSignatureMismatch},
		"not hexadecimal":        {raw, "signature", ErrSignatureMismatch},
		"no rawData":             {"", signature, ErrMalformed},
		"no signature":           {raw, "", ErrMalformed},
		"neither":                {"", "", ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if err := d.VerifyRawData(test.raw, test.signature); !errors.Is(err, test.want) {
				t.Errorf("VerifyRawData = %v, want %v", err, test.want)
			}
		})
	}
}

func TestOpenDataIsHidden(t *testing.T) {
	d, err := readPayload(t, "phone").open(t)
	if err != nil {
		t.Fatal(err)
	}
	type box struct {
		Data  *OpenData
		Phone Phone
	}
	for _, v := range []any{
		d, *d, d.Phone, *d.Phone, box{d, *d.Phone}, []any{*d, *d.Phone}, map[string]Phone{"": *d.Phone},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			fmt.Fprintf(&out, verb, v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("opened", "data", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("opened", "data", v)
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"13800000000", "3133383030303030", testKey, "countryCode"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%T prints %s: %s", v, secret, out.String())
			}
		}
	}
}
