package wechat

import (
	"fmt"
	"io"
	"log/slog"
)

// Phone is the data of the phone number button, as WeChat wrote it. None of its members is empty. It formats
// as "[phone]" under fmt, log/slog and encoding/json.
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

const hiddenPhone = "[phone]"

// Format writes "[phone]" whatever the verb.
func (p Phone) Format(s fmt.State, _ rune) { io.WriteString(s, hiddenPhone) }

// LogValue returns "[phone]".
func (p Phone) LogValue() slog.Value { return slog.StringValue(hiddenPhone) }

// MarshalText returns "[phone]"; take the members one by one.
func (p Phone) MarshalText() ([]byte, error) { return []byte(hiddenPhone), nil }
