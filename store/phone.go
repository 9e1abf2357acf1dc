package store

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Phone is a phone number as WeChat writes it. It does not print.
type Phone struct {
	Number      string    // with the country code for foreign numbers
	PureNumber  string    // without country code
	CountryCode string    // "86"
	BoundAt     time.Time // when the user gave it; set by BindPhone
}

// ConflictInterval is how often the audit notes that a user asks for numbers that
// others hold. An event for each attempt would let them fill the disk.
const ConflictInterval = time.Minute

// Same reports whether WeChat wrote the two numbers alike.
func (p Phone) Same(other Phone) bool {
	return p.Number == other.Number && p.PureNumber == other.PureNumber && p.CountryCode == other.CountryCode
}

// Canonical is the one form in which numbers are compared and found: country
// code, a space, pure number; of both the digits alone, of the code without
// leading zeros.
func (p Phone) Canonical() string {
	return strings.TrimLeft(digits(p.CountryCode), "0") + " " + digits(p.PureNumber)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

const (
	homeCode = "86"
	// minNumber is longer than the short codes that are nobody's.
	minNumber = 5
	// maxCountryCode and maxNumber are those of ITU-T E.164, in digits.
	maxCountryCode = 3
	maxNumber      = 15
)

// PhoneCandidates returns the numbers that a person may mean by what they typed,
// the likeliest first: with or without +86, 0086, spaces and dashes. Without a
// country code it is a Chinese number before it is anything else.
func PhoneCandidates(text string) []Phone {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()\u00a0", r) {
			return -1
		}
		return r
	}, text)
	number, international := strings.CutPrefix(text, "+")
	if !international {
		number, international = strings.CutPrefix(text, "00")
	}
	if len(number) < minNumber || len(number) > maxNumber || number != digits(number) {
		return nil
	}
	var candidates []Phone
	if !international {
		candidates = append(candidates, Phone{PureNumber: number, CountryCode: homeCode})
	}
	for code := 1; code <= maxCountryCode; code++ {
		candidates = append(candidates, Phone{PureNumber: number[code:], CountryCode: number[:code]})
	}
	return candidates
}

// String hides the number: it is "[phone number]".
func (p Phone) String() string { return "[phone number]" }

// Format hides the number under every verb of fmt.
func (p Phone) Format(s fmt.State, _ rune) { io.WriteString(s, p.String()) }

// LogValue hides the number from log/slog.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText hides the number from encoding/json and its like.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
