package graph

import (
	"fmt"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"menshen/store"
)

// Node is what an id names: a store.User or a store.Session. Records know
// nothing of GraphQL, so the interface has no method.
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
