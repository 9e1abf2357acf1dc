package wechat

import (
	"fmt"
	"io"
	"log/slog"
)

// Phone is the data of the phone number button, as WeChat wrote it. None of its
// members is empty. It formats as "[phone number]" under fmt, log/slog and
// encoding/json; take the members one by one.
type Phone struct {
	PhoneNumber     string // with the country code when that is not 86
	PurePhoneNumber string // without the country code
	CountryCode     string // digits, such as "86"
}

func readPhone(o *object) *Phone {
	p := &Phone{
		PhoneNumber:     o.identifier("phoneNumber"),
		PurePhoneNumber: o.identifier("purePhoneNumber"),
		CountryCode:     o.identifier("countryCode"),
	}
	if o.odd || p.PhoneNumber == "" || p.PurePhoneNumber == "" || p.CountryCode == "" {
		return nil
	}
	return p
}

// String hides the number: it is "[phone number]".
func (p Phone) String() string { return "[phone number]" }

// Format hides the number under every verb of fmt.
func (p Phone) Format(s fmt.State, _ rune) { io.WriteString(s, p.String()) }

// LogValue hides the number from log/slog.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText hides the number from encoding/json and its like.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
