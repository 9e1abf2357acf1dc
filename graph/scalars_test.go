package graph_test

import (
	"strings"
	"testing"

	"menshen/graph"
	"menshen/store"
)

func TestGender(t *testing.T) {
	for gender, name := range map[store.Gender]string{
		store.GenderUnknown: "UNKNOWN", store.GenderMale: "MALE", store.GenderFemale: "FEMALE",
	} {
		var b strings.Builder
		graph.MarshalGender(gender).MarshalGQL(&b)
		if b.String() != `"`+name+`"` {
			t.Errorf("%d is written %s, want %q", gender, b.String(), name)
		}
		if got, err := graph.UnmarshalGender(name); got != gender || err != nil {
			t.Errorf("%s is read as %d, %v, want %d", name, got, err, gender)
		}
	}
	for _, strange := range []store.Gender{-1, 3, 1 << 40} {
		var b strings.Builder
		graph.MarshalGender(strange).MarshalGQL(&b)
		if b.String() != `"UNKNOWN"` {
			t.Errorf("%d, which WeChat does not define, is written %s", strange, b.String())
		}
	}
	for _, v := range []any{"male", "", 1, nil} {
		if got, err := graph.UnmarshalGender(v); err == nil {
			t.Errorf("%v is read as %d", v, got)
		}
	}
}

func TestOptional(t *testing.T) {
	for text, want := range map[store.Optional]string{"": "null", "小梅": `"小梅"`, `"`: `"\""`} {
		var b strings.Builder
		graph.MarshalOptional(text).MarshalGQL(&b)
		if b.String() != want {
			t.Errorf("%q is written %s, want %s", text, b.String(), want)
		}
	}
	for v, want := range map[any]store.Optional{nil: "", "": "", "a": "a"} {
		if got, err := graph.UnmarshalOptional(v); got != want || err != nil {
			t.Errorf("%v is read as %q, %v, want %q", v, got, err, want)
		}
	}
	if got, err := graph.UnmarshalOptional([]any{"a"}); err == nil {
		t.Errorf("a list is read as %q", got)
	}
}
