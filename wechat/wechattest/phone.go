package wechattest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
)

// phoneCode is what the phone button gave the mini program.
type phoneCode struct {
	id     *identity
	number number
	used   bool
}

// number is a telephone number: the country's code and the rest, digits both.
type number struct{ country, national string }

var (
	domestic = regexp.MustCompile(`^(?:\+86[ -]?)?(1\d{10})$`)
	foreign  = regexp.MustCompile(`^\+(\d{1,4})[ -](\d{4,14})$`)
)

func parseNumber(text string) (number, error) {
	if m := domestic.FindStringSubmatch(text); m != nil {
		return number{country: "86", national: m[1]}, nil
	}
	if m := foreign.FindStringSubmatch(text); m != nil {
		return number{country: m[1], national: m[2]}, nil
	}
	return number{}, fmt.Errorf("%w: phoneNumber is like 13800138000, or +44 7700900123 from abroad", ErrInvalid)
}

// defaultNumber is a user's own number, the same in every run.
func (s *Simulator) defaultNumber(id *identity) number {
	n := binary.BigEndian.Uint32(s.seed.bytes(4, "phone", id.user)) % 10_000
	return number{country: "86", national: fmt.Sprintf("1380013%04d", n)}
}

// info is phone_info of getuserphonenumber, and the payload of the older
// getPhoneNumber. A number from abroad shows its country.
func (n number) info(mark map[string]any) map[string]any {
	shown := n.national
	if n.country != "86" {
		shown = "+" + n.country + n.national
	}
	return map[string]any{
		"phoneNumber": shown, "purePhoneNumber": n.national, "countryCode": n.country, "watermark": mark,
	}
}

// PhoneCode plays the phone button: it returns a code for
// getuserphonenumber. The number is like 13800138000, or +44 7700900123 from
// abroad, or empty for the user's own. It returns ErrUnknownApp, ErrInvalid
// or ErrFull.
func (s *Simulator) PhoneCode(appID, user, phoneNumber string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.act(appID, user)
	if err != nil {
		return "", err
	}
	num := s.defaultNumber(id)
	if phoneNumber != "" {
		if num, err = parseNumber(phoneNumber); err != nil {
			return "", err
		}
	}
	code := hex.EncodeToString(s.fresh(32, "phone code"))
	s.phoneCodes.put(code, &phoneCode{id: id, number: num}, s.now())
	return code, nil
}

type phoneAnswer struct {
	success
	PhoneInfo map[string]any `json:"phone_info"`
}

// phoneNumber is POST /wxa/business/getuserphonenumber. The code is spent by
// the answer that succeeds and by no other.
func (s *Simulator) phoneNumber(c *call) (any, error) {
	var in struct {
		Code   string `json:"code"`
		OpenID string `json:"openid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	code, known := s.phoneCodes.find(in.Code, c.now)
	switch {
	case !known || code.used:
		return nil, errCode
	case code.id.appID != c.appID:
		return nil, errAppID
	case in.OpenID != "" && in.OpenID != code.id.openID:
		return nil, errCode
	}
	code.used = true
	return phoneAnswer{success: ok(), PhoneInfo: code.number.info(watermark(c.appID, c.now))}, nil
}
