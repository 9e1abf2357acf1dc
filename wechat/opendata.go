package wechat

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

var (
	// ErrWrongApp is returned when the watermark names another app, is broken,
	// or is missing where it must be, and when the data names another user.
	ErrWrongApp = errors.New("wechat: wrong app")

	// ErrSignatureMismatch is returned when rawData is not what WeChat signed.
	ErrSignatureMismatch = errors.New("wechat: signature mismatch")
)

// OpenData is what WeChat encrypted for the server. At most one of UserInfo,
// Phone, WeRun and Share is set; with none it is of a kind that this package
// does not know, or a known kind with members of other types, and JSON is all
// there is. It formats as "[open data]" under fmt, log/slog and encoding/json;
// take the members one by one.
type OpenData struct {
	UserInfo *UserInfo
	Phone    *Phone
	WeRun    *WeRun
	Share    *Share

	Watermark *Watermark // nil when it is absent or broken
	JSON      string     // the object as decrypted

	needsMark bool   // user info, a phone number or an openId: the watermark must be there
	hasMark   bool   // something stands where the watermark belongs
	hasOwner  bool   // something stands where the openId belongs
	owner     string // the openId, "" when it is not a string
	key       SessionKey
}

// Watermark says for which app WeChat encrypted the data, and when.
type Watermark struct {
	AppID     string
	Timestamp time.Time // whole seconds, UTC
}

// newOpenData sorts the object by its members. Data with the marks of two kinds
// is of none: the iv lets anyone rewrite the first 16 bytes, and
// {"nickName":"abc of a user who chose his nickname becomes {"phoneNumber":"
// without breaking anything that follows.
func newOpenData(text string, root *object, key SessionKey) *OpenData {
	person := root.has("nickName", "avatarUrl")
	phone := root.has("phoneNumber", "purePhoneNumber")
	steps := root.has("stepInfoList")
	group := root.has("openGId")

	d := &OpenData{JSON: text, key: key}
	d.hasMark, d.Watermark = root.has("watermark"), readWatermark(root)
	d.hasOwner, d.owner = root.has("openId"), root.text("openId")
	d.needsMark = person || phone || d.hasOwner
	switch {
	case count(person, phone, steps, group) != 1:
	case person:
		d.UserInfo = readUserInfo(root)
	case phone:
		d.Phone = readPhone(root)
	case steps:
		d.WeRun = readWeRun(root)
	case group:
		d.Share = readShare(root)
	}
	return d
}

func count(facts ...bool) int {
	n := 0
	for _, fact := range facts {
		if fact {
			n++
		}
	}
	return n
}

func readWatermark(root *object) *Watermark {
	mark, ok := parseObject(root.members["watermark"])
	if !ok {
		return nil
	}
	w := &Watermark{AppID: mark.text("appid"), Timestamp: mark.instant("timestamp")}
	if mark.odd || w.AppID == "" {
		return nil
	}
	return w
}

// Verify checks that the data was made for this app and, where it names a user,
// for this one. The watermark must be there for user info, phone numbers and
// whatever else has an openId, and must be right wherever it is. Its timestamp
// is not judged. The only error is ErrWrongApp.
func (d OpenData) Verify(appID, openID string) error {
	if d.Watermark == nil && (d.needsMark || d.hasMark) {
		return ErrWrongApp
	}
	if d.Watermark != nil && d.Watermark.AppID != appID {
		return ErrWrongApp
	}
	if d.hasOwner && (d.owner == "" || d.owner != openID) {
		return ErrWrongApp
	}
	return nil
}

// VerifyRawData checks signature, the hexadecimal SHA-1 of rawData and the text
// of the session_key, with the key that opened d. rawData must be byte for byte
// what wx.getUserInfo returned. The error is ErrSignatureMismatch, or a
// *FieldError when one of the two is empty.
func (d OpenData) VerifyRawData(rawData, signature string) error {
	if rawData == "" {
		return &FieldError{"rawData", "is empty"}
	}
	if signature == "" {
		return &FieldError{"signature", "is empty"}
	}
	want := sha1.Sum([]byte(rawData + d.key.Reveal()))
	got, err := hex.DecodeString(signature)
	if err != nil || subtle.ConstantTimeCompare(got, want[:]) == 0 {
		return ErrSignatureMismatch
	}
	return nil
}

// String hides the data: it is "[open data]".
func (d OpenData) String() string { return "[open data]" }

// Format hides the data under every verb of fmt.
func (d OpenData) Format(s fmt.State, _ rune) { io.WriteString(s, d.String()) }

// LogValue hides the data from log/slog.
func (d OpenData) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText hides the data from encoding/json and its like.
func (d OpenData) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
