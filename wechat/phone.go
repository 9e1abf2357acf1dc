package wechat

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
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

// Consistent reports whether PhoneNumber is PurePhoneNumber, with the country
// code or a part of it before. CBC has no integrity: who spoils one block bends
// the next one at will, and so one of the two numbers. To bend both alike and
// leave the rest readable is far harder; what was spoilt does not look like a
// number.
func (p Phone) Consistent() bool {
	if !numberForm.MatchString(p.PhoneNumber) || !numberForm.MatchString(p.PurePhoneNumber) || !codeForm.MatchString(p.CountryCode) {
		return false
	}
	shown, pure := digits(p.PhoneNumber), digits(p.PurePhoneNumber)
	return strings.HasSuffix(shown, pure) && strings.HasSuffix(digits(p.CountryCode)+pure, shown)
}

var (
	numberForm = regexp.MustCompile(`^\+?[0-9]([ -]?[0-9]){4,14}$`)
	codeForm   = regexp.MustCompile(`^\+?[0-9]{1,4}$`)
)

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// String hides the number: it is "[phone number]".
func (p Phone) String() string { return "[phone number]" }

// Format hides the number under every verb of fmt.
func (p Phone) Format(s fmt.State, _ rune) { io.WriteString(s, p.String()) }

// LogValue hides the number from log/slog.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText hides the number from encoding/json and its like.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
