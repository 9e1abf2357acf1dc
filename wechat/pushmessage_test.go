package wechat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The samples of WeChat's page 授权用户信息变更, stray spaces included; the
// AppID is ours.
const (
	sampleJSON = `{
  "ToUserName": "gh_870882ca4b1",
  "FromUserName": "oaKk346BaWE-eIn4oSRWbaM9vR7s",
  "CreateTime": 1700000000,
  "MsgType": "event",
  "Event": "user_authorization_revoke",
  "OpenID": "oaKk343WOktAaT2ygsX138BGblrg",
  "AppID": "` + testApp + `",
  "RevokeInfo": "1",
  "PluginID": "wx13974bf780d3dc89",
  "OpenPID": " G7esq5NVzP76HIHoB95t4CVBP6to"
}`
	sampleXML = `<xml>
    <ToUserName><![CDATA[gh_870882ca4b1]]></ToUserName>
    <FromUserName><![CDATA[oaKk346BaWE-eIn4oSRWbaM9vR7s]]></FromUserName>
    <CreateTime>1700000000</CreateTime>
    <MsgType><![CDATA[event]]></MsgType>
    <Event><![CDATA[user_authorization_revoke]]></Event>
    <OpenID><![CDATA[oaKk343WOktAaT2ygsX138BGblrg]]></OpenID>
    <AppID><![CDATA[` + testApp + `]]></AppID>
    <RevokeInfo><![CDATA[1]]></RevokeInfo>
    <PluginID><![CDATA[wx13974bf780d3dc89]]></PluginID>
    < OpenPID><![CDATA[G7esq5NVzP76HIHoB95t4CVBP6to]]></OpenPID>
</xml>
`
)

// inAnyMode opens the message in plain and in secure mode, the envelope being
// JSON, and wants the same of both.
func inAnyMode(t *testing.T, message string) (Push, error) {
	t.Helper()
	p, err := plainRequest(message).open(plainKey(t))
	secure, secureErr := secureRequest(t, frame(message, testApp)).open(secureKey(t))
	if err != secureErr || !cmp.Equal(p, secure) {
		t.Errorf("in plain mode %+v, %v, in secure mode %+v, %v", p, err, secure, secureErr)
	}
	return p, err
}

func TestPushSamples(t *testing.T) {
	var ids [][32]byte
	for name, message := range map[string]string{
		"JSON": sampleJSON,
		"XML":  sampleXML,
		"JSON with spaces in its names": strings.NewReplacer(
			`"OpenID"`, `" OpenID"`, `"AppID"`, `" AppID "`, `"RevokeInfo"`, `" RevokeInfo"`).Replace(sampleJSON),
		"JSON with spaces in its texts": strings.NewReplacer(
			`"oaKk343`, `" oaKk343`, testApp, testApp+" ", `1700000000`, `" 1700000000"`, `"1"`, "1").Replace(sampleJSON),
		"XML with a declaration": `<?xml version="1.0" encoding="UTF-8"?>` + sampleXML,
		"XML without CDATA":      strings.NewReplacer("<![CDATA[", " ", "]]>", "\n").Replace(sampleXML),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := inAnyMode(t, message)
			want := Push{
				ID: got.ID, AppID: testApp, Event: "user_authorization_revoke", OpenID: "oaKk343WOktAaT2ygsX138BGblrg",
				CreatedAt: testTime.UTC(), Revoked: []int{1},
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("Open = %v (-want +got):\n%s", err, diff)
			}
			ids = append(ids, got.ID)
		})
	}
	for _, id := range ids {
		if id != ids[0] {
			t.Error("one message has two IDs")
		}
	}
}

// TestPushOfAnotherDay sends what was made long ago, or is yet to be, with a
// signature that is right and fresh: that of a request whose timestamp and nonce
// were swapped.
func TestPushOfAnotherDay(t *testing.T) {
	for age, want := range map[time.Duration]error{
		maxPushAge: nil, maxPushAge + time.Second: ErrPushRefused, 4 * 365 * 24 * time.Hour: ErrPushRefused,
		-pushWindow: nil, -pushWindow - time.Second: ErrPushRefused,
	} {
		if _, err := inAnyMode(t, fmt.Sprintf(`{"CreateTime":%d}`, testTime.Add(-age).Unix())); err != want {
			t.Errorf("a message %v old: %v, want %v", age, err, want)
		}
	}
}

func TestPushFields(t *testing.T) {
	for fields, want := range map[string]Push{
		`"MsgType":"Event","Event":"User_Info_Modified"`: {Event: "user_info_modified"},
		`"MsgType":"event","Event":"user_info_modified","OpenID":null,"UnionID":"uTest-1"`: {
			Event: "user_info_modified", UnionID: "uTest-1"},
		`"MsgType":"text","Event":"user_info_modified","Content":"hello"`: {},
		`"Event":"user_info_modified"`:                                    {},
		`"openid":"oTest-2","msgtype":"event","event":"debug_demo"`:       {},
		`"RevokeInfo":"8"`:                    {Revoked: []int{8}},
		`"RevokeInfo":8`:                      {Revoked: []int{8}},
		`"RevokeInfo":"6, 8,19"`:              {Revoked: []int{6, 8, 19}},
		`"RevokeInfo":",phone,8,"`:            {Revoked: []int{8}},
		`"RevokeInfo":"6;8"`:                  {Revoked: []int{6, 8}},
		`"RevokeInfo":"6 8，19"`:               {Revoked: []int{6, 8, 19}},
		`"RevokeInfo":"99999999999999999999"`: {},
		`"List":[{"OpenID":"oTest-2"}],"detail":{"a":{"a":1}},"event_type":1`: {},
		`"AppID":""`: {},
	} {
		t.Run(fields, func(t *testing.T) {
			got, err := inAnyMode(t, `{"CreateTime":1700000000,`+fields+`}`)
			want.ID, want.AppID, want.CreatedAt = got.ID, testApp, testTime.UTC()
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("Open = %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestPushXMLWithLists(t *testing.T) {
	p, err := inAnyMode(t, "<xml><CreateTime>1700000000</CreateTime><detail><a>1</a><OpenID>oTest-2</OpenID></detail><detail>2</detail></xml>")
	if err != nil || p.OpenID != "" {
		t.Errorf("Open = %+v, %v, want a message about nobody", p, err)
	}
}

func TestPushXMLWithManyTags(t *testing.T) {
	const tags = 4 // of the others
	message := "<xml><CreateTime>1700000000</CreateTime>" + strings.Repeat("<a/>", maxPushTags-tags) + "</xml>"
	if p, err := inAnyMode(t, message); err != nil {
		t.Errorf("Open = %+v, %v", p, err)
	}
}

func TestPushJSONWithManyMembers(t *testing.T) {
	message := func(commas int) string {
		return `{"CreateTime":1700000000,"list":[1` + strings.Repeat(",1", commas-1) + "]}"
	}
	if p, err := inAnyMode(t, message(maxPushTags)); err != nil {
		t.Errorf("Open = %+v, %v", p, err)
	}
	if p, err := inAnyMode(t, message(maxPushTags+1)); err != ErrPushRefused {
		t.Errorf("Open of too many = %+v, %v, want ErrPushRefused", p, err)
	}
}

func TestOpenMalformedPush(t *testing.T) {
	const timed = `{"CreateTime":1700000000,`
	for _, message := range []string{
		"", " ", "null", "[]", "hello", "{", "{}", "{}{}", `{"CreateTime":0}`, `{"CreateTime":-1}`, `{"CreateTime":1.5}`,
		`{"CreateTime":"now"}`, `{"CreateTime":253402300800}`, `{"CreateTime":null}`, `{"createtime":1700000000}`,
		timed + `"CreateTime":1700000000}`, timed + `" CreateTime":1700000000}`,
		timed + `"OpenID":"oTest-1","OpenID":"oTest-2"}`, timed + `"OpenID":{}}`, timed + `"OpenID":["oTest-1"]}`,
		timed + `"OpenID":"` + strings.Repeat("o", maxPushText+1) + `"}`, timed + `"OpenID":"` + "\xff" + `"}`,
		timed + `"MsgId":1.5}`, timed + `"RevokeInfo":[8]}`, timed + `"OpenPID":true}`,
		timed + `"AppID":"wx0000000000000000"}`, timed + `"AppID":{}}`,
		timed + `"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}",
		"<", "<xml>", "<xml/>", "<xml></xml>", "<html><CreateTime>1700000000</CreateTime></html>",
		"<xml><CreateTime>1700000000</CreateTime></xml>x", "<xml><CreateTime>1700000000</CreateTime></xml><xml/>",
		"<xml><CreateTime>1700000000</CreateTime><CreateTime>1700000000</CreateTime></xml>",
		"<xml><CreateTime>1700000000</CreateTime><OpenID>oTest-1</OpenID><OpenID/></xml>",
		"<xml><CreateTime>1700000000</CreateTime><OpenID>oTest-1<b/></OpenID></xml>",
		"<xml><CreateTime>1700000000</CreateTime><AppID>wx0000000000000000</AppID></xml>",
		"<xml><CreateTime>1700000000</CreateTime><OpenID>\xff</OpenID></xml>",
		`<!DOCTYPE xml [<!ENTITY u "oTest-1">]><xml><CreateTime>1700000000</CreateTime><OpenID>&u;</OpenID></xml>`,
		`<?xml version="1.0" encoding="GBK"?><xml><CreateTime>1700000000</CreateTime></xml>`,
		"<xml><CreateTime>1700000000</CreateTime>" + strings.Repeat("<a>", 2000) + strings.Repeat("</a>", 1000),
		"<xml><CreateTime>1700000000</CreateTime>" + strings.Repeat("<a/>", maxPushTags-3) + "</xml>",
	} {
		t.Run(fmt.Sprintf("%.60q", message), func(t *testing.T) {
			if p, err := inAnyMode(t, message); err != ErrPushRefused {
				t.Errorf("Open = %+v, %v, want ErrPushRefused", p, err)
			}
		})
	}
}

func TestPushID(t *testing.T) {
	id := func(fields string) [32]byte {
		t.Helper()
		p, err := inAnyMode(t, `{"CreateTime":1700000000,"FromUserName":"o1",`+fields+`}`)
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	event := id(`"MsgType":"event","Event":"user_authorization_revoke","OpenID":"oTest-1","RevokeInfo":"8"`)
	numbered := id(`"MsgType":"text","MsgId":4561255354251345929`)
	for name, test := range map[string]struct {
		first  [32]byte
		fields string
		same   bool
	}{
		"in another order":       {event, `"RevokeInfo":8,"OpenID":"oTest-1","Event":"user_authorization_revoke","MsgType":"event"`, true},
		"another user":           {event, `"MsgType":"event","Event":"user_authorization_revoke","OpenID":"oTest-2","RevokeInfo":"8"`, false},
		"another event":          {event, `"MsgType":"event","Event":"user_info_modified","OpenID":"oTest-1","RevokeInfo":"8"`, false},
		"another authorisation":  {event, `"MsgType":"event","Event":"user_authorization_revoke","OpenID":"oTest-1","RevokeInfo":"6"`, false},
		"a user of a plugin":     {event, `"MsgType":"event","Event":"user_authorization_revoke","OpenID":"oTest-1","RevokeInfo":"8","OpenPID":"p"`, false},
		"texts of other lengths": {event, `"MsgType":"even","Event":"tuser_authorization_revoke","OpenID":"oTest-1","RevokeInfo":"8"`, false},
		"the same number":        {numbered, `"MsgType":"text","MsgId":"4561255354251345929","Content":"again"`, true},
		"another number":         {numbered, `"MsgType":"text","MsgId":4561255354251345928`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if same := id(test.fields) == test.first; same != test.same {
				t.Errorf("the same ID: %t, want %t", same, test.same)
			}
		})
	}
}

func TestPushIDOfAnotherApp(t *testing.T) {
	other, err := NewPlainPushKey("wx0000000000000000", testToken)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := plainRequest(testEvent).open(plainKey(t))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := plainRequest(testEvent).open(other)
	if err != nil || ours.ID == theirs.ID {
		t.Errorf("two apps share the ID %x (%v)", theirs.ID, err)
	}
}
