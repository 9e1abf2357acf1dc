package graph

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"menshen/store"
)

// Node is what an id names: a store.User, a store.Session or a store.AuditEvent.
// Records know nothing of GraphQL, so the interface has no method.
type Node any

// MarshalOptional writes a text, or null when it is unknown.
func MarshalOptional(o store.Optional) graphql.Marshaler {
	if o == "" {
		return graphql.Null
	}
	return graphql.MarshalString(string(o))
}

// UnmarshalOptional reads a text; null is unknown.
func UnmarshalOptional(v any) (store.Optional, error) {
	if v == nil {
		return "", nil
	}
	s, err := graphql.UnmarshalString(v)
	return store.Optional(s), err
}

// MarshalTime writes an instant as RFC 3339, or null when it is zero.
func MarshalTime(t time.Time) graphql.Marshaler { return graphql.MarshalTime(t) }

// UnmarshalTime reads an instant as RFC 3339 with a zone. The one of gqlgen
// takes an empty text for no instant, and one without a zone for UTC.
func UnmarshalTime(v any) (time.Time, error) {
	text, err := graphql.UnmarshalString(v)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, errors.New("not an instant like 2026-11-21T08:00:00Z")
	}
	return t.UTC(), nil
}

// MarshalDate writes a day as 2026-11-21.
func MarshalDate(d store.Day) graphql.Marshaler { return graphql.MarshalString(d.String()) }

// UnmarshalDate reads a day as MarshalDate writes it.
func UnmarshalDate(v any) (store.Day, error) {
	text, err := graphql.UnmarshalString(v)
	if err != nil {
		return 0, err
	}
	day, err := store.ParseDay(text)
	if err != nil {
		return 0, errors.New("not a day like 2026-11-21")
	}
	return day, nil
}

var genders = map[store.Gender]string{store.GenderMale: "MALE", store.GenderFemale: "FEMALE"}

// MarshalGender writes WeChat's number as the enum.
func MarshalGender(g store.Gender) graphql.Marshaler {
	name, known := genders[g]
	if !known {
		name = "UNKNOWN"
	}
	return graphql.WriterFunc(func(w io.Writer) { io.WriteString(w, `"`+name+`"`) })
}

// UnmarshalGender reads the enum as WeChat's number.
func UnmarshalGender(v any) (store.Gender, error) {
	for gender, name := range genders {
		if name == v {
			return gender, nil
		}
	}
	if v == "UNKNOWN" {
		return store.GenderUnknown, nil
	}
	return 0, fmt.Errorf("%v is not a Gender", v)
}
