package wechattest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"
)

// The kinds of data a phone encrypts for its mini program's server.
const (
	KindProfile = "profile" // wx.getUserInfo
	KindPhone   = "phone"   // the getPhoneNumber of before the phone code
	KindWeRun   = "werun"   // wx.getWeRunData
	KindShare   = "share"   // wx.getShareInfo
)

// OpenData is what the mini program receives. RawData and Signature come
// with a profile alone.
type OpenData struct {
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
	RawData       string `json:"rawData,omitempty"`
	Signature     string `json:"signature,omitempty"`
}

// watermark is the mark in every payload: whose it is and since when.
func watermark(appID string, now time.Time) map[string]any {
	return map[string]any{"timestamp": now.Unix(), "appid": appID}
}

// Data plays the call that yields open data of a kind, encrypted under the
// user's live session_key with a fresh iv. The payload is laid over what
// WeChat sends today as a JSON merge patch (RFC 7396): its fields win, null
// removes one. It returns ErrUnknownApp, ErrNoSession before a login,
// ErrInvalid for the kind or a payload that is not JSON, or ErrFull.
func (s *Simulator) Data(appID, user, kind string, payload map[string]any) (OpenData, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.act(appID, user)
	if err != nil {
		return OpenData{}, err
	}
	live := id.live(s.now())
	if live == nil {
		return OpenData{}, fmt.Errorf("%w: log in first", ErrNoSession)
	}
	plain, err := s.payload(id, kind)
	if err != nil {
		return OpenData{}, err
	}
	merge(plain, payload)
	live.expires = s.now().Add(sessionLife)
	d, err := s.encrypt(live.key, plain)
	if err != nil || kind != KindProfile {
		return d, err
	}
	return d.sign(live.key, plain)
}

// payload is what WeChat encrypts today when nobody says otherwise.
func (s *Simulator) payload(id *identity, kind string) (map[string]any, error) {
	now := s.now()
	mark := watermark(id.appID, now)
	switch kind {
	case KindProfile:
		return s.profile(id, mark), nil
	case KindPhone:
		return s.defaultNumber(id).info(mark), nil
	case KindWeRun:
		return map[string]any{"stepInfoList": s.steps(id, now), "watermark": mark}, nil
	case KindShare:
		return map[string]any{"openGId": "t" + s.seed.id("group", id.appID)[1:], "watermark": mark}, nil
	default:
		return nil, fmt.Errorf("%w: kind is profile, phone, werun or share", ErrInvalid)
	}
}

// profile is WeChat's placeholder: wx.getUserInfo gives the placeholder since
// 2021-04-28, wx.getUserProfile since 2022-11-08 for most apps.
func (s *Simulator) profile(id *identity, mark map[string]any) map[string]any {
	p := map[string]any{
		"openId": id.openID, "nickName": "微信用户", "gender": 0, "language": "zh_CN",
		"city": "", "province": "", "country": "", "avatarUrl": anonymousAvatar, "watermark": mark,
	}
	if union := s.unionID(id); union != "" {
		p["unionId"] = union
	}
	return p
}

const anonymousAvatar = "https://thirdwx.qlogo.cn/mmopen/vi_32/" +
	"POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132"

type stepInfo struct {
	Timestamp int64 `json:"timestamp"` // the day's beginning, Unix seconds
	Step      int   `json:"step"`
}

// steps are those of the last 31 days, the oldest first.
func (s *Simulator) steps(id *identity, now time.Time) []stepInfo {
	const day = 24 * time.Hour
	today := now.Add(china).Truncate(day).Add(-china)
	walked := s.seed.bytes(31, "steps", id.user)
	list := make([]stepInfo, len(walked))
	for i, w := range walked {
		back := time.Duration(len(walked)-1-i) * day
		list[i] = stepInfo{Timestamp: today.Add(-back).Unix(), Step: 50 * int(w)}
	}
	return list
}

// merge lays patch over target as RFC 7396 says.
func merge(target, patch map[string]any) {
	for name, v := range patch {
		inner, nested := v.(map[string]any)
		switch {
		case v == nil:
			delete(target, name)
		case nested:
			below := map[string]any{}
			if old, is := target[name].(map[string]any); is {
				below = old
			}
			merge(below, inner)
			target[name] = below
		default:
			target[name] = v
		}
	}
}

// encrypt seals plain under a session_key: AES-128-CBC, PKCS#7.
func (s *Simulator) encrypt(key string, plain map[string]any) (OpenData, error) {
	text, err := encode(plain)
	if err != nil {
		return OpenData{}, fmt.Errorf("%w: payload is not JSON", ErrInvalid)
	}
	k, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return OpenData{}, fmt.Errorf("wechattest: session_key: %w", err)
	}
	iv := s.fresh(aes.BlockSize, "iv")
	sealed, err := encryptCBC(k, iv, pad(text, aes.BlockSize))
	return OpenData{EncryptedData: sealed, IV: base64.StdEncoding.EncodeToString(iv)}, err
}

// sign adds rawData and its signature: hex sha1(rawData + session_key).
func (d OpenData) sign(key string, profile map[string]any) (OpenData, error) {
	raw, err := rawData(profile)
	if err != nil {
		return OpenData{}, err
	}
	sum := sha1.Sum([]byte(raw + key))
	d.RawData, d.Signature = raw, hex.EncodeToString(sum[:])
	return d, nil
}

// rawData is the profile without what only the encrypted form may say.
func rawData(profile map[string]any) (string, error) {
	raw := map[string]any{}
	for _, name := range []string{"nickName", "gender", "language", "city", "province", "country", "avatarUrl"} {
		if v, present := profile[name]; present {
			raw[name] = v
		}
	}
	text, err := encode(raw)
	return string(text), err
}

// encryptCBC returns the ciphertext in base64. The iv is one block, padded a
// whole number of them.
func encryptCBC(key, iv, padded []byte) (string, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", fmt.Errorf("wechattest: encrypt: %w", err)
	}
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, padded)
	return base64.StdEncoding.EncodeToString(out), nil
}

// pad is PKCS#7. WeChat's open data has blocks of 16, its push events of 32.
func pad(text []byte, block int) []byte {
	n := block - len(text)%block
	return append(bytes.Clone(text), bytes.Repeat([]byte{byte(n)}, n)...)
}
